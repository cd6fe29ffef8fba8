# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Server-side apply: what a manifest makes of an object, tried or in earnest, and kinds that are applied whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from .._core.box import Kind, Status, Target, Wait
from .._core.plan import Ref
from .._core.provider import Failure
from .discovery import ApiResource
from .errors import KubernetesError
from .ownership import MANAGER

if TYPE_CHECKING:
    from .connection import Kubernetes

Manifest = Mapping[str, Any]

GONE = Wait(usual=5, timeout=120)


def apply(
    kubernetes: Kubernetes, resource: ApiResource, manifest: Manifest, *, force: bool, dry_run: bool = False
) -> Any:
    """The object as it stands afterwards. What others own is refused, except what was set by hand.

    :param force: takes over the fields of other field managers, too.
    :param dry_run: the API server does everything but store it, admission and defaults included.
    """
    metadata = manifest["metadata"]
    path = resource.path(metadata["name"], metadata.get("namespace", ""))
    query = {"fieldManager": MANAGER, "fieldValidation": "Strict", **({"dryRun": "All"} if dry_run else {})}
    whole = {"apiVersion": resource.api_version, "kind": resource.kind, **manifest}
    try:
        return kubernetes.client.apply(path, whole, **query, force=str(force).lower())
    except KubernetesError as error:
        if force or not error.conflicts or not all(entry.by_hand for entry in error.conflicts):
            raise
        return kubernetes.client.apply(path, whole, **query, force="true")


def tried(
    kubernetes: Kubernetes, objects: Mapping[Ref, tuple[ApiResource, Manifest]], *, force: bool
) -> dict[Ref, Mapping[str, Any]]:
    """What the API server would make of each object, or Failure in its words for one that it refuses.

    Who may look but not write gets no answer: the plan is then made without the API server's opinion.
    """
    answers = kubernetes.aws.together(
        [
            partial(_try, kubernetes, ref, resource, manifest, force=force)
            for ref, (resource, manifest) in objects.items()
        ]
    )
    return {ref: answer for ref, answer in zip(objects, answers, strict=True) if answer is not None}


def _try(
    kubernetes: Kubernetes, ref: Ref, resource: ApiResource, manifest: Manifest, *, force: bool
) -> Mapping[str, Any] | None:
    try:
        answer: Mapping[str, Any] = apply(kubernetes, resource, manifest, force=force, dry_run=True)
    except KubernetesError as error:
        if error.lacks_right:
            return None
        raise Failure(f"A trial of {ref.words} failed: {error.words()}") from error
    return answer


def applied_kind(
    name: str,
    resource: ApiResource,
    manifest: Callable[[str, Mapping[str, Any]], Manifest],
    attributes: Sequence[str],
    *,
    progress: Callable[[Mapping[str, Any]], str] = lambda thing: "there",
    wait_gone: Wait = GONE,
    made_by: str = "",
) -> Kind:
    """A kind of which one apply makes and changes everything. Its name is that of the object, `namespace/name` in one.

    :param manifest: (name, attributes) -> the object without apiVersion and kind. What is not declared but ours comes
        with what stands, since an apply lets go of what it leaves out.
    :param attributes: those that can change.
    :param progress: of an object that is going: what is still in its way.
    """

    def make(kubernetes: Kubernetes, target: Target) -> str:
        whole = manifest(target.name, {**target.before, **target.attributes})
        apply(kubernetes, resource, whole, force=target.spec.force_conflicts)
        return target.name

    def path(target: Target) -> str:
        namespace, _slash, short = target.name.rpartition("/")
        return resource.path(short, namespace)

    def delete(kubernetes: Kubernetes, target: Target) -> None:
        kubernetes.client.delete(path(target), target.attributes["uid"])

    def gone(kubernetes: Kubernetes, target: Target) -> Status:
        thing = kubernetes.client.optional(path(target))
        if thing is None or thing["metadata"]["uid"] != target.attributes["uid"]:
            return Status(True, "gone")
        return Status(False, progress(thing))

    return Kind(
        name=name,
        create=make,
        update=dict.fromkeys(attributes, make),
        delete=delete,
        gone=gone,
        wait_gone=wait_gone,
        made_by=made_by,
    )

# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Namespaces: what one holds, what stands, what still keeps one that is going."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..._core.box import Kind
from ..._core.plan import Found
from ..._core.wait import Wait
from .. import ownership
from ..apply import applied_kind
from ..discovery import NAMESPACE

POD_SECURITY = "pod-security.kubernetes.io/"
"""Beginning of the labels that Pod Security Admission reads."""

PROTECTED = frozenset({"default", "kube-node-lease", "kube-public", "kube-system"})
"""Kubernetes' own, which are never deleted."""


def manifest(name: str, attributes: Mapping[str, Any]) -> dict[str, Any]:
    security = {f"{POD_SECURITY}{key}": value for key, value in attributes.get("pod_security", {}).items()}
    metadata = {"name": name, "labels": {**attributes["labels"], **security}}
    if attributes.get("annotations"):
        metadata["annotations"] = attributes["annotations"]
    return {"metadata": metadata}


def found(thing: Mapping[str, Any], declared: Mapping[str, Any], cluster: str) -> Found:
    """A namespace that stands, with those of its labels and annotations that are ours or declared.

    :param declared: the attributes that are declared of it, `{}` for one that is not.
    """
    metadata = thing["metadata"]
    labels, annotations = metadata.get("labels", {}), metadata.get("annotations", {})
    plain = {key: value for key, value in labels.items() if not key.startswith(POD_SECURITY)}
    security = {key.removeprefix(POD_SECURITY): value for key, value in labels.items() if key not in plain}
    own = ownership.owned(thing, "metadata", "labels")
    attributes = {
        "annotations": ownership.ours(
            annotations, ownership.owned(thing, "metadata", "annotations"), declared.get("annotations", {})
        ),
        "cluster": cluster,
        "labels": ownership.ours(plain, own, declared.get("labels", {})),
        "pod_security": ownership.ours(
            security, {key.removeprefix(POD_SECURITY) for key in own}, declared.get("pod_security", {})
        ),
        "uid": metadata["uid"],
    }
    going = thing.get("status", {}).get("phase") == "Terminating" or "deletionTimestamp" in metadata
    return Found(metadata["name"], attributes, ownership.identity_of(labels), state="going" if going else "ready")


def progress(thing: Mapping[str, Any]) -> str:
    """What is in the way of a namespace that is going, in Kubernetes' own words."""
    conditions = thing.get("status", {}).get("conditions", [])
    said = [entry.get("message", "").rstrip(".") for entry in conditions if entry.get("status") == "True"]
    own = thing["metadata"].get("finalizers", [])
    if own:
        said.append(f"the namespace itself has the finalizers {', '.join(own)}")
    return f"Terminating ({'; '.join(said)})" if said else "Terminating"


KIND: Kind = applied_kind(
    "namespace",
    NAMESPACE,
    manifest,
    ("labels", "annotations", "pod_security"),
    progress=progress,
    wait_gone=Wait(usual=10, timeout=600),
    made_by="platform_addons",
)

# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The namespaces that are to stand. Pure."""

from __future__ import annotations

from ..._aws.eks.model import cluster_ref
from ..._core.plan import Action, Impossible, Observed, Plan, Ref, Resource, Value
from ..._kubernetes import ownership, quantities
from ..._kubernetes.core import limit_ranges, namespaces
from .model import Namespace, Namespaces

SHOWN = 3
"""How many claims are named."""

OBJECT = "slipway"
"""Name of the quota and of the limit range in each namespace."""


def declare(spec: Namespaces, observed: Observed) -> list[Resource]:
    entries = [] if spec.absent else spec.namespaces
    return [
        *(_namespace(spec, entry, observed) for entry in entries),
        *(_quota(spec, entry) for entry in entries if entry.quota is not None),
        *(_limit_range(spec, entry) for entry in entries if entry.limits is not None),
    ]


def _namespace(spec: Namespaces, entry: Namespace, observed: Observed) -> Resource:
    """Labels that are not declared are kept, those of the identity are always set."""
    ref = Ref("namespace", entry.name)
    labels = entry.labels
    if labels is None:
        labels = observed[ref].attributes["labels"] if ref in observed else {}
    attributes: dict[str, Value] = {
        "cluster": cluster_ref(spec.platform),
        "labels": {**labels, **ownership.identity(spec.platform)},
    }
    if entry.annotations is not None:
        attributes["annotations"] = entry.annotations
    if entry.pod_security is not None:
        attributes["pod_security"] = entry.pod_security
    return Resource(ref, attributes)


def _quota(spec: Namespaces, entry: Namespace) -> Resource:
    ref = Ref("resource_quota", f"{entry.name}/{OBJECT}")
    hard = dict(entry.quota or {})
    answer = spec.tried.get(ref)
    if answer is not None:
        made = answer["spec"]["hard"]
        hard = quantities.alike({resource: made[resource] for resource in hard}, hard)
    return Resource(ref, {**_inside(spec, entry), "hard": hard})


def _limit_range(spec: Namespaces, entry: Namespace) -> Resource:
    ref = Ref("limit_range", f"{entry.name}/{OBJECT}")
    limits = [dict(limit) for limit in entry.limits or ()]
    answer = spec.tried.get(ref)
    if answer is not None:
        limits = limit_ranges.alike(answer["spec"]["limits"], limits)
    return Resource(ref, {**_inside(spec, entry), "limits": limits})


def _inside(spec: Namespaces, entry: Namespace) -> dict[str, Value]:
    return {"labels": ownership.identity(spec.platform), "namespace": Ref("namespace", entry.name)}


def guard(spec: Namespaces, observed: Observed, plan: Plan) -> None:
    """Impossible for the deletion of a namespace of Kubernetes' own, or of one with volumes in it."""
    for change in plan.changes:
        if change.ref.kind != "namespace" or change.action is not Action.DELETE:
            continue
        if change.ref.name in namespaces.PROTECTED:
            raise Impossible(
                f"{change.ref.words} is Kubernetes' own and is not deleted; take the label {ownership.PLATFORM} off it "
                "to leave it alone."
            )
        claims = observed[change.ref].attributes.get("persistent_volume_claims", [])
        if claims and not spec.delete_volumes:
            raise Impossible(
                f"{change.ref.words} holds the persistent volume claims {_some(claims)}, whose volumes would go with "
                "it; set delete_volumes to true, or delete or move them first."
            )


def _some(names: list[str]) -> str:
    shown = sorted(names)[:SHOWN]
    rest = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"{', '.join(shown)}{rest}"

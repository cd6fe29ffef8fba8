# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kind `eks_nodegroup`: its calls, one a function, and what stands of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from ..._core.box import Kind, Target
from ..._core.plan import Effect, Found, Ref
from ..._core.wait import Status, Wait, until
from ..client import Api
from ..ec2.launch_templates import version_of
from . import common as eks
from .model import eks_name, generation
from .nodes.groups import changed_sizes

CREATION = Wait(usual=180, timeout=2400)
UPDATE = Wait(usual=900, timeout=10800)
"""Nodes are replaced within the disruption budget; a pod may take 15 minutes to leave."""
DELETION = Wait(usual=300, timeout=3600)


def create_nodegroup(api: Api, group: Target) -> str:
    return _create(api, group, group.name)


def _create(api: Api, group: Target, name: str) -> str:
    wanted = group.attributes
    parameters: dict[str, Any] = {
        "clusterName": wanted["cluster"],
        "nodegroupName": name,
        "scalingConfig": scaling_config(wanted["scaling"]),
        "subnets": list(wanted["subnets"]),
        "instanceTypes": list(wanted["instance_types"]),
        "amiType": wanted["ami_type"],
        "capacityType": wanted["capacity_type"],
        "nodeRole": wanted["node_role"],
        "labels": dict(wanted["labels"]),
        "taints": list(wanted["taints"]),
        "launchTemplate": launch_template(group),
        "updateConfig": update_config(wanted["update"]),
        "nodeRepairConfig": {"enabled": wanted["node_repair"]},
        "version": wanted.get("version"),
        "releaseVersion": wanted.get("release_version"),
        "tags": dict(group.tags),
    }
    answer = api.eks.create_nodegroup(
        **{key: value for key, value in parameters.items() if value not in (None, [], {})}
    )
    return str(answer["nodegroup"]["nodegroupArn"])


def launch_template(group: Target) -> dict[str, str]:
    """The template with the version of this run; without one EKS takes the default version, which stands for long."""
    number = group.ids.get(version_of(group.name))
    return {"id": group.attributes["launch_template"], **({"version": number} if number else {})}


def scaling_config(scaling: Mapping[str, int]) -> dict[str, int]:
    names = {"min_size": "minSize", "max_size": "maxSize", "desired_size": "desiredSize"}
    return {names[key]: value for key, value in scaling.items()}


def update_config(update: Mapping[str, Any]) -> dict[str, Any]:
    names = {
        "max_unavailable": "maxUnavailable",
        "max_unavailable_percentage": "maxUnavailablePercentage",
        "strategy": "updateStrategy",
    }
    return {names[key]: value for key, value in update.items() if value is not None}


def update_nodegroup_config(api: Api, group: Target) -> None:
    """Everything that moves no node: only what differs is sent."""
    wanted, before = group.attributes, group.before
    changed = {field.attribute for field in group.fields}
    parameters: dict[str, Any] = {}
    if "scaling" in changed:
        parameters["scalingConfig"] = scaling_config(changed_sizes(wanted["scaling"], before["scaling"]))
    if "update" in changed:
        parameters["updateConfig"] = update_config(wanted["update"])
    if "node_repair" in changed:
        parameters["nodeRepairConfig"] = {"enabled": wanted["node_repair"]}
    if "labels" in changed:
        parameters["labels"] = label_changes(before["labels"], wanted["labels"])
    if "taints" in changed:
        parameters["taints"] = taint_changes(before["taints"], wanted["taints"])
    answer = api.eks.update_nodegroup_config(
        clusterName=wanted["cluster"], nodegroupName=eks_name(group.id), **parameters
    )
    _finished(api, group, answer)


def label_changes(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, Any]:
    added = {key: value for key, value in after.items() if before.get(key) != value}
    removed = sorted(set(before) - set(after))
    return {**({"addOrUpdateLabels": added} if added else {}), **({"removeLabels": removed} if removed else {})}


def taint_changes(before: Sequence[Mapping[str, str]], after: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """A taint is known by its key and effect; with another value it is updated."""

    def identity(taint: Mapping[str, str]) -> tuple[str, str]:
        return taint["key"], taint["effect"]

    added = [dict(taint) for taint in after if taint not in before]
    kept = {identity(taint) for taint in after}
    removed = [dict(taint) for taint in before if identity(taint) not in kept]
    return {**({"addOrUpdateTaints": added} if added else {}), **({"removeTaints": removed} if removed else {})}


def update_nodegroup_version(api: Api, group: Target) -> None:
    """Rolls the nodes. A new template alone must not bring a new image, so the release that stands is named again."""
    wanted = group.attributes
    changed = {field.attribute for field in group.fields}
    parameters: dict[str, Any] = {}
    if "version" in changed:
        parameters["version"] = wanted["version"]
    if "release_version" in wanted:
        parameters["releaseVersion"] = wanted["release_version"]
    elif "version" not in changed and group.before.get("release_version"):
        parameters["releaseVersion"] = group.before["release_version"]
    if "launch_template_data" in changed:
        parameters["launchTemplate"] = launch_template(group)
    answer = api.eks.update_nodegroup_version(
        clusterName=wanted["cluster"], nodegroupName=eks_name(group.id), **parameters
    )
    _finished(api, group, answer)


def _finished(api: Api, group: Target, answer: Mapping[str, Any]) -> None:
    """Waits for an update, so that its own reason is shown where it fails: the group itself then looks ACTIVE."""
    update = answer["update"]
    cluster = group.attributes["cluster"]
    look = partial(eks.update_status, api, cluster, update["id"], nodegroupName=eks_name(group.id))
    until(look, f"{update['type']} of {group.ref.words}", UPDATE, api.say)


def replace_nodegroup(api: Api, group: Target) -> str:
    """A second group under the next generation's name; once its nodes are Ready the old one is drained and deleted."""
    made = _create(api, group, f"{group.name}-{1 + max(_generations(group))}")
    old, new = f"eks nodegroup '{eks_name(group.id)}'", f"eks nodegroup '{eks_name(made)}'"
    until(partial(nodegroup_ready, api, _known_as(group, made)), new, CREATION, api.say)
    until(partial(nodegroup_still, api, group), old, UPDATE, api.say)
    delete(api, group)
    until(partial(nodegroup_gone, api, group), f"the deletion of {old}", DELETION, api.say)
    return made


def _generations(group: Target) -> list[int]:
    """Numbers of all generations of this group that stand."""
    names = [generation(identifier) for ref, identifier in group.ids.items() if ref.kind == "eks_nodegroup"]
    return [number for name, number in names if name == group.name]


def _known_as(group: Target, identifier: str) -> Target:
    return Target(group.ref, identifier, group.attributes, group.tags, group.before, ids=group.ids, spec=group.spec)


def delete_nodegroup(api: Api, group: Target) -> None:
    """A generation that is left from an interrupted replacement goes only when its successor serves."""
    name, _number = generation(group.id)
    successor = group.ids.get(Ref("eks_nodegroup", name))
    if successor is not None and successor != group.id and not group.spec.absent:
        look = partial(nodegroup_ready, api, _known_as(group, successor))
        until(look, f"eks nodegroup '{eks_name(successor)}'", CREATION, api.say)
    delete(api, group)


def delete(api: Api, group: Target) -> None:
    api.eks.delete_nodegroup(clusterName=group.spec.platform, nodegroupName=eks_name(group.id))


def nodegroup_ready(api: Api, group: Target) -> Status:
    found = nodegroup(api, group.spec.platform, eks_name(group.id))
    if found is None:
        return Status(False, "not visible yet")
    status, issues = found["status"], eks.issues(found)
    failed = (issues or "EKS names no reason") if status in ("CREATE_FAILED", "DELETE_FAILED") else ""
    return Status(status in ("ACTIVE", "DEGRADED"), f"{status} ({issues})" if issues and not failed else status, failed)


def nodegroup_still(api: Api, group: Target) -> Status:
    """Whether nothing is in progress, so that EKS takes a deletion."""
    found = nodegroup(api, group.spec.platform, eks_name(group.id))
    status = "gone" if found is None else str(found["status"])
    return Status(status not in ("CREATING", "UPDATING"), status)


def nodegroup_gone(api: Api, group: Target) -> Status:
    found = nodegroup(api, group.spec.platform, eks_name(group.id))
    if found is None:
        return Status(True, "gone")
    failed = (eks.issues(found) or "EKS names no reason") if found["status"] == "DELETE_FAILED" else ""
    return Status(False, found["status"], failed)


def tag(api: Api, group: Target, tags: Mapping[str, str]) -> None:
    eks.tag(api, group.id, tags)


def untag(api: Api, group: Target, keys: Sequence[str]) -> None:
    eks.untag(api, group.id, keys)


def nodegroup_names(api: Api, platform: str) -> list[str]:
    """Node groups of the platform's cluster that have its name in front, in EKS's words."""
    names = api.optional(
        lambda: api.eks.pages("list_nodegroups", "nodegroups", clusterName=platform), "ResourceNotFoundException"
    )
    return [name for name in names or [] if name.startswith(f"{platform}-")]


def nodegroup(api: Api, platform: str, name: str) -> dict[str, Any] | None:
    answer: dict[str, Any] | None = api.optional(
        lambda: api.eks.describe_nodegroup(clusterName=platform, nodegroupName=name)["nodegroup"],
        "ResourceNotFoundException",
    )
    return answer


def found_nodegroup(group: Mapping[str, Any], versions: Mapping[str, Mapping[int, Any]]) -> Found:
    template = group.get("launchTemplate") or {}
    update = group.get("updateConfig") or {}
    attributes = {
        "cluster": group["clusterName"],
        "status": group["status"],
        "instance_types": group.get("instanceTypes", []),
        "ami_type": group.get("amiType"),
        "capacity_type": group.get("capacityType"),
        "subnets": sorted(group["subnets"]),
        "node_role": group["nodeRole"],
        "launch_template": template.get("id") if template.get("id") in versions else None,
        "launch_template_data": versions.get(template.get("id", ""), {}).get(int(template.get("version") or 0)),
        "version": group.get("version"),
        "release_version": group.get("releaseVersion"),
        "scaling": {
            "min_size": group["scalingConfig"]["minSize"],
            "max_size": group["scalingConfig"]["maxSize"],
            "desired_size": group["scalingConfig"]["desiredSize"],
        },
        "labels": group.get("labels") or {},
        "taints": _taints(group.get("taints") or []),
        "update": {
            "max_unavailable": update.get("maxUnavailable"),
            "max_unavailable_percentage": update.get("maxUnavailablePercentage"),
            "strategy": update.get("updateStrategy") or "DEFAULT",
        },
        "node_repair": bool((group.get("nodeRepairConfig") or {}).get("enabled")),
    }
    state = {"CREATING": "pending", "UPDATING": "pending", "DELETING": "going"}.get(group["status"], "ready")
    return Found(group["nodegroupArn"], attributes, group.get("tags") or {}, state=state)


def _taints(given: Iterable[Mapping[str, str]]) -> list[dict[str, str]]:
    taints = [{"effect": taint["effect"], "key": taint["key"], "value": taint.get("value", "")} for taint in given]
    return sorted(taints, key=lambda taint: (taint["key"], taint["effect"]))


IN_PLACE = ("labels", "taints", "scaling", "update", "node_repair")
ROLLING = ("version", "release_version", "launch_template_data")
FIXED = ("instance_types", "ami_type", "capacity_type", "subnets", "node_role", "launch_template", "status")

EKS_NODEGROUP = Kind(
    name="eks_nodegroup",
    immutable=frozenset(FIXED),
    effects=dict.fromkeys((*ROLLING, *FIXED), Effect.ROLLS_NODES),
    create=create_nodegroup,
    update={
        **dict.fromkeys(IN_PLACE, update_nodegroup_config),
        **dict.fromkeys(ROLLING, update_nodegroup_version),
    },
    replace=replace_nodegroup,
    delete=delete_nodegroup,
    tag=tag,
    untag=untag,
    ready=nodegroup_ready,
    gone=nodegroup_gone,
    wait=CREATION,
    wait_gone=DELETION,
    one_at_a_time=True,
)
"""It needs `platform` and `absent` in what the box's `parse` returns."""

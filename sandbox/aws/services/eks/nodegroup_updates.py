"""UpdateNodegroupConfig and UpdateNodegroupVersion, which rolls within the disruption budget."""

from __future__ import annotations

from typing import Any

from sandbox.aws.front.call import Call
from sandbox.aws.front.state import transition
from sandbox.aws.services.eks import nodegroups, nodes, updates, versions
from sandbox.aws.services.eks.model import Cluster, Nodegroup, find_cluster, invalid_parameter, invalid_request, now


def update_nodegroup_config(call: Call) -> dict[str, Any]:
    cluster, group, scope, fields = _free_group(call)
    p, data = call.parameters, group.data
    change: dict[str, Any] = {}
    parameters: list[tuple[str, Any]] = []
    if p.get("labels"):
        add, remove = p["labels"].get("addOrUpdateLabels") or {}, p["labels"].get("removeLabels") or []
        change["labels"] = {key: value for key, value in {**data["labels"], **add}.items() if key not in remove}
        parameters += [("LabelsToAdd", add)] * bool(add) + [("LabelsToRemove", remove)] * bool(remove)
    if p.get("taints"):
        add, remove = p["taints"].get("addOrUpdateTaints") or [], p["taints"].get("removeTaints") or []
        change["taints"] = _merge_taints(data.get("taints") or [], add, remove)
        parameters += [("TaintsToAdd", add)] * bool(add) + [("TaintsToRemove", remove)] * bool(remove)
    if p.get("scalingConfig"):
        scaling = {**nodegroups.described(cluster, group)["scalingConfig"], **p["scalingConfig"]}
        nodegroups.check_scaling(scaling, fields)
        change["scalingConfig"] = scaling
        parameters += [(key[0].upper() + key[1:], value) for key, value in p["scalingConfig"].items()]
    if p.get("updateConfig"):
        change["updateConfig"] = p["updateConfig"]
        parameters += [(key[0].upper() + key[1:], value) for key, value in p["updateConfig"].items()]
    if p.get("nodeRepairConfig"):
        change["nodeRepairConfig"] = {**(data.get("nodeRepairConfig") or {}), **p["nodeRepairConfig"]}
        parameters.append(("NodeRepairConfig", p["nodeRepairConfig"]))
    if not change:
        raise invalid_parameter("No changes needed for the nodegroup", **fields)
    data["status"] = "UPDATING"
    return updates.start(cluster, scope, "ConfigUpdate", parameters, "nodegroup", change)


def _merge_taints(
    present: list[dict[str, str]], add: list[dict[str, str]], remove: list[dict[str, str]]
) -> list[dict[str, str]]:
    def identity(taint: dict[str, str]) -> tuple[str, str]:
        return taint["key"], taint["effect"]

    gone = {identity(taint) for taint in (*add, *remove)}
    return [taint for taint in present if identity(taint) not in gone] + add


def _free_group(call: Call) -> tuple[Cluster, Nodegroup, tuple[str, str], dict[str, Any]]:
    """The group that is to be updated, the scope of the update, and the fields of its refusals.

    :raises AwsError: when something is in progress
    """
    cluster, group = nodegroups.nodegroup_of(call)
    name = group.data["nodegroupName"]
    scope, fields = ("nodegroup", name), {"clusterName": cluster.name, "nodegroupName": name}
    updates.refuse_second(cluster, scope)
    if group.data["status"] not in ("ACTIVE", "DEGRADED"):
        raise invalid_request(f"Nodegroup is not in ACTIVE status (it is {group.data['status']})", **fields)
    return cluster, group, scope, fields


def update_nodegroup_version(call: Call) -> dict[str, Any]:
    cluster, group, scope, fields = _free_group(call)
    p, data = call.parameters, group.data
    change: dict[str, Any] = {}
    parameters: list[tuple[str, Any]] = []
    template = None
    if p.get("launchTemplate"):
        template = nodes.user_template(call.account, call.region, p["launchTemplate"], fields)
        if template is None or data.get("launchTemplate", {}).get("id") != template.id:
            raise invalid_parameter("The launch template of a nodegroup cannot be replaced by another one", **fields)
        change["launchTemplate"] = {"name": template.name, "version": str(template.version), "id": template.id}
        parameters += [("LaunchTemplateName", template.name), ("LaunchTemplateVersion", str(template.version))]
    kind = data["amiType"]
    if kind == "CUSTOM":
        if p.get("version") or p.get("releaseVersion"):
            raise invalid_parameter("You cannot specify a version or release version for a custom AMI", **fields)
        version, release = data["version"], ""
    else:
        version = p.get("version") or data["version"]
        if not p.get("version") and not p.get("releaseVersion") and not template:
            version = cluster.data["version"]
        nodegroups.check_version(version, cluster, fields)
        if versions.number(version) < versions.number(data["version"]):
            raise invalid_parameter(
                f"Nodegroup version cannot be lowered from {data['version']} to {version}", **fields
            )
        if kind.startswith("AL2_") and versions.number(version) > versions.LAST_MINOR_WITH_AL2:
            raise invalid_parameter(
                f"Requested amiType {kind} is not supported for kubernetes version {version}", **fields
            )
        stays = template is not None and not p.get("version") and not p.get("releaseVersion")
        release = (
            data["releaseVersion"]
            if stays
            else nodegroups.check_release(p.get("releaseVersion"), kind, version, fields)
        )
        parameters = [("Version", version), ("ReleaseVersion", release), *parameters]
    change |= {"version": version, "releaseVersion": release}
    data["status"] = "UPDATING"
    return updates.start(cluster, scope, "VersionUpdate", parameters, "nodegroup", change)


@transition
def finish_nodegroup_update(
    account: str, region: str, cluster_name: str, identity: str, change: dict[str, Any]
) -> bool | None:
    cluster = find_cluster(account, region, cluster_name)
    update = cluster.updates.get(identity) if cluster else None
    if cluster is None or update is None:
        return None
    group = cluster.nodegroups.get(update.scope[1])
    if group is None:
        return None
    if identity not in group.pending:
        group.pending[identity] = True
        group.data.update(change)
        if "version" in change:
            nodes.renew_template(cluster, group)
        elif "scalingConfig" in change:
            nodes.scale(cluster, group)
    if nodes.roll(cluster, group) or nodes.not_ready(cluster, group):
        return False
    group.pending.clear()
    group.data["status"] = "ACTIVE"
    group.data["modifiedAt"] = now()
    update.data["status"] = "Successful"
    return None

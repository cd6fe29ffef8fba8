"""Managed node groups: what is asked, what is refused, and their life."""

from __future__ import annotations

import time
from typing import Any

from sandbox.aws.front.call import Call
from sandbox.aws.front.moto_bridge import backend
from sandbox.aws.front.state import state, transition
from sandbox.aws.services.eks import access, nodes, roles, versions
from sandbox.aws.services.eks.model import (
    Cluster,
    Nodegroup,
    active_cluster_of,
    arn,
    cluster_of,
    find_cluster,
    in_use,
    invalid_parameter,
    new_id,
    not_found,
    now,
    page,
)
from sandbox.aws.services.eks.routes import NAME

# "Health issues" of node groups: instances that have not joined after this many seconds fail the group.
JOIN_SECONDS = 60.0
NOT_JOINED = "Instances failed to join the kubernetes cluster"


def create_nodegroup(call: Call) -> dict[str, Any]:
    cluster = active_cluster_of(call)
    p = call.parameters
    name = p["nodegroupName"]
    fields = {"clusterName": cluster.name, "nodegroupName": name}
    if cluster.data["status"] == "UPDATING":
        raise in_use(f"Cluster {cluster.name} has an update in progress", **fields)
    if not NAME.match(name) or len(name) > 63:
        raise invalid_parameter(
            f"The nodegroup name '{name}' is not valid: letters, digits, - and _, at most 63", **fields
        )
    if name in cluster.nodegroups:
        raise in_use(f"NodeGroup already exists with name {name} and cluster name {cluster.name}", **fields)
    template = nodes.user_template(call.account, call.region, p.get("launchTemplate"), fields)
    kind = _ami_type(p, template, cluster, fields)
    version, release = _version(p, kind, cluster, fields)
    check_node_role(call.account, p["nodeRole"], fields)
    _check_subnets(cluster, p["subnets"], fields)
    instance_types = _instance_types(call, p, template, kind, fields)
    scaling = {"minSize": 1, "maxSize": 2, "desiredSize": 2, **(p.get("scalingConfig") or {})}
    check_scaling(scaling, fields)
    moment = now()
    data: dict[str, Any] = {
        "nodegroupName": name,
        "nodegroupArn": arn(cluster, "nodegroup", name, new_id()),
        "clusterName": cluster.name,
        "version": version,
        "releaseVersion": release,
        "createdAt": moment,
        "modifiedAt": moment,
        "status": "CREATING",
        "capacityType": p.get("capacityType") or "ON_DEMAND",
        "scalingConfig": scaling,
        "subnets": p["subnets"],
        "amiType": kind,
        "nodeRole": p["nodeRole"],
        "labels": p.get("labels") or {},
        "health": {"issues": []},
        "updateConfig": p.get("updateConfig") or {"maxUnavailable": 1},
        "tags": p.get("tags") or {},
    }
    if instance_types:
        data["instanceTypes"] = instance_types
    if p.get("taints"):
        data["taints"] = p["taints"]
    for key in ("nodeRepairConfig", "remoteAccess", "warmPoolConfig"):
        if p.get(key):
            data[key] = p[key]
    if template:
        data["launchTemplate"] = {"name": template.name, "version": str(template.version), "id": template.id}
    else:
        data["diskSize"] = p.get("diskSize") or 20
    group = Nodegroup(data)
    cluster.nodegroups[name] = group
    for service in ("eks-nodegroup", "autoscaling") + (("spot",) if data["capacityType"] == "SPOT" else ()):
        roles.make_service_linked_role(call.account, f"{service}.amazonaws.com")
    has_entries = cluster.data["accessConfig"]["authenticationMode"] != "CONFIG_MAP"
    if has_entries and p["nodeRole"] not in cluster.access_entries:
        access.make_entry(cluster, p["nodeRole"], "EC2_LINUX", made_by_eks=True)
    nodes.make_group(cluster, group)
    data["resources"] = {"autoScalingGroups": [{"name": group.autoscaling_group}]}
    state.schedule("nodegroup", "nodegroup_is_active", call.account, call.region, cluster.name, name)
    return {"nodegroup": described(cluster, group)}


def _ami_type(p: dict[str, Any], template: nodes.UserTemplate | None, cluster: Cluster, fields: dict[str, Any]) -> str:
    given: str | None = p.get("amiType")
    if template and template.data.get("ImageId"):
        if given not in (None, "CUSTOM") or p.get("version") or p.get("releaseVersion"):
            raise invalid_parameter(
                "You cannot specify an AMI Type, version or release version when the launch template has an image ID",
                **fields,
            )
        return "CUSTOM"
    kind = given or "AL2023_x86_64_STANDARD"
    minor = versions.number(p.get("version") or cluster.data["version"])
    if kind not in versions.AMI_TYPES or (kind.startswith("AL2_") and minor > versions.LAST_MINOR_WITH_AL2):
        raise invalid_parameter(f"Requested amiType {kind} is not supported for kubernetes version 1.{minor}", **fields)
    return kind


def _version(p: dict[str, Any], kind: str, cluster: Cluster, fields: dict[str, Any]) -> tuple[str, str]:
    version = p.get("version") or cluster.data["version"]
    check_version(version, cluster, fields)
    if kind == "CUSTOM":
        return version, ""
    return version, check_release(p.get("releaseVersion"), kind, version, fields)


def check_version(version: str, cluster: Cluster, fields: dict[str, Any]) -> None:
    if version not in versions.VERSIONS:
        raise invalid_parameter(f"unsupported Kubernetes version {version}", **fields)
    distance = versions.number(cluster.data["version"]) - versions.number(version)
    if distance < 0:
        raise invalid_parameter(
            f"Nodegroup version {version} is newer than the cluster's version {cluster.data['version']}", **fields
        )
    if distance > 3:
        raise invalid_parameter(
            f"Nodegroup version {version} is too old for the cluster's version {cluster.data['version']}", **fields
        )


def check_release(release: str | None, kind: str, version: str, fields: dict[str, Any]) -> str:
    known = versions.releases(kind, version)
    if release is None:
        return known[0]
    if release not in known:
        raise invalid_parameter(
            f"Requested Nodegroup release version {release} is invalid. Allowed release versions are "
            f"{', '.join(known)}",
            **fields,
        )
    return release


def check_node_role(account: str, role_arn: str, fields: dict[str, Any]) -> None:
    role = roles.find_role(role_arn, account)
    if role is None:
        raise invalid_parameter(f"The role with name {role_arn.rpartition('/')[2]} cannot be found.", **fields)
    if not roles.trusts(role, "ec2.amazonaws.com"):
        raise invalid_parameter(
            "Following required service principals [ec2.amazonaws.com] were not found in the trust relationships of "
            f"nodeRole {role_arn}",
            **fields,
        )


def _check_subnets(cluster: Cluster, subnet_ids: list[str], fields: dict[str, Any]) -> None:
    ec2 = backend("ec2", cluster.account, cluster.region)
    if not subnet_ids:
        raise invalid_parameter("At least one subnet must be specified", **fields)
    for subnet_id in subnet_ids:
        subnet = next((zones[subnet_id] for zones in ec2.subnets.values() if subnet_id in zones), None)
        if subnet is None:
            raise invalid_parameter(f"The subnet ID '{subnet_id}' does not exist", **fields)
        if subnet.vpc_id != cluster.vpc_config["vpcId"]:
            raise invalid_parameter(f"Subnet {subnet_id} is not in the cluster's VPC", **fields)


def _instance_types(
    call: Call, p: dict[str, Any], template: nodes.UserTemplate | None, kind: str, fields: dict[str, Any]
) -> list[str]:
    types: list[str] = p.get("instanceTypes") or []
    in_template = template.data.get("InstanceType") if template else None
    if types and in_template:
        raise invalid_parameter("Cannot specify instance types in launch template and API request", **fields)
    if p.get("diskSize") and template:
        raise invalid_parameter("Disk size must be specified within the launch template.", **fields)
    if not types and not in_template:
        types = ["t3.medium"]
    nodes.check_instance_types(call.region, types or [str(in_template)], kind, fields)
    return types


def check_scaling(scaling: dict[str, int], fields: dict[str, Any]) -> None:
    low, desired, high = scaling["minSize"], scaling["desiredSize"], scaling["maxSize"]
    if high < 1:
        raise invalid_parameter("maxSize must be at least 1", **fields)
    if low > high:
        raise invalid_parameter(f"Minimum capacity {low} can't be greater than maximum size {high}", **fields)
    if desired < low:
        raise invalid_parameter(f"Minimum capacity {low} can't be greater than desired size {desired}", **fields)
    if desired > high:
        raise invalid_parameter(f"desired capacity {desired} can't be greater than max size {high}", **fields)


@transition
def nodegroup_is_active(account: str, region: str, cluster_name: str, name: str) -> bool | None:
    cluster = find_cluster(account, region, cluster_name)
    group = cluster.nodegroups.get(name) if cluster else None
    if cluster is None or group is None or group.data["status"] != "CREATING":
        return None
    failure = state.facts("launch_failures").get((account, region, group.autoscaling_group))
    if failure:
        issue = {"code": "AsgInstanceLaunchFailures", "message": failure, "resourceIds": [group.autoscaling_group]}
        group.data["health"] = {"issues": [issue]}
        if time.time() - group.created > JOIN_SECONDS + 10 * state.settings.seconds["nodegroup"]:
            group.data["status"] = "CREATE_FAILED"
            return None
        nodes.scale(cluster, group)
        return False
    waiting = nodes.not_ready(cluster, group)
    if not waiting:
        group.data["health"] = {"issues": []}
        group.data["status"] = "ACTIVE"
        return None
    late = time.time() - group.created
    if late > 2 * state.settings.seconds["nodegroup"] + 5 or not nodes.cni_is_active(cluster):
        issue = {"code": "NodeCreationFailure", "message": NOT_JOINED, "resourceIds": waiting}
        group.data["health"] = {"issues": [issue]}
    if late > JOIN_SECONDS + 10 * state.settings.seconds["nodegroup"]:
        group.data["status"] = "CREATE_FAILED"
        return None
    return False


def described(cluster: Cluster, group: Nodegroup) -> dict[str, Any]:
    """A node group as it stands; its desired size is its Auto Scaling group's."""
    data = dict(group.data)
    scaling_group = backend("autoscaling", cluster.account, cluster.region).autoscaling_groups.get(
        group.autoscaling_group
    )
    if scaling_group is not None and data["status"] not in ("DELETING", "CREATING"):
        data["scalingConfig"] = {**data["scalingConfig"], "desiredSize": scaling_group.desired_capacity}
    return data


def nodegroup_of(call: Call) -> tuple[Cluster, Nodegroup]:
    cluster = cluster_of(call)
    name = call.parameters["nodegroupName"]
    if name not in cluster.nodegroups:
        raise not_found(f"No node group found for name: {name}.", clusterName=cluster.name, nodegroupName=name)
    return cluster, cluster.nodegroups[name]


def describe_nodegroup(call: Call) -> dict[str, Any]:
    return {"nodegroup": described(*nodegroup_of(call))}


def list_nodegroups(call: Call) -> dict[str, Any]:
    return page(call, "nodegroups", sorted(cluster_of(call).nodegroups))


def delete_nodegroup(call: Call) -> dict[str, Any]:
    cluster, group = nodegroup_of(call)
    if group.data["status"] in ("CREATING", "UPDATING"):
        raise in_use(
            f"Nodegroup {group.data['nodegroupName']} is {group.data['status']}",
            clusterName=cluster.name,
            nodegroupName=group.data["nodegroupName"],
        )
    if group.data["status"] != "DELETING":
        group.data["status"] = "DELETING"
        name = group.data["nodegroupName"]
        state.schedule("nodegroup", "nodegroup_is_gone", call.account, call.region, cluster.name, name)
    return {"nodegroup": described(cluster, group)}


@transition
def nodegroup_is_gone(account: str, region: str, cluster_name: str, name: str) -> None:
    cluster = find_cluster(account, region, cluster_name)
    if cluster is None or name not in cluster.nodegroups:
        return
    group = cluster.nodegroups.pop(name)
    nodes.remove_group(cluster, group)
    role = group.data["nodeRole"]
    entry = cluster.access_entries.get(role)
    if entry and entry.made_by_eks and not any(other.data["nodeRole"] == role for other in cluster.nodegroups.values()):
        del cluster.access_entries[role]

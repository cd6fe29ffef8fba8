"""UpdateClusterConfig, one kind of change a call, and UpdateClusterVersion, one minor at a time."""

from __future__ import annotations

from typing import Any

from sandbox.aws.front.call import Call
from sandbox.aws.front.state import state, transition
from sandbox.aws.services.eks import clusters, network, updates, versions
from sandbox.aws.services.eks.model import Cluster, active_cluster_of, invalid_parameter, invalid_request

CLUSTER = ("cluster", "")
KINDS = (
    "resourcesVpcConfig",
    "logging",
    "accessConfig",
    "upgradePolicy",
    "zonalShiftConfig",
    "computeConfig",
    "remoteNetworkConfig",
    "deletionProtection",
    "controlPlaneScalingConfig",
)


def update_cluster_config(call: Call) -> dict[str, Any]:
    cluster = active_cluster_of(call)
    p = call.parameters
    given = [kind for kind in KINDS if p.get(kind) is not None]
    if len(given) != 1:
        raise invalid_parameter(
            "Only one type of update can be allowed" if given else "No changes needed for the cluster",
            clusterName=cluster.name,
        )
    updates.refuse_second(cluster, CLUSTER)
    kind, parameters, change = CHANGES[given[0]](cluster, p[given[0]])
    if all(_current(cluster, key, value) for key, value in change.items()):
        raise invalid_parameter(f"No changes needed for the {given[0]} config provided", clusterName=cluster.name)
    cluster.data["status"] = "UPDATING"
    return updates.start(cluster, CLUSTER, kind, parameters, "cluster_update", change)


def _current(cluster: Cluster, key: str, value: Any) -> bool:
    if key == "resourcesVpcConfig":
        return all(cluster.vpc_config.get(member) == wanted for member, wanted in value.items())
    return bool(cluster.data.get(key) == value)


Change = tuple[str, list[tuple[str, Any]], dict[str, Any]]


def _vpc_config(cluster: Cluster, wanted: dict[str, Any]) -> Change:
    access = {"endpointPublicAccess", "endpointPrivateAccess", "publicAccessCidrs"} & set(wanted)
    vpc = {"subnetIds", "securityGroupIds"} & set(wanted)
    if access and vpc:
        raise invalid_parameter("Only one type of update can be allowed: endpoint access or VPC configuration")
    if vpc:
        subnet_ids = wanted.get("subnetIds") or cluster.vpc_config["subnetIds"]
        vpc_id = network.check_subnets(cluster.account, cluster.region, cluster.name, subnet_ids)
        if vpc_id != cluster.vpc_config["vpcId"]:
            raise invalid_parameter(f"Provided subnets belong to a different VPC than {cluster.vpc_config['vpcId']}")
        network.check_security_groups(cluster.account, cluster.region, vpc_id, wanted.get("securityGroupIds") or [])
        names = {"subnetIds": "Subnets", "securityGroupIds": "SecurityGroups"}
        parameters = [(names[key], wanted[key]) for key in sorted(vpc)]
        return "VpcConfigUpdate", parameters, {"resourcesVpcConfig": {key: wanted[key] for key in vpc}}
    clusters.check_endpoint_access({**cluster.vpc_config, **wanted})
    parameters = [(key[0].upper() + key[1:], wanted[key]) for key in sorted(access)]
    return "EndpointAccessUpdate", parameters, {"resourcesVpcConfig": {key: wanted[key] for key in access}}


def _logging(cluster: Cluster, wanted: dict[str, Any]) -> Change:
    merged = clusters.merge_logging(cluster.data["logging"]["clusterLogging"], wanted)
    return "LoggingUpdate", [("ClusterLogging", wanted)], {"logging": merged}


def _access_config(cluster: Cluster, wanted: dict[str, Any]) -> Change:
    order = ["CONFIG_MAP", "API_AND_CONFIG_MAP", "API"]
    before, after = cluster.data["accessConfig"]["authenticationMode"], wanted["authenticationMode"]
    if order.index(after) < order.index(before) or (before, after) == ("CONFIG_MAP", "API"):
        raise invalid_parameter(f"Unsupported authentication mode update from {before} to {after}")
    merged = {**cluster.data["accessConfig"], "authenticationMode": after}
    return "AccessConfigUpdate", [("AuthenticationMode", after)], {"accessConfig": merged}


def _simple(kind: str, parameter: str, key: str) -> Any:
    def change(cluster: Cluster, wanted: Any) -> Change:
        return kind, [(parameter, wanted)], {key: wanted}

    return change


CHANGES: dict[str, Any] = {
    "resourcesVpcConfig": _vpc_config,
    "logging": _logging,
    "accessConfig": _access_config,
    "upgradePolicy": _simple("UpgradePolicyUpdate", "UpgradePolicy", "upgradePolicy"),
    "zonalShiftConfig": _simple("ZonalShiftConfigUpdate", "ZonalShiftConfig", "zonalShiftConfig"),
    "computeConfig": _simple("AutoModeUpdate", "ComputeConfig", "computeConfig"),
    "remoteNetworkConfig": _simple("RemoteNetworkConfigUpdate", "RemoteNetworkConfig", "remoteNetworkConfig"),
    "deletionProtection": _simple("DeletionProtectionUpdate", "DeletionProtection", "deletionProtection"),
    "controlPlaneScalingConfig": _simple(
        "ControlPlaneScalingConfigUpdate", "ControlPlaneScalingConfig", "controlPlaneScalingConfig"
    ),
}


def update_cluster_version(call: Call) -> dict[str, Any]:
    cluster = active_cluster_of(call)
    wanted, present = call.parameters["version"], cluster.data["version"]
    updates.refuse_second(cluster, CLUSTER)
    if wanted not in [item.minor for item in versions.offered()]:
        raise invalid_parameter(f"unsupported Kubernetes version {wanted}", clusterName=cluster.name)
    step = versions.number(wanted) - versions.number(present)
    if step == 0:
        raise invalid_parameter(f"Cluster is already at version {wanted}", clusterName=cluster.name)
    if step != 1:
        raise invalid_parameter(
            f"Unsupported Kubernetes minor version update from {present} to {wanted}", clusterName=cluster.name
        )
    behind = [
        group.data["nodegroupName"]
        for group in cluster.nodegroups.values()
        if versions.number(wanted) - versions.number(group.data["version"]) > 3
    ]
    if behind:
        raise invalid_request(
            f"Nodegroups {', '.join(behind)} must be updated to match cluster version {present} before updating "
            "cluster version",
            clusterName=cluster.name,
        )
    cluster.data["status"] = "UPDATING"
    platform = versions.VERSIONS[wanted].platform
    parameters = [("Version", wanted), ("PlatformVersion", platform)]
    change = {"version": wanted, "platformVersion": platform}
    return updates.start(cluster, CLUSTER, "VersionUpdate", parameters, "cluster_update", change)


@transition
def log_group_again(account: str, region: str, name: str) -> None:
    """EKS makes the log group of a cluster that still logs a moment after somebody deleted it."""
    cluster = state.clusters(account, region).get(name)
    if cluster is not None and cluster.data["status"] in ("ACTIVE", "UPDATING"):
        clusters.make_log_group(cluster)

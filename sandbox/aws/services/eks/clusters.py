"""CreateCluster, DescribeCluster, ListClusters, DeleteCluster and what follows from them."""

from __future__ import annotations

import ipaddress
from typing import Any

from sandbox.aws.front.call import Call
from sandbox.aws.front.moto_bridge import backend
from sandbox.aws.front.state import state, transition
from sandbox.aws.services.eks import access, network, roles, versions
from sandbox.aws.services.eks.model import (
    Cluster,
    active_cluster_of,
    cluster_of,
    find_cluster,
    in_use,
    invalid_parameter,
    invalid_request,
    now,
    page,
)
from sandbox.aws.services.eks.routes import NAME

# Blocks that publicAccessCidrs may not hold (the documentation's example blocks are allowed).
PRIVATE_BLOCKS = tuple(
    ipaddress.IPv4Network(block)
    for block in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16")
)
LOG_TYPES = ("api", "audit", "authenticator", "controllerManager", "scheduler")


def create_cluster(call: Call) -> dict[str, Any]:
    p = call.parameters
    name = p["name"]
    clusters = state.clusters(call.account, call.region)
    if not NAME.match(name) or len(name) > 100:
        raise invalid_parameter(
            f"The cluster name '{name}' is not valid: letters, digits, - and _, at most 100", clusterName=name
        )
    if name in clusters:
        raise in_use(f"Cluster already exists with name: {name}", clusterName=name)
    version = p.get("version") or versions.default()
    if version not in [item.minor for item in versions.offered()]:
        raise invalid_parameter(f"unsupported Kubernetes version {version}", clusterName=name)
    roles.require_role(p["roleArn"], call.account, "eks.amazonaws.com", clusterName=name)
    config = p["resourcesVpcConfig"]
    vpc_id = network.check_subnets(call.account, call.region, name, config.get("subnetIds") or [])
    network.check_security_groups(call.account, call.region, vpc_id, config.get("securityGroupIds") or [])
    vpc_config = {
        "subnetIds": config.get("subnetIds") or [],
        "securityGroupIds": config.get("securityGroupIds") or [],
        "vpcId": vpc_id,
        "endpointPublicAccess": config.get("endpointPublicAccess", True),
        "endpointPrivateAccess": config.get("endpointPrivateAccess", False),
        "publicAccessCidrs": config.get("publicAccessCidrs") or ["0.0.0.0/0"],
    }
    check_endpoint_access(vpc_config)
    kubernetes_network = p.get("kubernetesNetworkConfig") or {}
    cidr = kubernetes_network.get("serviceIpv4Cidr") or _service_cidr(call, vpc_id)
    network.check_service_cidr(call.account, call.region, vpc_id, cidr)
    check_encryption(call, p.get("encryptionConfig") or [])
    access_config = {"authenticationMode": "CONFIG_MAP", **(p.get("accessConfig") or {})}
    bootstrap_admin = access_config.setdefault("bootstrapClusterCreatorAdminPermissions", True)
    cluster = Cluster(
        data={
            "name": name,
            "arn": f"arn:aws:eks:{call.region}:{call.account}:cluster/{name}",
            "createdAt": now(),
            "version": version,
            "roleArn": p["roleArn"],
            "resourcesVpcConfig": vpc_config,
            "kubernetesNetworkConfig": {
                "serviceIpv4Cidr": cidr,
                "ipFamily": kubernetes_network.get("ipFamily", "ipv4"),
                "elasticLoadBalancing": kubernetes_network.get("elasticLoadBalancing") or {"enabled": False},
            },
            "logging": merge_logging([], p.get("logging") or {}),
            "status": "CREATING",
            "certificateAuthority": {},
            "platformVersion": versions.VERSIONS[version].platform,
            "tags": p.get("tags") or {},
            "encryptionConfig": p.get("encryptionConfig") or [],
            "health": {"issues": []},
            "accessConfig": access_config,
            "upgradePolicy": p.get("upgradePolicy") or {"supportType": "EXTENDED"},
            "deletionProtection": bool(p.get("deletionProtection", False)),
            "controlPlaneScalingConfig": p.get("controlPlaneScalingConfig") or {"tier": "standard"},
        },
        account=call.account,
        region=call.region,
        creator=call.caller,
    )
    for key in ("zonalShiftConfig", "computeConfig", "storageConfig", "remoteNetworkConfig", "clientRequestToken"):
        if p.get(key):
            cluster.data[key] = p[key]
    clusters[name] = cluster
    roles.make_service_linked_role(call.account, "eks.amazonaws.com")
    vpc_config["clusterSecurityGroupId"] = network.make_security_group(cluster, vpc_id)
    if p.get("bootstrapSelfManagedAddons", True):
        state.facts("self_managed_addons")[cluster.data["arn"]] = True
    if bootstrap_admin and access_config["authenticationMode"] != "CONFIG_MAP":
        access.make_creator_entry(cluster)
    state.schedule("cluster", "cluster_is_active", call.account, call.region, name)
    return {"cluster": dict(cluster.data)}


@transition
def cluster_is_active(account: str, region: str, name: str) -> bool | None:
    cluster = find_cluster(account, region, name)
    if cluster is None or cluster.data["status"] != "CREATING":
        return None
    if not cluster.network_interfaces:
        network.make_network_interfaces(cluster)
        make_log_group(cluster)
        cluster.data["identity"] = {"oidc": {"issuer": cluster.issuer}}
        if not state.settings.control_planes:
            endpoint = f"https://{cluster.identity}.gr7.{region}.eks.amazonaws.com"
            cluster.data.setdefault("endpoint", endpoint)
            cluster.data["certificateAuthority"] = {"data": "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCg=="}
    if state.settings.control_planes and not cluster.report.ready:
        return False
    cluster.data["status"] = "ACTIVE"
    return None


HIDDEN = ("accessConfig", "deletionProtection", "encryptionConfig", "logging", "upgradePolicy", "zonalShiftConfig")
"""What EKS may not show yet of a cluster that it is creating."""


def describe_cluster(call: Call) -> dict[str, Any]:
    data = cluster_of(call).data
    if state.settings.hidden_while_creating and data["status"] == "CREATING":
        return {"cluster": {key: value for key, value in data.items() if key not in HIDDEN}}
    return {"cluster": data}


def list_clusters(call: Call) -> dict[str, Any]:
    return page(call, "clusters", sorted(state.clusters(call.account, call.region)))


def delete_cluster(call: Call) -> dict[str, Any]:
    cluster = cluster_of(call)
    if cluster.data["deletionProtection"] and cluster.data["status"] in ("ACTIVE", "UPDATING"):
        raise invalid_request(
            f"Cannot delete cluster '{cluster.name}' because deletion protection is enabled", clusterName=cluster.name
        )
    if cluster.nodegroups:
        raise in_use(
            "Cluster has nodegroups attached", clusterName=cluster.name, nodegroupName=",".join(cluster.nodegroups)
        )
    if cluster.data["status"] in ("CREATING", "UPDATING"):
        raise in_use(f"Cluster has status {cluster.data['status']}", clusterName=cluster.name)
    if cluster.data["status"] != "DELETING":
        cluster.data["status"] = "DELETING"
        state.schedule("cluster", "cluster_is_gone", call.account, call.region, cluster.name)
    return {"cluster": dict(cluster.data)}


@transition
def cluster_is_gone(account: str, region: str, name: str) -> bool | None:
    cluster = find_cluster(account, region, name)
    if cluster is None:
        return None
    if state.settings.control_planes and cluster.report.present:
        return False
    network.remove_network_interfaces(cluster)
    network.remove_security_group(cluster)
    del state.clusters(account, region)[name]
    state.facts("self_managed_addons").pop(cluster.data["arn"], None)
    return None


def associate_encryption_config(call: Call) -> dict[str, Any]:
    from sandbox.aws.services.eks import updates

    cluster = active_cluster_of(call)
    if cluster.data["encryptionConfig"]:
        raise invalid_parameter(
            f"Cluster already has encryption configuration: {cluster.data['encryptionConfig']}",
            clusterName=cluster.name,
        )
    wanted = call.parameters["encryptionConfig"]
    check_encryption(call, wanted)
    updates.refuse_second(cluster, ("cluster", ""))
    cluster.data["status"] = "UPDATING"
    change = {"encryptionConfig": wanted}
    parameters = [("EncryptionConfig", wanted)]
    return updates.start(cluster, ("cluster", ""), "AssociateEncryptionConfig", parameters, "cluster_update", change)


def check_endpoint_access(config: dict[str, Any]) -> None:
    if not config["endpointPublicAccess"] and not config["endpointPrivateAccess"]:
        raise invalid_parameter("Private and public endpoint access cannot be false")
    for cidr in config["publicAccessCidrs"]:
        try:
            block = ipaddress.IPv4Network(cidr)
        except ValueError as error:
            raise invalid_parameter(f"The following CIDRs are not valid: [{cidr}]") from error
        if any(block.subnet_of(private) for private in PRIVATE_BLOCKS):
            raise invalid_parameter(f"The following CIDRs are not allowed in publicAccessCidrs: [{cidr}]")


def check_encryption(call: Call, encryption: list[dict[str, Any]]) -> None:
    for item in encryption:
        if item.get("resources") != ["secrets"]:
            raise invalid_parameter("Only resources ['secrets'] can be encrypted")
        key_arn = item.get("provider", {}).get("keyArn", "")
        keys = backend("kms", call.account, call.region).keys
        key = keys.get(key_arn.rpartition("/")[2])
        if key is None or key.arn != key_arn:
            raise invalid_parameter(f"The keyArn in encryptionConfig provider is not valid: {key_arn}")
        if key.key_state != "Enabled":
            raise invalid_parameter(f"The key {key_arn} is not enabled (it is {key.key_state})")


def merge_logging(present: list[dict[str, Any]], change: dict[str, Any]) -> dict[str, Any]:
    """Logging as EKS answers it: the enabled types and the disabled ones."""
    enabled = {kind for item in present if item["enabled"] for kind in item["types"]}
    for item in change.get("clusterLogging") or []:
        unknown = set(item.get("types") or []) - set(LOG_TYPES)
        if unknown:
            raise invalid_parameter(f"Invalid log types: {', '.join(sorted(unknown))}")
        kinds = set(item.get("types") or [])
        enabled = enabled | kinds if item.get("enabled") else enabled - kinds
    answer = []
    for value in (True, False):
        kinds_listed = [kind for kind in LOG_TYPES if (kind in enabled) is value]
        if kinds_listed:
            answer.append({"types": kinds_listed, "enabled": value})
    return {"clusterLogging": answer}


def make_log_group(cluster: Cluster) -> None:
    """EKS makes the log group of a cluster that logs, also again after it was deleted."""
    if any(item["enabled"] for item in cluster.data["logging"]["clusterLogging"]):
        logs = backend("logs", cluster.account, cluster.region)
        name = f"/aws/eks/{cluster.name}/cluster"
        if name not in logs.groups:
            logs.create_log_group(name, {})


def _service_cidr(call: Call, vpc_id: str) -> str:
    """10.100.0.0/16, or 172.20.0.0/16 when the VPC overlaps with the first."""
    first = ipaddress.IPv4Network("10.100.0.0/16")
    blocks = network.vpc_blocks(call.account, call.region, vpc_id)
    return "172.20.0.0/16" if any(first.overlaps(block) for block in blocks) else str(first)

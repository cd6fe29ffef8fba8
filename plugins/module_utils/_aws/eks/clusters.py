# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kind `eks_cluster`: its calls, one a function, and what stands of it.

UpdateClusterConfig takes one kind of change, and EKS one update at a time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..._core.box import Kind, Status, Target
from ..._core.plan import Found
from ..client import Api
from ..lookup import by_name
from . import common as eks
from .model import LOG_TYPES


def create_cluster(api: Api, cluster: Target) -> str:
    """Private but for the named networks; without add-ons of its own and without a right for whoever runs this."""
    wanted = cluster.attributes
    network: dict[str, Any] = {"ipFamily": wanted["ip_family"]}
    if wanted.get("service_ipv4_cidr"):
        network["serviceIpv4Cidr"] = wanted["service_ipv4_cidr"]
    parameters: dict[str, Any] = {
        "name": cluster.name,
        "version": wanted["version"],
        "roleArn": wanted["role"],
        "resourcesVpcConfig": {
            "subnetIds": wanted["subnets"],
            "securityGroupIds": wanted["security_groups"],
            **_endpoint(wanted["endpoint"]),
        },
        "kubernetesNetworkConfig": network,
        "encryptionConfig": _encryption(wanted["encryption_key"]),
        "accessConfig": {
            "authenticationMode": wanted["authentication_mode"],
            "bootstrapClusterCreatorAdminPermissions": wanted["bootstrap_cluster_creator_admin_permissions"],
        },
        "bootstrapSelfManagedAddons": wanted["bootstrap_self_managed_addons"],
        "upgradePolicy": {"supportType": wanted["support_type"]},
        "zonalShiftConfig": {"enabled": wanted["zonal_shift"]},
        "deletionProtection": wanted["deletion_protection"],
        "tags": dict(cluster.tags),
    }
    if wanted["log_types"]:
        parameters["logging"] = {"clusterLogging": [{"types": list(wanted["log_types"]), "enabled": True}]}
    return str(api.eks.create_cluster(**parameters)["cluster"]["name"])


def _endpoint(endpoint: Mapping[str, Any]) -> dict[str, Any]:
    access = {"endpointPrivateAccess": endpoint["private"], "endpointPublicAccess": endpoint["public"]}
    return {**access, "publicAccessCidrs": list(endpoint["public_access_cidrs"])} if endpoint["public"] else access


def _encryption(key_arn: str) -> list[dict[str, Any]]:
    return [{"resources": ["secrets"], "provider": {"keyArn": key_arn}}]


def _update_config(api: Api, cluster: Target, **change: Any) -> None:
    eks.finished(api, cluster.name, api.eks.update_cluster_config(name=cluster.name, **change))


def associate_encryption(api: Api, cluster: Target) -> None:
    encryption = _encryption(cluster.attributes["encryption_key"])
    answer = api.eks.associate_encryption_config(clusterName=cluster.name, encryptionConfig=encryption)
    eks.finished(api, cluster.name, answer)


def update_vpc_config(api: Api, cluster: Target) -> None:
    change = {"subnetIds": cluster.attributes["subnets"], "securityGroupIds": cluster.attributes["security_groups"]}
    _update_config(api, cluster, resourcesVpcConfig=change)


def update_endpoint(api: Api, cluster: Target) -> None:
    _update_config(api, cluster, resourcesVpcConfig=_endpoint(cluster.attributes["endpoint"]))


def update_logging(api: Api, cluster: Target) -> None:
    on = list(cluster.attributes["log_types"])
    off = [kind for kind in LOG_TYPES if kind not in on]
    kinds = [{"types": types, "enabled": enabled} for types, enabled in ((on, True), (off, False)) if types]
    _update_config(api, cluster, logging={"clusterLogging": kinds})


def update_authentication_mode(api: Api, cluster: Target) -> None:
    """From CONFIG_MAP to API there is a step between. Source: "Change authentication mode", EKS User Guide."""
    if cluster.before["authentication_mode"] == "CONFIG_MAP":
        _update_config(api, cluster, accessConfig={"authenticationMode": "API_AND_CONFIG_MAP"})
    _update_config(api, cluster, accessConfig={"authenticationMode": cluster.attributes["authentication_mode"]})


def update_version(api: Api, cluster: Target) -> None:
    answer = api.eks.update_cluster_version(name=cluster.name, version=cluster.attributes["version"])
    eks.finished(api, cluster.name, answer)


def update_support_type(api: Api, cluster: Target) -> None:
    _update_config(api, cluster, upgradePolicy={"supportType": cluster.attributes["support_type"]})


def update_zonal_shift(api: Api, cluster: Target) -> None:
    _update_config(api, cluster, zonalShiftConfig={"enabled": cluster.attributes["zonal_shift"]})


def update_deletion_protection(api: Api, cluster: Target) -> None:
    """Also before a deletion, where nothing is declared: the value is in the change."""
    _update_config(api, cluster, deletionProtection=cluster.fields[0].after)


def delete_cluster(api: Api, cluster: Target) -> None:
    api.eks.delete_cluster(name=cluster.name)


def _arn(cluster: Target) -> str:
    return str(cluster.spec.account.arn("eks", f"cluster/{cluster.name}"))


def tag(api: Api, cluster: Target, tags: Mapping[str, str]) -> None:
    eks.tag(api, _arn(cluster), tags)


def untag(api: Api, cluster: Target, keys: Sequence[str]) -> None:
    eks.untag(api, _arn(cluster), keys)


def ready(api: Api, cluster: Target) -> Status:
    return eks.cluster_status(api, cluster.name)


def gone(api: Api, cluster: Target) -> Status:
    return eks.cluster_gone(api, cluster.name)


SHOWN_BY = {
    "authentication_mode": "accessConfig",
    "deletion_protection": "deletionProtection",
    "encryption_key": "encryptionConfig",
    "log_types": "logging",
    "support_type": "upgradePolicy",
    "zonal_shift": "zonalShiftConfig",
}
"""Attribute -> member of DescribeCluster's answer. While a cluster is CREATING, EKS may leave it out."""


def found_cluster(cluster: dict[str, Any]) -> Found:
    """A cluster as DescribeCluster answers it."""
    vpc = cluster["resourcesVpcConfig"]
    network = cluster.get("kubernetesNetworkConfig", {})
    public = bool(vpc.get("endpointPublicAccess"))
    keys = [entry["provider"]["keyArn"] for entry in cluster.get("encryptionConfig") or []]
    attributes = {
        "authentication_mode": cluster.get("accessConfig", {}).get("authenticationMode", "CONFIG_MAP"),
        # EKS deletes what failed all the same, and changes nothing of it ("Protect EKS clusters", EKS User Guide)
        "deletion_protection": bool(cluster.get("deletionProtection")) and cluster["status"] != "FAILED",
        "encryption_key": keys[0] if keys else None,
        "endpoint": {
            "private": bool(vpc.get("endpointPrivateAccess")),
            "public": public,
            # EKS names 0.0.0.0/0 also where the public endpoint is off
            "public_access_cidrs": sorted(vpc.get("publicAccessCidrs", [])) if public else [],
        },
        "ip_family": network.get("ipFamily", "ipv4"),
        "log_types": sorted(
            kind
            for entry in cluster.get("logging", {}).get("clusterLogging", [])
            if entry.get("enabled")
            for kind in entry.get("types", [])
        ),
        "role": cluster["roleArn"],
        "security_groups": sorted(vpc.get("securityGroupIds", [])),
        "service_ipv4_cidr": network.get("serviceIpv4Cidr"),
        "subnets": sorted(vpc.get("subnetIds", [])),
        "support_type": cluster.get("upgradePolicy", {}).get("supportType", "EXTENDED"),
        "version": cluster["version"],
        "vpc": vpc.get("vpcId"),
        "zonal_shift": bool(cluster.get("zonalShiftConfig", {}).get("enabled")),
    }
    extra = eks.carried(cluster)
    if eks.issues(cluster):
        extra["issues"] = eks.issues(cluster)
    state = eks.STATES.get(cluster["status"], "ready")
    creating = cluster["status"] == "CREATING"
    unshown = frozenset(name for name, member in SHOWN_BY.items() if creating and cluster.get(member) in (None, [], {}))
    return Found(cluster["name"], attributes, cluster.get("tags", {}), extra, state, unshown)


def find_cluster(api: Api, platform: str, name: str) -> Found | None:
    cluster = eks.describe_cluster(api, name)
    if cluster is None or not eks.ours(cluster, platform):
        return None
    return Found(name, extra=eks.carried(cluster))


def find_clusters(api: Api, platform: str, names: Sequence[str]) -> dict[str, Found]:
    return by_name(api, lambda opened, name: find_cluster(opened, platform, name), names)


EKS_CLUSTER = Kind(
    name="eks_cluster",
    fixed={
        "encryption_key": "EKS neither removes nor changes the key of a cluster's secrets",
        "ip_family": "EKS fixes the IP family of a cluster at its creation",
        "role": "EKS fixes the role of a cluster at its creation",
        "service_ipv4_cidr": "EKS fixes the addresses of services at a cluster's creation",
        "vpc": "a cluster stays in the VPC of its first subnets",
    },
    release={"deletion_protection": False},
    create=create_cluster,
    # in the order in which they are made: the version goes up before its support type goes back to standard
    update={
        "encryption_key": associate_encryption,
        "subnets": update_vpc_config,
        "security_groups": update_vpc_config,
        "endpoint": update_endpoint,
        "log_types": update_logging,
        "authentication_mode": update_authentication_mode,
        "version": update_version,
        "support_type": update_support_type,
        "zonal_shift": update_zonal_shift,
        "deletion_protection": update_deletion_protection,
    },
    delete=delete_cluster,
    tag=tag,
    untag=untag,
    ready=ready,
    gone=gone,
    wait=eks.CLUSTER_WAIT,
    wait_gone=eks.DELETION_WAIT,
    one_at_a_time=True,
    find=find_clusters,
    made_by="eks",
)
"""It needs `account` in what the box's `parse` returns."""

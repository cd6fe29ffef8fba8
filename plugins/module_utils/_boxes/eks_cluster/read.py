# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What stands of a platform's cluster and of its log group."""

from __future__ import annotations

from functools import partial
from typing import Any

from ..._aws.client import Api
from ..._aws.eks import clusters as eks
from ..._aws.logs import read_log_groups
from ..._core.known import Known
from ..._core.plan import Found, Observed, Ref
from .model import EksCluster


def read(api: Api, spec: EksCluster, known: Known) -> Observed:
    """Three calls: the cluster has the platform's name, the log group the one that EKS gives it."""
    clusters, groups = api.together(
        [partial(_clusters, api, spec, known), partial(read_log_groups, api, [spec.log_group])]
    )
    return {**groups, **clusters}


def _clusters(api: Api, spec: EksCluster, known: Known) -> dict[Ref, Found]:
    cluster = eks.describe_cluster(api, spec.platform)
    if cluster is None:
        return {}
    eks.tell(known, cluster)
    return {eks.cluster_ref(spec.platform): found_cluster(cluster)}


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
    return Found(cluster["name"], attributes, cluster.get("tags", {}), extra, state)

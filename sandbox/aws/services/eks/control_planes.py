"""What the agent that runs the control planes reads, and what it reports."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import yaml

from sandbox.aws.front.moto_bridge import backend
from sandbox.aws.front.state import state
from sandbox.aws.services.eks import nodes
from sandbox.aws.services.eks.model import Cluster, Nodegroup

EFFECTS = {"NO_SCHEDULE": "NoSchedule", "NO_EXECUTE": "NoExecute", "PREFER_NO_SCHEDULE": "PreferNoSchedule"}


def describe(query: dict[str, str], body: dict[str, Any]) -> dict[str, Any]:
    clusters = [_cluster(cluster) for clusters in state.remembered.clusters.values() for cluster in clusters.values()]
    keys = {}
    for identity, key in state.keys.items():
        if key.active:
            keys[identity] = {"secret": key.secret, "arn": key.arn, "account": key.account}
            if key.session_token is not None:
                keys[identity]["session_token"] = key.session_token
            if key.expires is not None:
                keys[identity]["expires"] = str(key.expires)
    return {"control_planes": state.settings.control_planes, "access_keys": keys, "clusters": clusters}


def _cluster(cluster: Cluster) -> dict[str, Any]:
    data = cluster.data
    return {
        "arn": data["arn"],
        "account": cluster.account,
        "region": cluster.region,
        "name": cluster.name,
        "version": data["version"],
        "status": data["status"],
        "oidc_issuer": cluster.issuer,
        "service_ipv4_cidr": data["kubernetesNetworkConfig"]["serviceIpv4Cidr"],
        "vpc_cni_active": nodes.cni_is_active(cluster),
        "access_entries": [
            {
                "principal_arn": entry.data["principalArn"],
                "username": entry.data["username"],
                "groups": entry.data["kubernetesGroups"],
                "type": entry.data["type"],
                "policies": [
                    {"policy_arn": policy["policyArn"], "scope": policy["accessScope"]}
                    for policy in entry.policies.values()
                ],
            }
            for entry in cluster.access_entries.values()
        ],
        "nodes": _nodes(cluster),
    }


def _nodes(cluster: Cluster) -> list[dict[str, Any]]:
    found = []
    for group in cluster.nodegroups.values():
        scaling_group = nodes.scaling_group(cluster, group)
        states = scaling_group.instance_states if scaling_group is not None else ()
        found += [_node(cluster, item.instance, group, group.autoscaling_group) for item in states]
    own = nodes.self_managed(cluster)
    return found + [_node(cluster, instance, None, instance.autoscaling_group.name) for instance in own]


def _node(cluster: Cluster, instance: Any, group: Nodegroup | None, scaling_group: str) -> dict[str, Any]:
    from moto.ec2.models.instance_types import INSTANCE_TYPES

    kind = INSTANCE_TYPES.get(instance.instance_type, {})
    subnet = backend("ec2", cluster.account, cluster.region).get_subnet(instance.subnet_id)
    spot = instance.lifecycle == "spot"
    cpu = int(kind.get("VCpuInfo", {}).get("DefaultVCpus", 2))
    data = group.data if group else {}
    own_labels, own_taints = nodes.kubelet_flags(instance) if group is None else ({}, [])
    labels = own_labels | (data.get("labels") or {})
    if group:
        labels |= {
            "eks.amazonaws.com/nodegroup": data["nodegroupName"],
            "eks.amazonaws.com/nodegroup-image": instance.image_id,
        }
    return {
        "instance_id": instance.id,
        "private_dns_name": instance.private_dns_name,
        "private_ip": instance.private_ip,
        "zone": subnet.availability_zone,
        "zone_id": subnet.availability_zone_id,
        "region": cluster.region,
        "instance_type": instance.instance_type,
        "capacity_type": "SPOT" if spot else "ON_DEMAND",
        "nodegroup": data.get("nodegroupName"),
        "autoscaling_group": scaling_group,
        "image_id": instance.image_id,
        "ami_type": data.get("amiType"),
        "version": _version(cluster, group, instance),
        "labels": labels,
        "taints": own_taints
        + [
            {"key": taint["key"], "value": taint.get("value", ""), "effect": EFFECTS[taint["effect"]]}
            for taint in data.get("taints") or []
        ],
        "max_pods": _max_pods(cluster, kind, cpu),
        "cpu": cpu,
        "memory_mib": int(kind.get("MemoryInfo", {}).get("SizeInMiB", 4096)),
        "architecture": "arm64"
        if "arm64" in kind.get("ProcessorInfo", {}).get("SupportedArchitectures", [])
        else "amd64",
    }


def _version(cluster: Cluster, group: Nodegroup | None, instance: Any) -> str:
    """The Kubernetes version of the image that the instance runs."""
    from sandbox.aws.services.ssm.images import version_of

    found = version_of(cluster.region, instance.image_id)
    return found or (group.data["version"] if group else cluster.data["version"])


def _max_pods(cluster: Cluster, kind: dict[str, Any], cpu: int) -> int:
    """With prefix delegation 110 (250 from 30 CPUs on), else what the interfaces' addresses allow."""
    addon = cluster.addons.get("vpc-cni") or {}
    values = yaml.safe_load(addon.get("configurationValues") or "{}") or {}
    if str(values.get("env", {}).get("ENABLE_PREFIX_DELEGATION", "false")).lower() == "true":
        return 110 if cpu < 30 else 250
    network = kind.get("NetworkInfo", {})
    interfaces = int(network.get("MaximumNetworkInterfaces", 3))
    return interfaces * (int(network.get("Ipv4AddressesPerInterface", 10)) - 1) + 2


def report(query: dict[str, str], body: dict[str, Any]) -> dict[str, Any]:
    """Take what the agent says of one cluster."""
    wanted = body["arn"]
    for clusters in state.remembered.clusters.values():
        for cluster in clusters.values():
            if cluster.data["arn"] != wanted:
                continue
            if body.get("gone"):
                cluster.report.present = cluster.report.ready = False
                cluster.report.nodes_ready = set()
                return {}
            if body.get("failed"):
                cluster.data["status"] = "FAILED"
                cluster.data["health"] = {"issues": [{"code": "InternalFailure", "message": body["failed"]}]}
                return {}
            cluster.report.present = True
            cluster.report.ready = bool(body.get("ready"))
            cluster.report.nodes_ready = set(body.get("nodes_ready") or [])
            if body.get("endpoint"):
                cluster.data["endpoint"] = body["endpoint"]
            if body.get("certificate_authority"):
                cluster.data["certificateAuthority"] = {"data": body["certificate_authority"]}
            state.tick()
            return {}
    return {"unknown": json.dumps(wanted)}


PATHS: dict[tuple[str, str], Callable[[dict[str, str], dict[str, Any]], Any]] = {
    ("GET", "/_sandbox/kubernetes"): describe,
    ("PUT", "/_sandbox/kubernetes/clusters"): report,
}

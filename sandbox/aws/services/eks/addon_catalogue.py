"""Which add-ons EKS has, in which versions for which Kubernetes, and what they can be told."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sandbox.aws.front.call import Call
from sandbox.aws.services.eks import versions as kubernetes
from sandbox.aws.services.eks.model import invalid_parameter, not_found, page

OBJECT = {"type": "object"}
STRINGS = {"type": "object", "additionalProperties": {"type": "string"}}
LIST = {"type": "array"}
WORKLOAD: dict[str, Any] = {"resources": OBJECT, "tolerations": LIST, "affinity": OBJECT, "nodeSelector": STRINGS}


@dataclass(frozen=True)
class Addon:
    """``releases``: version -> (first, last) Kubernetes minor number, newest first; the first that fits is offered
    first, and the second that fits is the default (AWS makes a version the default some time after its release)."""

    kind: str
    namespace: str
    releases: dict[str, tuple[int, int]]
    properties: dict[str, Any]
    needs_nodes: bool = False
    # Service account -> managed policies that EKS recommends for it.
    pod_identity: dict[str, tuple[str, ...]] | None = None


def _kube_proxy() -> dict[str, tuple[int, int]]:
    releases = {}
    for version in kubernetes.VERSIONS.values():
        minor, patch = kubernetes.number(version.minor), int(version.patch.split(".")[2])
        for older, build in ((0, 3), (1, 5)):
            if patch - older >= 0:
                releases[f"v{version.minor}.{patch - older}-eksbuild.{build}"] = (minor, minor + 2)
    return releases


POLICY = "arn:aws:iam::aws:policy/"
ADDONS = {
    "vpc-cni": Addon(
        "networking",
        "kube-system",
        {
            "v1.21.2-eksbuild.1": (31, 36),
            "v1.21.1-eksbuild.3": (31, 36),
            "v1.20.5-eksbuild.1": (31, 36),
            "v1.20.4-eksbuild.2": (31, 35),
            "v1.19.6-eksbuild.7": (31, 34),
        },
        {
            **WORKLOAD,
            "env": STRINGS,
            "init": OBJECT,
            "eniConfig": OBJECT,
            "nodeAgent": OBJECT,
            "enableNetworkPolicy": {"type": "string", "enum": ["true", "false"]},
            "enableWindowsIpam": {"type": "string"},
            "enableWindowsPrefixDelegation": {"type": "string"},
            "livenessProbeTimeoutSeconds": {"type": "integer"},
            "readinessProbeTimeoutSeconds": {"type": "integer"},
            "podAnnotations": STRINGS,
            "podLabels": STRINGS,
            "warmWindowsPrefixTarget": {"type": "integer"},
        },
        pod_identity={"aws-node": (POLICY + "AmazonEKS_CNI_Policy",)},
    ),
    "kube-proxy": Addon(
        "networking",
        "kube-system",
        _kube_proxy(),
        {
            **WORKLOAD,
            "mode": {"type": "string", "enum": ["iptables", "ipvs", "nftables"]},
            "ipvs": OBJECT,
            "podAnnotations": STRINGS,
            "podLabels": STRINGS,
        },
    ),
    "coredns": Addon(
        "networking",
        "kube-system",
        {
            "v1.13.2-eksbuild.4": (34, 36),
            "v1.13.2-eksbuild.1": (34, 36),
            "v1.12.4-eksbuild.10": (32, 35),
            "v1.12.4-eksbuild.6": (32, 35),
            "v1.11.4-eksbuild.28": (31, 33),
            "v1.11.4-eksbuild.24": (31, 33),
        },
        {
            **WORKLOAD,
            "replicaCount": {"type": "integer", "minimum": 0},
            "autoScaling": OBJECT,
            "computeType": {"type": "string"},
            "corefile": {"type": "string"},
            "podDisruptionBudget": OBJECT,
            "topologySpreadConstraints": LIST,
            "podAnnotations": STRINGS,
            "podLabels": STRINGS,
        },
        needs_nodes=True,
    ),
    "eks-pod-identity-agent": Addon(
        "security",
        "kube-system",
        {
            "v1.3.11-eksbuild.1": (31, 36),
            "v1.3.10-eksbuild.2": (31, 36),
            "v1.3.9-eksbuild.5": (31, 35),
        },
        {**WORKLOAD, "agent": OBJECT, "priorityClassName": {"type": "string"}, "podAnnotations": STRINGS},
    ),
    "aws-ebs-csi-driver": Addon(
        "storage",
        "kube-system",
        {
            "v1.57.1-eksbuild.1": (31, 36),
            "v1.56.0-eksbuild.1": (31, 36),
            "v1.55.0-eksbuild.2": (31, 35),
        },
        {
            "controller": OBJECT,
            "node": OBJECT,
            "sidecars": OBJECT,
            "defaultStorageClass": OBJECT,
            "additionalDaemonSets": OBJECT,
        },
        needs_nodes=True,
        pod_identity={"ebs-csi-controller-sa": (POLICY + "service-role/AmazonEBSCSIDriverPolicy",)},
    ),
    "metrics-server": Addon(
        "observability",
        "kube-system",
        {
            "v0.8.1-eksbuild.2": (31, 36),
            "v0.8.0-eksbuild.6": (31, 36),
            "v0.7.2-eksbuild.4": (31, 34),
        },
        {
            **WORKLOAD,
            "replicas": {"type": "integer", "minimum": 0},
            "podDisruptionBudget": OBJECT,
            "topologySpreadConstraints": LIST,
            "updateStrategy": OBJECT,
            "podAnnotations": STRINGS,
            "podLabels": STRINGS,
        },
        needs_nodes=True,
    ),
    "amazon-cloudwatch-observability": Addon(
        "observability",
        "amazon-cloudwatch",
        {
            "v4.11.0-eksbuild.1": (31, 36),
            "v4.10.0-eksbuild.1": (31, 36),
            "v4.9.0-eksbuild.1": (31, 35),
        },
        {"agent": OBJECT, "containerLogs": OBJECT, "tolerations": LIST, "manager": OBJECT, "dcgmExporter": OBJECT},
        needs_nodes=True,
        pod_identity={
            "cloudwatch-agent": (POLICY + "CloudWatchAgentServerPolicy", POLICY + "AWSXrayWriteOnlyAccess"),
        },
    ),
}
# What bootstrapSelfManagedAddons installs.
SELF_MANAGED = ("vpc-cni", "kube-proxy", "coredns")


def versions(name: str, minor: str) -> list[str]:
    """The versions of an add-on that fit a Kubernetes minor, newest first."""
    wanted = kubernetes.number(minor)
    return [version for version, (first, last) in ADDONS[name].releases.items() if first <= wanted <= last]


def default_version(name: str, minor: str) -> str:
    fitting = versions(name, minor)
    return fitting[1] if len(fitting) > 1 else fitting[0]


def schema(name: str) -> str:
    return json.dumps(
        {
            "$schema": "http://json-schema.org/draft-06/schema#",
            "type": "object",
            "additionalProperties": False,
            "properties": ADDONS[name].properties,
        }
    )


def describe_addon_versions(call: Call) -> dict[str, Any]:
    p = call.parameters
    if p.get("addonName") and p["addonName"] not in ADDONS:
        raise not_found(f"Addon {p['addonName']} not found", addonName=p["addonName"])
    minors = [version.minor for version in kubernetes.offered()]
    if p.get("kubernetesVersion"):
        if p["kubernetesVersion"] not in kubernetes.VERSIONS:
            raise invalid_parameter(f"Kubernetes version {p['kubernetesVersion']} is not supported")
        minors = [p["kubernetesVersion"]]
    addons = []
    for name, addon in ADDONS.items():
        if (
            (p.get("addonName") and name != p["addonName"])
            or (p.get("types") and addon.kind not in p["types"])
            or (p.get("owners") and "aws" not in p["owners"])
            or (p.get("publishers") and "eks" not in p["publishers"])
        ):
            continue
        offered = []
        for version in addon.releases:
            fits = [minor for minor in minors if version in versions(name, minor)]
            if fits:
                offered.append(
                    {
                        "addonVersion": version,
                        "architecture": ["amd64", "arm64"],
                        "computeTypes": ["ec2", "hybrid"],
                        "compatibilities": [
                            {
                                "clusterVersion": minor,
                                "platformVersions": ["*"],
                                "defaultVersion": version == default_version(name, minor),
                            }
                            for minor in fits
                        ],
                        "requiresConfiguration": False,
                        "requiresIamPermissions": addon.pod_identity is not None,
                    }
                )
        addons.append(
            {
                "addonName": name,
                "type": addon.kind,
                "addonVersions": offered,
                "publisher": "eks",
                "owner": "aws",
                "defaultNamespace": addon.namespace,
            }
        )
    return page(call, "addons", addons)


def describe_addon_configuration(call: Call) -> dict[str, Any]:
    name, version = call.parameters["addonName"], call.parameters["addonVersion"]
    if name not in ADDONS or version not in ADDONS[name].releases:
        raise not_found(f"Addon {name} version {version} not found", addonName=name)
    return {
        "addonName": name,
        "addonVersion": version,
        "configurationSchema": schema(name),
        "podIdentityConfiguration": [
            {"serviceAccount": account, "recommendedManagedPolicies": list(policies)}
            for account, policies in (ADDONS[name].pod_identity or {}).items()
        ],
    }

"""From the emulator's instances to Node objects, as the kubelet and EKS's node groups write them."""

from __future__ import annotations

import datetime
import hashlib
import json
from typing import Any

from sandbox import tools

# What the agent declared last, so that it takes back only what it gave: others may label and taint nodes too.
DECLARED = "sandbox.slipway/declared"
NOT_READY = (
    "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady "
    "message:Network plugin returns error: cni plugin not initialized"
)


def labels(node: dict[str, Any]) -> dict[str, str]:
    """Labels of the kubelet, of the cloud provider and, for a managed node group, of EKS."""
    architecture = str(node.get("architecture") or "amd64").replace("x86_64", "amd64")
    found = {
        "beta.kubernetes.io/arch": architecture,
        "beta.kubernetes.io/instance-type": node["instance_type"],
        "beta.kubernetes.io/os": "linux",
        "failure-domain.beta.kubernetes.io/region": node["region"],
        "failure-domain.beta.kubernetes.io/zone": node["zone"],
        "k8s.io/cloud-provider-aws": hashlib.md5(node["region"].encode(), usedforsecurity=False).hexdigest(),
        "kubernetes.io/arch": architecture,
        "kubernetes.io/hostname": node["private_dns_name"],
        "kubernetes.io/os": "linux",
        "node.kubernetes.io/instance-type": node["instance_type"],
        "topology.k8s.aws/zone-id": node["zone_id"],
        "topology.kubernetes.io/region": node["region"],
        "topology.kubernetes.io/zone": node["zone"],
        **(node.get("labels") or {}),
    }
    if node.get("nodegroup"):
        managed = {
            "eks.amazonaws.com/capacityType": node["capacity_type"],
            "eks.amazonaws.com/nodegroup": node["nodegroup"],
            "eks.amazonaws.com/nodegroup-image": node.get("image_id"),
            "eks.amazonaws.com/sourceLaunchTemplateId": node.get("launch_template_id"),
            "eks.amazonaws.com/sourceLaunchTemplateVersion": node.get("launch_template_version"),
        }
        found |= {name: str(value) for name, value in managed.items() if value}
    return found


def taints(node: dict[str, Any]) -> list[dict[str, str]]:
    """Taints of the node group in Kubernetes's spelling (NoSchedule; EKS's API says NO_SCHEDULE)."""
    return [
        {
            "key": taint["key"],
            **({"value": taint["value"]} if taint.get("value") else {}),
            "effect": "".join(part.capitalize() for part in taint["effect"].split("_"))
            if "_" in taint["effect"]
            else taint["effect"],
        }
        for taint in node.get("taints") or []
    ]


def allocatable(cpu: int, memory_mib: int, pods: int) -> dict[str, str]:
    """What EKS's AMIs leave to pods: bootstrap's kube-reserved (255 MiB + 11 MiB a pod; 6 % of the first core, 1 % of
    the second, 0.5 % of the next two, 0.25 % of the rest) and 100 MiB before eviction.
    """
    reserved = sum(60 if core == 0 else 10 if core == 1 else 5 if core < 4 else 2.5 for core in range(cpu))
    memory = max(memory_mib - 255 - 11 * pods - 100, memory_mib // 4)
    return {
        "cpu": f"{cpu * 1000 - int(reserved)}m",
        "memory": f"{memory}Mi",
        "pods": str(pods),
        "ephemeral-storage": "17Gi",
    }


def kubelet_version(node: dict[str, Any]) -> str:
    """v<version>-eks-...: of the AMI's release when it is known, else with the patch of our programs."""
    release = str(node.get("release_version") or "").split("-")[0]
    if release.count(".") == 2:
        return f"v{release}-eks-5b6f8a0"
    return f"v{node['version']}.{tools.kubernetes_version().rsplit('.', 1)[1]}-eks-5b6f8a0"


def conditions(ready: bool) -> list[dict[str, str]]:
    now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    healthy = {
        "MemoryPressure": ("KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
        "DiskPressure": ("KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
        "PIDPressure": ("KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    }
    times = {"lastHeartbeatTime": now, "lastTransitionTime": now}
    found = [
        {"type": kind, "status": "False", "reason": reason, "message": text, **times}
        for kind, (reason, text) in healthy.items()
    ]
    if ready:
        return [
            *found,
            {
                "type": "Ready",
                "status": "True",
                "reason": "KubeletReady",
                "message": "kubelet is posting ready status",
                **times,
            },
        ]
    return [*found, {"type": "Ready", "status": "False", "reason": "KubeletNotReady", "message": NOT_READY, **times}]


def declared(node: dict[str, Any]) -> str:
    return json.dumps({"labels": labels(node), "taints": taints(node)}, sort_keys=True)


def create(node: dict[str, Any], ready: bool) -> dict[str, Any]:
    """The Node object of a new instance."""
    cpu, memory, pods = int(node["cpu"]), int(node["memory_mib"]), int(node["max_pods"])
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": node["private_dns_name"],
            "labels": labels(node),
            "annotations": {DECLARED: declared(node), "alpha.kubernetes.io/provided-node-ip": node["private_ip"]},
        },
        "spec": {"providerID": f"aws:///{node['zone']}/{node['instance_id']}", "taints": taints(node)},
        "status": {
            "capacity": {"cpu": str(cpu), "memory": f"{memory}Mi", "pods": str(pods), "ephemeral-storage": "20Gi"},
            "allocatable": allocatable(cpu, memory, pods),
            "conditions": conditions(ready),
            "addresses": [
                {"type": "InternalIP", "address": node["private_ip"]},
                {"type": "InternalDNS", "address": node["private_dns_name"]},
                {"type": "Hostname", "address": node["private_dns_name"]},
            ],
            "nodeInfo": {
                "architecture": labels(node)["kubernetes.io/arch"],
                "bootID": node["instance_id"],
                "containerRuntimeVersion": "containerd://2.1.5",
                "kernelVersion": "6.12.55-74.119.amzn2023.x86_64",
                "kubeProxyVersion": "",
                "kubeletVersion": kubelet_version(node),
                "machineID": node["instance_id"],
                "operatingSystem": "linux",
                "osImage": "Bottlerocket (aws-k8s)"
                if "BOTTLEROCKET" in str(node.get("ami_type"))
                else "Amazon Linux 2023",
                "systemUUID": node["instance_id"],
            },
        },
    }


def is_ready(found: dict[str, Any]) -> bool:
    """Whether a Node object of the API server is Ready."""
    return any(
        entry["type"] == "Ready" and entry["status"] == "True"
        for entry in found.get("status", {}).get("conditions", [])
    )


def change(node: dict[str, Any], found: dict[str, Any]) -> dict[str, Any] | None:
    """A merge patch that brings labels and taints to what the node group declares now, None if they are."""
    before_text = found["metadata"].get("annotations", {}).get(DECLARED, "{}")
    if before_text == declared(node):
        return None
    before = json.loads(before_text)
    removed = {name: None for name in before.get("labels", {}) if name not in labels(node)}
    own = {(taint["key"], taint["effect"]) for taint in (*before.get("taints", []), *taints(node))}
    others = [taint for taint in found["spec"].get("taints", []) if (taint["key"], taint["effect"]) not in own]
    return {
        "metadata": {"labels": {**removed, **labels(node)}, "annotations": {DECLARED: declared(node)}},
        "spec": {"taints": [*taints(node), *others]},
    }

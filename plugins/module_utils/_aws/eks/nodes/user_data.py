# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""User data of nodes: nodeadm's configuration for Amazon Linux 2023 and settings for Bottlerocket. Pure.

In a plan user data is a mapping: `system` (`al2023` or `bottlerocket`), `cluster` (the cluster that the node joins by
itself; left out where EKS adds it), `max_pods`, `labels`, `taints`. What reads as nothing of the kind stays text.
"""

from __future__ import annotations

import base64
import binascii
import email
import json
import tomllib
from collections.abc import Mapping
from typing import Any

from ...._core.plan import Value

BOUNDARY = "slipway"
NODEADM = "application/node.eks.aws"
_EFFECTS = {"NO_SCHEDULE": "NoSchedule", "NO_EXECUTE": "NoExecute", "PREFER_NO_SCHEDULE": "PreferNoSchedule"}

Cluster = Mapping[str, str]
"""`name`, `endpoint`, `certificate_authority` (base64 PEM) and `service_cidr`."""


def render(data: Value, cluster: Cluster | None) -> str:
    """User data as launch templates hold it, base64 of it. `cluster` is needed where `data` names one."""
    if isinstance(data, str):
        text = data
    elif data["system"] == "bottlerocket":
        text = _toml(_bottlerocket(data, cluster))
    else:
        text = _mime(_nodeadm(data, cluster))
    return base64.b64encode(text.encode()).decode()


def parse(encoded: str, cluster: Cluster | None) -> Value:
    """The mapping that renders to this user data, or its text where none does."""
    try:
        text = base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return encoded
    for candidate in (_from_nodeadm(text), _from_bottlerocket(text)):
        if candidate is not None:
            data = {**candidate, **({"cluster": cluster["name"]} if cluster and candidate.get("cluster") else {})}
            if _renders(data, cluster, encoded):
                return data
    return text


def _renders(data: Mapping[str, Value], cluster: Cluster | None, encoded: str) -> bool:
    return (cluster is not None or "cluster" not in data) and render(data, cluster) == encoded


def _nodeadm(data: Mapping[str, Any], cluster: Cluster | None) -> dict[str, Any]:
    """NodeConfig of nodeadm. Source: "NodeConfig API", awslabs.github.io/amazon-eks-ami."""
    spec: dict[str, Any] = {}
    if "cluster" in data and cluster is not None:
        spec["cluster"] = {
            "name": cluster["name"],
            "apiServerEndpoint": cluster["endpoint"],
            "certificateAuthority": cluster["certificate_authority"],
            "cidr": cluster["service_cidr"],
        }
    kubelet: dict[str, Any] = {}
    if "max_pods" in data:
        kubelet["config"] = {"maxPods": data["max_pods"]}
    flags = []
    if data.get("labels"):
        flags.append("--node-labels=" + ",".join(f"{key}={value}" for key, value in sorted(data["labels"].items())))
    if data.get("taints"):
        taints = ",".join(f"{taint['key']}={taint['value']}:{_EFFECTS[taint['effect']]}" for taint in data["taints"])
        flags.append(f"--register-with-taints={taints}")
    if flags:
        kubelet["flags"] = flags
    if kubelet:
        spec["kubelet"] = kubelet
    return {"apiVersion": "node.eks.aws/v1alpha1", "kind": "NodeConfig", "spec": spec}


def _mime(config: Mapping[str, Any]) -> str:
    """The multi-part form that nodeadm reads and to which EKS can add its part; JSON is YAML."""
    return "\n".join(
        [
            "MIME-Version: 1.0",
            f'Content-Type: multipart/mixed; boundary="{BOUNDARY}"',
            "",
            f"--{BOUNDARY}",
            f"Content-Type: {NODEADM}",
            "",
            json.dumps(config, indent=2, sort_keys=True),
            f"--{BOUNDARY}--",
            "",
        ]
    )


def _from_nodeadm(text: str) -> dict[str, Any] | None:
    parts = [part for part in email.message_from_string(text).walk() if part.get_content_type() == NODEADM]
    if len(parts) != 1:
        return None
    try:
        spec = json.loads(str(parts[0].get_payload()))["spec"]
        kubelet = spec.get("kubelet", {})
        flags = dict(flag.removeprefix("--").split("=", 1) for flag in kubelet.get("flags", []))
        data: dict[str, Any] = {"system": "al2023"}
        if "cluster" in spec:
            data["cluster"] = spec["cluster"]["name"]
        if "config" in kubelet:
            data["max_pods"] = kubelet["config"]["maxPods"]
        if "node-labels" in flags:
            data["labels"] = dict(pair.split("=", 1) for pair in flags["node-labels"].split(","))
        if "register-with-taints" in flags:
            data["taints"] = [_taint(text) for text in flags["register-with-taints"].split(",")]
    except (ValueError, KeyError, TypeError, AttributeError, StopIteration):
        return None
    return data


def _taint(text: str) -> dict[str, str]:
    pair, effect = text.rsplit(":", 1)
    key, value = pair.split("=", 1)
    return {"effect": _effect(effect), "key": key, "value": value}


def _effect(word: str) -> str:
    return next(name for name, kubernetes in _EFFECTS.items() if kubernetes == word)


def _bottlerocket(data: Mapping[str, Any], cluster: Cluster | None) -> dict[str, Any]:
    """Settings of Bottlerocket. Source: "settings.kubernetes", bottlerocket.dev."""
    settings: dict[str, Any] = {}
    if "cluster" in data and cluster is not None:
        settings["cluster-name"] = cluster["name"]
        settings["api-server"] = cluster["endpoint"]
        settings["cluster-certificate"] = cluster["certificate_authority"]
    if "max_pods" in data:
        settings["max-pods"] = data["max_pods"]
    if data.get("labels"):
        settings["node-labels"] = dict(sorted(data["labels"].items()))
    if data.get("taints"):
        taints: dict[str, list[str]] = {}
        for taint in data["taints"]:
            taints.setdefault(taint["key"], []).append(f"{taint['value']}:{_EFFECTS[taint['effect']]}")
        settings["node-taints"] = taints
    return settings


def _toml(settings: Mapping[str, Any]) -> str:
    lines = ["[settings.kubernetes]"]
    lines += [f"{key} = {json.dumps(value)}" for key, value in settings.items() if not isinstance(value, Mapping)]
    for key, table in settings.items():
        if isinstance(table, Mapping):
            lines += ["", f"[settings.kubernetes.{key}]"]
            lines += [f"{json.dumps(name)} = {json.dumps(value)}" for name, value in table.items()]
    return "\n".join([*lines, ""])


def _from_bottlerocket(text: str) -> dict[str, Any] | None:
    try:
        settings = tomllib.loads(text)["settings"]["kubernetes"]
        data: dict[str, Any] = {"system": "bottlerocket"}
        if "cluster-name" in settings:
            data["cluster"] = settings["cluster-name"]
        if "max-pods" in settings:
            data["max_pods"] = settings["max-pods"]
        if "node-labels" in settings:
            data["labels"] = settings["node-labels"]
        if "node-taints" in settings:
            pairs = [(key, entry) for key, entries in settings["node-taints"].items() for entry in entries]
            data["taints"] = [_taint(f"{key}={entry}") for key, entry in pairs]
    except (ValueError, KeyError, TypeError, AttributeError, StopIteration):
        return None
    return data

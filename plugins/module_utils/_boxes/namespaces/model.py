# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of `namespaces` and what they declare. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..._aws.account import Account
from ..._core.plan import Ref, Refusal, Value
from ..._kubernetes import names, ownership, quantities
from ..._kubernetes.core import limit_ranges, namespaces, resource_quotas

MODES = ("enforce", "audit", "warn")
LEVELS = ("privileged", "baseline", "restricted")
TYPES = ("Container", "Pod", "PersistentVolumeClaim")

_POD_SECURITY: dict[str, dict[str, Any]] = {
    **{mode: {"type": "str", "choices": list(LEVELS)} for mode in MODES},
    **{f"{mode}_version": {"type": "str"} for mode in MODES},
}

_PARTS = {
    "max": "max",
    "min": "min",
    "default": "default",
    "default_request": "defaultRequest",
    "max_limit_request_ratio": "maxLimitRequestRatio",
}
"""Option -> Kubernetes' name of a part of a limit."""

OPTIONS: dict[str, dict[str, Any]] = {
    "namespaces": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "name": {"type": "str", "required": True},
            "labels": {"type": "dict"},
            "annotations": {"type": "dict"},
            "pod_security": {"type": "dict", "options": _POD_SECURITY},
            "quota": {"type": "dict", "options": {"hard": {"type": "dict", "required": True}}},
            "limit_range": {
                "type": "dict",
                "options": {
                    "limits": {
                        "type": "list",
                        "elements": "dict",
                        "required": True,
                        "options": {
                            "type": {"type": "str", "choices": list(TYPES), "required": True},
                            **{part: {"type": "dict", "default": {}} for part in _PARTS},
                        },
                    }
                },
            },
        },
    },
    "delete_volumes": {"type": "bool", "default": False},
}

_VERSION = re.compile(r"latest|v1\.[0-9]{1,3}")


@dataclass(frozen=True)
class Namespace:
    """One namespace; None leaves alone what stands.

    :param pod_security: `enforce`, `enforce-version`, `audit`, ... -> level or version, as Kubernetes' labels say it.
    :param quota: resource -> quantity; None for no quota.
    :param limits: Kubernetes' LimitRangeItems; None for no limit range.
    """

    name: str
    labels: Mapping[str, str] | None
    annotations: Mapping[str, str] | None
    pod_security: Mapping[str, str] | None
    quota: Mapping[str, str] | None
    limits: tuple[limit_ranges.Limit, ...] | None


@dataclass(frozen=True)
class Namespaces:
    """:param tried: what the API server would make of objects that are to change."""

    platform: str
    namespaces: tuple[Namespace, ...]
    absent: bool
    adopt: bool
    force_conflicts: bool
    delete_volumes: bool
    tried: Mapping[Ref, Mapping[str, Any]] = field(default_factory=dict)


def parse(params: Mapping[str, Value], account: Account) -> Namespaces:
    found: list[Namespace] = []
    for position, given in enumerate(params["namespaces"]):
        entry = _namespace(f"namespaces[{position}]", given)
        if entry.name in (other.name for other in found):
            raise Refusal(f"namespaces[{position}].name", entry.name, "each name is allowed once")
        found.append(entry)
    return Namespaces(
        params["platform_name"],
        tuple(found),
        params["state"] == "absent",
        params["adopt"],
        params["force_conflicts"],
        params["delete_volumes"],
    )


def _namespace(option: str, given: Mapping[str, Any]) -> Namespace:
    name = names.dns_label(f"{option}.name", given["name"])
    labels = given["labels"]
    if labels is not None:
        labels = names.check_labels(f"{option}.labels", labels)
        for key, value in labels.items():
            if key.startswith(namespaces.POD_SECURITY):
                raise Refusal(f"{option}.labels.{key}", value, "the option pod_security is there for it")
            if key.startswith(ownership.RESERVED) or key == "kubernetes.io/metadata.name":
                raise Refusal(f"{option}.labels.{key}", value, "this key is reserved")
    annotations = given["annotations"]
    if annotations is not None:
        annotations = names.check_annotations(f"{option}.annotations", annotations)
    security, quota, limits = given["pod_security"], given["quota"], given["limit_range"]
    return Namespace(
        name,
        labels,
        annotations,
        None if security is None else _pod_security(f"{option}.pod_security", security),
        None if quota is None else _hard(f"{option}.quota.hard", quota["hard"]),
        None if limits is None else _limits(f"{option}.limit_range.limits", limits["limits"]),
    )


def _pod_security(option: str, given: Mapping[str, str | None]) -> dict[str, str]:
    """Source: "Pod Security Admission", Kubernetes documentation."""
    labels: dict[str, str] = {}
    for mode in MODES:
        level, version = given[mode], given[f"{mode}_version"]
        if level is not None:
            labels[mode] = level
        if version is not None:
            if level is None:
                raise Refusal(f"{option}.{mode}_version", version, f"it is allowed with {mode} only")
            if not _VERSION.fullmatch(version):
                allowed = "latest is allowed, or a Kubernetes minor such as v1.35"
                raise Refusal(f"{option}.{mode}_version", version, allowed)
            labels[f"{mode}-version"] = version
    return labels


def _hard(option: str, given: Mapping[str, Value]) -> dict[str, str]:
    if not given:
        raise Refusal(option, given, "at least one resource is required; leave the quota out where there is none")
    hard: dict[str, str] = {}
    for resource, value in given.items():
        here = f"{option}.{resource}"
        domain = isinstance(resource, str) and "/" in resource and names.qualified(resource)
        if resource not in resource_quotas.STANDARD and not domain and not _huge_pages(resource):
            allowed = (
                "a resource that a quota can limit is allowed, such as requests.cpu, limits.memory, pods, "
                "requests.storage, count/deployments.apps or requests.nvidia.com/gpu"
            )
            raise Refusal(here, value, allowed)
        hard[resource] = quantities.checked(here, value)
        counted = not str(resource).endswith(resource_quotas.MEASURED) and not _huge_pages(resource)
        if counted and not quantities.whole(hard[resource]):
            raise Refusal(here, value, "a whole number is allowed")
    return hard


def _huge_pages(resource: Value) -> bool:
    """Whether a quota limits huge pages, `requests.hugepages-2Mi`."""
    _prefix, found, size = str(resource).removeprefix("requests.").partition("hugepages-")
    return bool(found) and not _prefix and quantities.parsed(size) is not None


def _limits(option: str, given: list[Mapping[str, Any]]) -> tuple[limit_ranges.Limit, ...]:
    if not given:
        raise Refusal(option, given, "at least one limit is required; leave the limit range out where there is none")
    limits: list[limit_ranges.Limit] = []
    for position, entry in enumerate(given):
        if entry["type"] in (limit["type"] for limit in limits):
            raise Refusal(f"{option}[{position}].type", entry["type"], "each type is allowed once")
        limits.append(_limit(f"{option}[{position}]", entry))
    return tuple(sorted(limits, key=limit_ranges.order))


def _limit(option: str, given: Mapping[str, Any]) -> limit_ranges.Limit:
    """Source: "Limit Ranges", Kubernetes documentation."""
    kind = given["type"]
    limit: dict[str, Any] = {"type": kind}
    for part, name in _PARTS.items():
        for resource, value in given[part].items():
            here = f"{option}.{part}.{resource}"
            allowed = ("storage",) if kind == "PersistentVolumeClaim" else ("cpu", "memory", "ephemeral-storage")
            domain = isinstance(resource, str) and "/" in resource and names.qualified(resource)
            if resource not in allowed and (kind == "PersistentVolumeClaim" or not (domain or _huge_pages(resource))):
                raise Refusal(here, value, f"allowed for {kind} are {', '.join(allowed)}")
            limit.setdefault(name, {})[resource] = quantities.checked(here, value)
    if kind == "Pod":
        for part in ("default", "default_request"):
            if given[part]:
                raise Refusal(f"{option}.{part}", given[part], "it is not allowed for Pod")
    if kind == "PersistentVolumeClaim" and not (given["max"] or given["min"]):
        raise Refusal(option, kind, "max or min of storage is required for it")
    if len(limit) == 1:
        raise Refusal(option, kind, "at least one of max, min, default, default_request is required for it")
    _ordered(option, limit)
    return limit_ranges.defaulted(limit)


def _ordered(option: str, limit: limit_ranges.Limit) -> None:
    """min <= default_request <= default <= max, and a ratio of at least 1; Refusal."""
    order = [(part, limit.get(_PARTS[part], {})) for part in ("min", "default_request", "default", "max")]
    for position, (lower, least) in enumerate(order):
        for higher, most in order[position + 1 :]:
            for resource in sorted(least.keys() & most.keys()):
                if quantities.number(least[resource]) > quantities.number(most[resource]):
                    allowed = f"at most {higher} is allowed, which is {most[resource]}"
                    raise Refusal(f"{option}.{lower}.{resource}", least[resource], allowed)
    for resource, ratio in limit.get("maxLimitRequestRatio", {}).items():
        if quantities.number(ratio) < 1:
            raise Refusal(f"{option}.max_limit_request_ratio.{resource}", ratio, "1 or more is allowed")

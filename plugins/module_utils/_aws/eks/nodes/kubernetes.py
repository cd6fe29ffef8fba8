# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Kubernetes' rules for labels, taints and versions of nodes. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ...._core.plan import Refusal

RESERVED = ("kubernetes.io", "k8s.io", "eks.amazonaws.com")
"""Domains whose labels no node may give itself, nor their subdomains. EKS refuses them for node groups, and the kubelet
refuses most of them. Sources: CreateNodegroup's own refusal; "NodeRestriction", Kubernetes documentation."""

EFFECTS = ("NO_SCHEDULE", "NO_EXECUTE", "PREFER_NO_SCHEDULE")
SKEW = 3
"""How many minors a node may be older than its control plane. Source: "Version Skew Policy", Kubernetes."""

_NAME = re.compile(r"[A-Za-z0-9]([-_.A-Za-z0-9]{0,61}[A-Za-z0-9])?")
_PREFIX = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*")
_VERSION = re.compile(r"1\.\d{2}")
_NAME_WORDS = "1 to 63 letters, digits, '-', '_' and '.', beginning and ending with a letter or digit"


def check_key(option: str, value: Any, key: str) -> None:
    """Refusal for a key of a label or taint that Kubernetes or EKS refuses."""
    prefix, slash, name = key.rpartition("/")
    if slash and (len(prefix) > 253 or not _PREFIX.fullmatch(prefix)):
        raise Refusal(
            option, value, f"before the slash of the key '{key}' a DNS name of at most 253 characters is allowed"
        )
    if not _NAME.fullmatch(name):
        raise Refusal(option, value, f"a key has {_NAME_WORDS}, after an optional DNS name and a slash")
    if prefix in RESERVED or prefix.endswith(tuple(f".{domain}" for domain in RESERVED)):
        raise Refusal(
            option, value, f"keys that begin with {', '.join(f'{domain}/' for domain in RESERVED)} are reserved"
        )


def labels(option: str, given: Mapping[str, Any]) -> dict[str, str]:
    """Labels as text, or Refusal. EKS takes no empty value."""
    answer = {}
    for key, value in given.items():
        path = f"{option}.{key}"
        check_key(path, value, key)
        if not isinstance(value, str) or not _NAME.fullmatch(value):
            raise Refusal(path, value, f"a value is a text (in quotes) of {_NAME_WORDS}")
        answer[key] = value
    return answer


def taints(option: str, given: Sequence[Mapping[str, Any]]) -> tuple[dict[str, str], ...]:
    """Taints sorted by key and effect, at most 50, or Refusal."""
    if len(given) > 50:
        raise Refusal(option, f"{len(given)} taints", "at most 50 are allowed")
    answer: list[dict[str, str]] = []
    for position, taint in enumerate(given):
        path = f"{option}[{position}]"
        check_key(f"{path}.key", taint["key"], taint["key"])
        if taint["value"] and not _NAME.fullmatch(taint["value"]):
            raise Refusal(f"{path}.value", taint["value"], f"a value is empty or has {_NAME_WORDS}")
        if any(other["key"] == taint["key"] and other["effect"] == taint["effect"] for other in answer):
            raise Refusal(f"{path}.key", taint["key"], "each key is allowed once with the same effect")
        answer.append({name: taint[name] for name in ("effect", "key", "value")})
    return tuple(sorted(answer, key=lambda taint: (taint["key"], taint["effect"])))


def version(option: str, given: str, known: Mapping[str, Mapping[str, str]] | None) -> str:
    """A minor such as '1.35', or Refusal; `known` are the versions that EKS names, where they were read."""
    if not _VERSION.fullmatch(given):
        raise Refusal(option, given, "a Kubernetes minor in quotes is allowed, such as '1.35'")
    if known is not None and given not in known:
        raise Refusal(option, given, f"EKS knows {', '.join(sorted(known, key=minor))}")
    return given


def minor(name: str) -> int:
    """The second number of '1.35'."""
    return int(name.split(".")[1])


def check_skew(option: str, wanted: str, cluster: str) -> None:
    """Refusal for nodes that are newer than their cluster, or too old for it."""
    oldest = f"1.{minor(cluster) - SKEW}"
    if not minor(oldest) <= minor(wanted) <= minor(cluster):
        raise Refusal(option, wanted, f"the cluster runs {cluster}, nodes of {oldest} to {cluster} are allowed")


def check_not_lowered(option: str, wanted: str, standing: str) -> None:
    """Refusal for a version below the one that stands: EKS takes no node group back."""
    if minor(wanted) < minor(standing):
        raise Refusal(
            option, wanted, f"the group runs {standing} and EKS takes none back, a group of another name can have it"
        )

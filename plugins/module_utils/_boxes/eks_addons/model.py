# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of `eks_addons` and what they declare. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..._aws.account import Account
from ..._core.plan import Ref, Refusal, Value

PHASES = ("all", "before_nodes", "after_nodes")

OPTIONS: dict[str, dict[str, Any]] = {
    "addons": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "name": {"type": "str", "required": True},
            "before_nodes": {"type": "bool", "default": False},
            "version": {"type": "str"},
            "configuration": {"type": "dict", "default": {}},
            "service_account": {"type": "str"},
            "role": {"type": "str"},
        },
    },
    "versions": {"type": "dict", "default": {}},
    "phase": {"type": "str", "choices": list(PHASES), "default": "all"},
    "wait": {"type": "bool", "default": True},
}

_NAME = re.compile(r"[0-9A-Za-z][A-Za-z0-9_-]{0,99}")
_VERSION = re.compile(r"v\d+\.\d+\.\d+-[a-z]+\.\d+")


@dataclass(frozen=True)
class Addon:
    """:param option: where its version was pinned, for messages.
    :param version: the pinned version; None keeps what stands and takes EKS's default for a new one.
    :param pod_identity: service account -> role.
    """

    name: str
    option: str
    version: str | None
    configuration: Mapping[str, Any]
    pod_identity: Mapping[str, Ref]


@dataclass(frozen=True)
class EksAddons:
    """:param addons: those of the phase, in the order in which they are made.
    :param others: names of those that the other phase has.
    """

    platform: str
    tags: Mapping[str, str]
    addons: tuple[Addon, ...]
    others: frozenset[str]
    absent: bool


def parse(params: Mapping[str, Value], account: Account) -> EksAddons:
    platform, versions = params["platform_name"], params["versions"]
    names = [entry["name"] for entry in params["addons"]]
    for name, version in versions.items():
        _check_version(f"versions.{name}", version)
    addons: list[Addon] = []
    others: set[str] = set()
    for position, entry in enumerate(params["addons"]):
        option = f"addons[{position}]"
        addon = _addon(option, entry, platform, versions)
        if names.index(addon.name) != position:
            raise Refusal(f"{option}.name", addon.name, "each add-on is allowed once")
        phase = "before_nodes" if entry["before_nodes"] else "after_nodes"
        if params["phase"] in ("all", phase):
            addons.append(addon)
        else:
            others.add(addon.name)
    return EksAddons(platform, params["tags"], tuple(addons), frozenset(others), params["state"] == "absent")


def _addon(option: str, entry: Mapping[str, Any], platform: str, versions: Mapping[str, Any]) -> Addon:
    name = entry["name"]
    if not _NAME.fullmatch(name):
        raise Refusal(f"{option}.name", name, "the name of an EKS add-on is allowed, such as vpc-cni")
    if bool(entry["role"]) != bool(entry["service_account"]):
        lacking = "service_account" if entry["role"] else "role"
        raise Refusal(f"{option}.{lacking}", None, "role and service_account are required together")
    identity = {entry["service_account"]: Ref("iam_role", f"{platform}-{entry['role']}")} if entry["role"] else {}
    if entry["version"]:
        _check_version(f"{option}.version", entry["version"])
        return Addon(name, f"{option}.version", entry["version"], entry["configuration"], identity)
    return Addon(name, f"versions.{name}", versions.get(name) or None, entry["configuration"], identity)


def _check_version(option: str, version: Any) -> None:
    if version is not None and not (isinstance(version, str) and _VERSION.fullmatch(version)):
        raise Refusal(option, version, "the version of an EKS add-on is allowed, such as v1.21.1-eksbuild.3")


def minor(version: str) -> tuple[int, int]:
    """(1, 21) for `v1.21.1-eksbuild.3`."""
    major, second = version.removeprefix("v").split(".")[:2]
    return int(major), int(second)

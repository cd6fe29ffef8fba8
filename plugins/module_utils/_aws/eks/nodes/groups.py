# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options that every group of nodes has, and what they declare. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...._core.plan import Found, Impossible, Refusal, Value
from ...account import Account
from . import images, kubernetes

GROUP_OPTIONS: dict[str, dict[str, Any]] = {
    "name": {"type": "str", "required": True},
    "capacity_type": {"type": "str", "choices": ["ON_DEMAND", "SPOT"], "default": "ON_DEMAND"},
    "instance_types": {"type": "list", "elements": "str", "required": True},
    "ami_type": {"type": "str", "default": "AL2023_x86_64_STANDARD"},
    "version": {"type": "str"},
    "release_version": {"type": "str"},
    "availability_zones": {"type": "list", "elements": "str", "default": []},
    "min_size": {"type": "int", "default": 1},
    "max_size": {"type": "int", "required": True},
    "desired_size": {"type": "int"},
    "max_unavailable": {"type": "int"},
    "max_unavailable_percentage": {"type": "int"},
    "labels": {"type": "dict", "default": {}},
    "taints": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "key": {"type": "str", "required": True, "no_log": False},
            "value": {"type": "str", "default": ""},
            "effect": {"type": "str", "choices": list(kubernetes.EFFECTS), "required": True},
        },
    },
    "disk_size": {"type": "int", "default": 50},
    "max_pods": {"type": "int"},
    "detailed_monitoring": {"type": "bool", "default": False},
}

OPTIONS: dict[str, dict[str, Any]] = {
    "version": {"type": "str"},
    "availability_zones": {"type": "list", "elements": "str", "default": []},
    "role": {"type": "str", "default": "nodes"},
    "key": {"type": "str", "default": "nodes", "no_log": False},
    "security_groups": {"type": "list", "elements": "str", "default": ["nodes"]},
    "other_kind": {"type": "str", "choices": ["allowed", "refused"], "default": "allowed"},
    "delete_volumes": {"type": "bool", "default": False},
}
"""Options of the module itself, beside `groups`."""

TEMPLATE_OF_SCALING = "-self-managed"
"""End of the names of launch templates that belong to Auto Scaling groups of our own."""

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
NAME_LENGTH = 32
_GENERATION = re.compile(r".*-\d+")


@dataclass(frozen=True)
class Group:
    """:param name: `<platform>-<name>`; `option`: where the user wrote it, `groups[0]`.
    :param version: minor that is asked for, or None to keep what stands (a new group gets the cluster's).
    :param zones: names of the zones, `()` for those of all private subnets.
    :param desired: at creation; later it belongs to the autoscaler.
    :param max_unavailable: nodes, or None where `max_unavailable_percentage` counts.
    """

    option: str
    name: str
    capacity_type: str
    instance_types: tuple[str, ...]
    ami_type: str
    version: str | None
    release_version: str | None
    zones: tuple[str, ...]
    min_size: int
    max_size: int
    desired: int
    max_unavailable: int | None
    max_unavailable_percentage: int | None
    labels: Mapping[str, str]
    taints: tuple[Mapping[str, str], ...]
    disk_size: int
    max_pods: int | None
    detailed_monitoring: bool

    @property
    def image(self) -> images.AmiType:
        return images.AMI_TYPES[self.ami_type]


@dataclass(frozen=True)
class Nodes:
    """What all groups of one module share, with what `complete` adds to it.

    :param other_kind_refused: whether groups of the other kind, managed or Auto Scaling's own, must not stand.
    :param absent: whether all of it is to be deleted; `delete_volumes`: with what the cluster's pods left on volumes.
    :param subnets: names of the private subnets.
    :param cluster_version: minor of the cluster, None where nothing tells it.
    """

    platform: str
    tags: Mapping[str, str]
    account: Account
    groups: tuple[Group, ...]
    role: str
    key: str
    security_groups: tuple[str, ...]
    other_kind_refused: bool
    absent: bool
    delete_volumes: bool
    subnets: tuple[str, ...] = ()
    cluster_version: str | None = None

    def subnets_of(self, group: Group) -> list[str]:
        """The subnets of a group: a subnet's name ends in the letter of its zone."""
        return [name for name in self.subnets if not group.zones or self.zone_of(name) in group.zones]

    def zone_of(self, subnet: str) -> str:
        return f"{self.account.region}{subnet.rpartition('-')[2]}"


def template_name(group_name: str) -> str:
    """Name of the launch template of an Auto Scaling group of our own."""
    return f"{group_name}{TEMPLATE_OF_SCALING}"


def instance_types(params: Mapping[str, Value]) -> Iterable[str]:
    """Every instance type that is declared."""
    return sorted({name for group in params["groups"] or [] for name in group["instance_types"]})


def parse(params: Mapping[str, Value], account: Account) -> Nodes:
    """The shared part of a module with groups of nodes, or Refusal."""
    platform = params["platform_name"]
    zones = _zones("availability_zones", params["availability_zones"], account)
    version = params["version"] and kubernetes.version("version", params["version"], account.versions)
    groups: list[Group] = []
    for position, entry in enumerate(params["groups"]):
        option = f"groups[{position}]"
        group = _group(option, platform, entry, account, version or None, zones)
        if group.name in (other.name for other in groups):
            raise Refusal(f"{option}.name", entry["name"], "each name is allowed once")
        groups.append(group)
    return Nodes(
        platform=platform,
        tags=params["tags"],
        account=account,
        groups=tuple(groups),
        role=f"{platform}-{params['role']}",
        key=f"{platform}-{params['key']}",
        security_groups=tuple(f"{platform}-{name}" for name in params["security_groups"]),
        other_kind_refused=params["other_kind"] == "refused" and params["state"] == "present",
        absent=params["state"] == "absent",
        delete_volumes=params["delete_volumes"],
    )


def _group(
    option: str,
    platform: str,
    entry: Mapping[str, Any],
    account: Account,
    version: str | None,
    zones: tuple[str, ...],
) -> Group:
    if not _NAME.fullmatch(entry["name"]) or len(entry["name"]) > NAME_LENGTH:
        words = f"at most {NAME_LENGTH} lower-case letters, digits and single hyphens are allowed, a letter first"
        raise Refusal(f"{option}.name", entry["name"], words)
    if _GENERATION.fullmatch(entry["name"]) or entry["name"].endswith(TEMPLATE_OF_SCALING):
        words = f"names that end in a hyphen and a number or in '{TEMPLATE_OF_SCALING}' are reserved"
        raise Refusal(f"{option}.name", entry["name"], words)
    image = images.ami_type(f"{option}.ami_type", entry["ami_type"])
    if entry["version"]:
        version = kubernetes.version(f"{option}.version", entry["version"], account.versions)
    if entry["release_version"]:
        images.check_release(f"{option}.release_version", entry["release_version"], image, version)
    own_zones = _zones(f"{option}.availability_zones", entry["availability_zones"], account) or zones
    _check_types(option, entry, image, account, own_zones)
    _check_sizes(option, entry)
    _check_budget(option, entry)
    least = 1 if image.system == "bottlerocket" else 20
    if not least <= entry["disk_size"] <= 16384:
        raise Refusal(
            f"{option}.disk_size", entry["disk_size"], f"{least} to 16384 GiB are allowed with {entry['ami_type']}"
        )
    if entry["max_pods"] is not None and not 8 <= entry["max_pods"] <= 250:
        raise Refusal(f"{option}.max_pods", entry["max_pods"], "8 to 250 pods a node are allowed")
    budgeted = entry["max_unavailable"] is not None or entry["max_unavailable_percentage"] is not None
    return Group(
        option=option,
        name=f"{platform}-{entry['name']}",
        capacity_type=entry["capacity_type"],
        instance_types=tuple(entry["instance_types"]),
        ami_type=entry["ami_type"],
        version=version,
        release_version=entry["release_version"] or None,
        zones=own_zones,
        min_size=entry["min_size"],
        max_size=entry["max_size"],
        desired=entry["min_size"] if entry["desired_size"] is None else entry["desired_size"],
        max_unavailable=entry["max_unavailable"] if budgeted else 1,
        max_unavailable_percentage=entry["max_unavailable_percentage"],
        labels=kubernetes.labels(f"{option}.labels", entry["labels"]),
        taints=kubernetes.taints(f"{option}.taints", entry["taints"]),
        disk_size=entry["disk_size"],
        max_pods=entry["max_pods"],
        detailed_monitoring=entry["detailed_monitoring"],
    )


def _zones(option: str, given: Sequence[str], account: Account) -> tuple[str, ...]:
    for position, zone in enumerate(given):
        known = sorted(account.zones) if account.zones is not None else None
        if zone in given[:position]:
            raise Refusal(f"{option}[{position}]", zone, "each zone is allowed once")
        if known is not None and zone not in known:
            raise Refusal(f"{option}[{position}]", zone, f"zones of {account.region} are {', '.join(known)}")
        if not re.fullmatch(re.escape(account.region) + "[a-z]", zone):
            raise Refusal(
                f"{option}[{position}]", zone, f"a zone of {account.region} is allowed, such as '{account.region}a'"
            )
    return tuple(sorted(given))


def _check_types(
    option: str, entry: Mapping[str, Any], image: images.AmiType, account: Account, zones: tuple[str, ...]
) -> None:
    """Source of the limits: "CreateNodegroup", EKS API Reference (1 to 20 types)."""
    types = entry["instance_types"]
    if not 1 <= len(types) <= 20:
        raise Refusal(f"{option}.instance_types", types, "1 to 20 instance types are allowed")
    for position, name in enumerate(types):
        path = f"{option}.instance_types[{position}]"
        if name in types[:position]:
            raise Refusal(path, name, "each type is allowed once")
        if images.architecture(name) is None:
            raise Refusal(path, name, "an instance type is allowed, such as 'm7i.large'")
        offered = None if account.offerings is None else account.offerings.get(name)
        if offered is not None and not offered:
            raise Refusal(path, name, f"no zone of {account.region} offers it")
        if offered is not None:
            check_offered(path, name, offered, zones)
        if images.architecture(name) != images.architecture(types[0]):
            words = (
                f"it has {images.architecture(name)} processors and {types[0]} has {images.architecture(types[0])}, "
            )
            raise Refusal(path, name, f"{words}one architecture a group is allowed")
        if images.architecture(name) != image.architecture:
            words = f"it has {images.architecture(name)} processors and {entry['ami_type']} is for {image.architecture}"
            raise Refusal(path, name, words)


def check_offered(option: str, name: str, offered: Sequence[str], zones: Iterable[str]) -> None:
    """Refusal for a type that one of the zones does not offer."""
    lacking = [zone for zone in sorted(zones) if zone not in offered]
    if lacking:
        raise Refusal(
            option, name, f"{', '.join(lacking)} does not offer it, only {', '.join(offered)} can be chosen with it"
        )


def _check_sizes(option: str, entry: Mapping[str, Any]) -> None:
    least, most, desired = entry["min_size"], entry["max_size"], entry["desired_size"]
    if least < 0:
        raise Refusal(f"{option}.min_size", least, "0 and more nodes are allowed")
    if most < 1:
        raise Refusal(f"{option}.max_size", most, "1 and more nodes are allowed")
    if least > most:
        raise Refusal(f"{option}.min_size", least, f"at most max_size is allowed, which is {most}")
    if desired is not None and not least <= desired <= most:
        raise Refusal(f"{option}.desired_size", desired, f"min_size to max_size are allowed, {least} to {most}")


def _check_budget(option: str, entry: Mapping[str, Any]) -> None:
    number, share = entry["max_unavailable"], entry["max_unavailable_percentage"]
    if number is not None and share is not None:
        words = f"max_unavailable is set too ({number}), one of both is allowed"
        raise Refusal(f"{option}.max_unavailable_percentage", share, words)
    for name, value, unit in (("max_unavailable", number, "nodes"), ("max_unavailable_percentage", share, "percent")):
        if value is not None and not 1 <= value <= 100:
            raise Refusal(f"{option}.{name}", value, f"1 to 100 {unit} are allowed")


def check_places(spec: Nodes, group: Group) -> None:
    """Refusal for a type that a zone of the group's subnets does not offer, or for zones without a subnet."""
    zones = [spec.zone_of(name) for name in spec.subnets_of(group)]
    for zone in group.zones:
        if zone not in zones:
            standing = ", ".join(sorted(spec.zone_of(name) for name in spec.subnets))
            raise Refusal(f"{group.option}.availability_zones", zone, f"the platform has private subnets in {standing}")
    for position, name in enumerate(group.instance_types):
        offered = (spec.account.offerings or {}).get(name)
        if offered is not None:
            check_offered(f"{group.option}.instance_types[{position}]", name, offered, zones)


def check_version(spec: Nodes, group: Group, standing: str | None) -> None:
    """Refusal for a version that the cluster or the standing group does not allow."""
    option = f"{group.option}.version"
    if group.version is None:
        return
    if spec.cluster_version is not None:
        kubernetes.check_skew(option, group.version, spec.cluster_version)
    if standing is not None:
        kubernetes.check_not_lowered(option, group.version, standing)


def refuse_other_kind(kind: str, names: Sequence[str]) -> None:
    """Impossible where groups of the other kind stand.

    Source: "Delete a managed node group from your cluster", EKS User Guide, on nodes that share the role.
    """
    if names:
        raise Impossible(
            f"{kind} {', '.join(sorted(names))} stand: the nodes of both kinds have one role, and EKS takes its access "
            "back with the last managed node group; keep nodegroups_kind as it was, or first delete all nodes by "
            "nodegroups_state absent."
        )


def scaling(group: Group, found: Found | None) -> dict[str, int]:
    """Bounds as declared; the desired size is the autoscaler's and only brought inside them."""
    desired = group.desired if found is None else found.attributes["scaling"]["desired_size"]
    return {
        "min_size": group.min_size,
        "max_size": group.max_size,
        "desired_size": max(group.min_size, min(group.max_size, desired)),
    }


def changed_sizes(wanted: Mapping[str, int], standing: Mapping[str, int]) -> dict[str, int]:
    """The bounds, and the desired size only where it has to change: the autoscaler may be setting it at the moment."""
    scaling = dict(wanted)
    if scaling["desired_size"] == standing["desired_size"]:
        del scaling["desired_size"]
    return scaling


def spot_warnings(spec: Nodes) -> list[str]:
    """What is allowed but unwise: one instance type of spot capacity runs out at once."""
    return [
        f"The spot group '{group.name}' has one instance type; several of a similar size make interruptions rarer."
        for group in spec.groups
        if group.capacity_type == "SPOT" and len(group.instance_types) == 1
    ]


def architectures(spec: Nodes) -> list[str]:
    """The processor architectures of the groups in Kubernetes' words (`amd64`, `arm64`)."""
    return sorted({group.image.architecture for group in spec.groups})

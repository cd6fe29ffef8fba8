# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of `security_groups` and what they declare. Pure."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..._aws import tags as _tags
from ..._aws.account import Account
from ..._aws.ec2.model import Group, label
from ..._core.plan import Ref, Refusal, Value

PROTOCOLS = ("all", "icmp", "icmpv6", "tcp", "udp")

RULE: dict[str, Any] = {
    "description": {"type": "str", "required": True},
    "protocol": {"type": "str", "choices": list(PROTOCOLS), "default": "tcp"},
    "ports": {"type": "list", "elements": "str", "default": []},
    "security_groups": {"type": "list", "elements": "str", "default": []},
    "cluster_security_group": {"type": "bool", "default": False},
    "cidr_blocks": {"type": "list", "elements": "str", "default": []},
    "prefix_lists": {"type": "list", "elements": "str", "default": []},
}

OPTIONS: dict[str, dict[str, Any]] = {
    "component": {"type": "str", "default": "eks"},
    "groups": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "name": {"type": "str", "required": True},
            "description": {"type": "str", "required": True},
            "tags": {"type": "dict", "default": {}},
            "rules": {
                "type": "dict",
                "default": {},
                "options": {
                    "ingress": {"type": "list", "elements": "dict", "options": RULE, "default": []},
                    "egress": {"type": "list", "elements": "dict", "options": RULE, "default": []},
                },
            },
        },
    },
}

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_DESCRIPTION = re.compile(r"[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]{1,255}")
"""What AWS takes in descriptions of groups and rules. Source: AuthorizeSecurityGroupIngress, EC2 API Reference."""


@dataclass(frozen=True)
class SecurityGroups:
    """:param component: whose groups these are; groups of other components of the platform are left alone."""

    platform: str
    tags: Mapping[str, str]
    component: str
    groups: tuple[Group, ...]

    @property
    def vpc(self) -> Ref:
        return Ref("vpc", self.platform)


def parse(params: Mapping[str, Value], account: Account) -> SecurityGroups:
    platform = params["platform_name"]
    if not _NAME.fullmatch(params["component"]):
        raise Refusal("component", params["component"], "lower-case letters, digits and single hyphens are allowed")
    names = [entry["name"] for entry in params["groups"]]
    groups = []
    for position, entry in enumerate(params["groups"]):
        path = f"groups[{position}]"
        if not _NAME.fullmatch(entry["name"]) or len(entry["name"]) > 60:
            allowed = "allowed are 1 to 60 lower-case letters, digits and single hyphens, beginning with a letter"
            raise Refusal(f"{path}.name", entry["name"], allowed)
        if names.index(entry["name"]) != position:
            raise Refusal(f"{path}.name", entry["name"], "each name is allowed once")
        if entry["name"] == "default":
            raise Refusal(f"{path}.name", entry["name"], "the name belongs to AWS's default group of each VPC")
        described(f"{path}.description", entry["description"])
        directions = {
            direction: rules(
                f"{path}.rules.{direction}", (entry["rules"] or {}).get(direction) or [], platform, frozenset(names)
            )
            for direction in ("ingress", "egress")
        }
        tags = _tags.check(f"{path}.tags", entry["tags"])
        groups.append(Group(f"{platform}-{entry['name']}", entry["description"], tags=tags, **directions))
    return SecurityGroups(platform, params["tags"], params["component"], tuple(groups))


def described(option: str, text: str) -> None:
    if not _DESCRIPTION.fullmatch(text) or text != " ".join(text.split()):
        raise Refusal(option, text, "allowed are 1 to 255 letters, digits, single spaces and ._-:/()#,@[]+=&;{}!$*")


def rules(
    path: str, entries: list[Mapping[str, Any]], platform: str, groups: frozenset[str]
) -> dict[str, tuple[Ref | str, ...]]:
    """The rules of one direction, or Refusal; `groups` are the names that rules may refer to."""
    collected: dict[str, set[Ref | str]] = {}
    seen: set[tuple[str, str, Ref | str]] = set()
    for position, entry in enumerate(entries):
        here = f"{path}[{position}]"
        described(f"{here}.description", entry["description"])
        peers = _peers(here, entry, platform, groups)
        for ports in _ports(here, entry):
            for peer in peers:
                if (entry["protocol"], ports, peer) in seen:
                    allowed = (
                        f"an earlier rule already admits {entry['protocol']} {ports} of '{peer}', each is allowed once"
                    )
                    raise Refusal(here, entry["description"], allowed.replace("  ", " "))
                seen.add((entry["protocol"], ports, peer))
            collected.setdefault(label(entry["protocol"], ports, entry["description"]), set()).update(peers)
    return {key: tuple(sorted(collected[key], key=str)) for key in sorted(collected)}


def _ports(path: str, entry: Mapping[str, Any]) -> list[str]:
    """Single ports and ranges as AWS's pairs: `443`, `1025-65535`; one empty text for protocols without ports."""
    if entry["protocol"] not in ("tcp", "udp"):
        if entry["ports"]:
            raise Refusal(f"{path}.ports", entry["ports"], f"protocol {entry['protocol']} has no ports")
        return [""]
    if not entry["ports"]:
        raise Refusal(f"{path}.ports", entry["ports"], "at least one port or range is required, 0-65535 for all")
    answer = []
    for position, text in enumerate(entry["ports"]):
        first, _dash, last = text.partition("-")
        if not (first.isdecimal() and (last or first).isdecimal() and 0 <= int(first) <= int(last or first) <= 65535):
            raise Refusal(
                f"{path}.ports[{position}]", text, "allowed are a port (443) or a range (1025-65535) within 0 to 65535"
            )
        answer.append(str(int(first)) if int(first) == int(last or first) else f"{int(first)}-{int(last)}")
    return answer


def _peers(path: str, entry: Mapping[str, Any], platform: str, groups: frozenset[str]) -> set[Ref | str]:
    peers: set[Ref | str] = set()
    for position, name in enumerate(entry["security_groups"]):
        if name not in groups:
            raise Refusal(
                f"{path}.security_groups[{position}]", name, f"declared groups are {', '.join(sorted(groups))}"
            )
        peers.add(Ref("security_group", f"{platform}-{name}"))
    if entry["cluster_security_group"]:
        peers.add(Ref("cluster_security_group", platform))
    for position, text in enumerate(entry["cidr_blocks"]):
        try:
            peers.add(str(ipaddress.ip_network(text)))
        except ValueError:
            allowed = "a CIDR block is allowed whose address is the first of the block (10.0.0.0/16)"
            raise Refusal(f"{path}.cidr_blocks[{position}]", text, allowed) from None
    for text in entry["prefix_lists"]:
        peers.add(text if text.startswith("pl-") else Ref("prefix_list", text))
    if not peers:
        allowed = "one of security_groups, cluster_security_group, cidr_blocks and prefix_lists is required"
        raise Refusal(path, entry["description"], allowed)
    return peers

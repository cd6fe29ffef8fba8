# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kinds `security_group` and `security_group_rules`: their calls, one a function, and what stands of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..._core.box import Kind, Target
from ..._core.plan import Found, Ref
from .. import tags
from ..client import Api
from . import common as ec2
from .model import label, labelled, name_of, tags_of
from .network_interfaces import delete_interface, left_by_cni

DEFAULT_EGRESS = {label("all", "", ""): ["0.0.0.0/0"]}
"""The rule that AWS puts into every new group."""

Peers = dict[tuple[str, str, str], str]
"""(protocol, ports, peer) -> description: what AWS tells rules apart by."""


def create_group(api: Api, group: Target) -> str:
    answer = api.ec2.create_security_group(
        GroupName=group.name,
        Description=group.attributes["description"],
        VpcId=group.attributes["vpc"],
        TagSpecifications=tags.specification("security-group", group.tags),
    )
    return str(answer["GroupId"])


def delete_group(api: Api, group: Target) -> None:
    """Interfaces that AWS is still releasing keep a group for a while; those that the CNI left keep it for good."""

    def delete() -> None:
        for interface_id in left_by_cni(api, group.id):
            delete_interface(api, interface_id)
        api.ec2.delete_security_group(GroupId=group.id)

    ec2.when_free(api, delete, group.ref)


def by_peer(rules: Mapping[str, Iterable[str]]) -> Peers:
    answer: Peers = {}
    for key, peers in rules.items():
        protocol, ports, description = labelled(key)
        answer |= {(protocol, ports, peer): description for peer in peers}
    return answer


def permissions(rules: Peers) -> list[dict[str, Any]]:
    """AWS's permissions, one for each protocol and range of ports."""
    collected: dict[tuple[str, str], dict[str, Any]] = {}
    for (protocol, ports, peer), description in sorted(rules.items()):
        entry = collected.setdefault((protocol, ports), {"IpProtocol": "-1" if protocol == "all" else protocol})
        if ports:
            first, _dash, last = ports.partition("-")
            entry |= {"FromPort": int(first), "ToPort": int(last or first)}
        elif protocol != "all":
            entry |= {"FromPort": -1, "ToPort": -1}
        key, name = _peer(peer)
        entry.setdefault(key, []).append({name: peer, **({"Description": description} if description else {})})
    return list(collected.values())


def _peer(peer: str) -> tuple[str, str]:
    if peer.startswith("sg-"):
        return "UserIdGroupPairs", "GroupId"
    if peer.startswith("pl-"):
        return "PrefixListIds", "PrefixListId"
    return ("Ipv6Ranges", "CidrIpv6") if ":" in peer else ("IpRanges", "CidrIp")


def describe_again(api: Api, direction: str, group_id: str, rules: Peers) -> None:
    call = getattr(api.ec2, f"update_security_group_rule_descriptions_{direction}")
    call(GroupId=group_id, IpPermissions=permissions(rules))


def authorize(api: Api, direction: str, group_id: str, rules: Peers) -> None:
    """A duplicate is what an earlier try of the same call made."""
    call = getattr(api.ec2, f"authorize_security_group_{direction}")
    api.optional(lambda: call(GroupId=group_id, IpPermissions=permissions(rules)), "InvalidPermission.Duplicate")


def revoke(api: Api, direction: str, group_id: str, rules: Peers) -> None:
    call = getattr(api.ec2, f"revoke_security_group_{direction}")
    api.optional(lambda: call(GroupId=group_id, IpPermissions=permissions(rules)), "InvalidPermission.NotFound")


def set_rules(api: Api, direction: str, group_id: str, before: Peers, after: Peers) -> None:
    """What is new is admitted before what is obsolete is refused, so nothing that goes on is interrupted."""
    again = {key: text for key, text in after.items() if key in before and before[key] != text}
    if again:
        describe_again(api, direction, group_id, again)
    new = {key: text for key, text in after.items() if key not in before}
    if new:
        authorize(api, direction, group_id, new)
    obsolete = {key: text for key, text in before.items() if key not in after}
    if obsolete:
        revoke(api, direction, group_id, obsolete)


def set_ingress(api: Api, rules: Target) -> None:
    before, after = by_peer(rules.before.get("ingress", {})), by_peer(rules.attributes["ingress"])
    set_rules(api, "ingress", rules.attributes["group"], before, after)


def set_egress(api: Api, rules: Target) -> None:
    before, after = by_peer(rules.before.get("egress", DEFAULT_EGRESS)), by_peer(rules.attributes["egress"])
    set_rules(api, "egress", rules.attributes["group"], before, after)


def create_rules(api: Api, rules: Target) -> str:
    """A group has rules from the start; `ingress` and `egress` are set right after (see `Kind.after_create`)."""
    return f"{rules.attributes['group']} rules"


def delete_rules(api: Api, rules: Target) -> None:
    """Rules go before the groups, or groups that refer to each other would keep each other."""
    for direction in ("ingress", "egress"):
        standing = by_peer(rules.attributes[direction])
        if standing:
            revoke(api, direction, rules.attributes["group"], standing)


def security_groups(api: Api, vpc_id: str) -> list[dict[str, Any]]:
    """Every group of a VPC, with its rules."""
    answer: list[dict[str, Any]] = api.ec2.pages(
        "describe_security_groups", "SecurityGroups", Filters=ec2.filters(vpc_id=vpc_id)
    )
    return answer


def ports(permission: Mapping[str, Any]) -> str:
    """`443`, `1025-65535`, or an empty text where the protocol has none or all (ICMP: all types)."""
    first, last = permission.get("FromPort"), permission.get("ToPort")
    if first is None or permission["IpProtocol"] == "-1" or int(first) == -1:
        return ""
    return f"{first}" if first == last else f"{first}-{last}"


def rules(permissions: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """AWS's permissions of one direction as labels and peers, see `model.Group`."""
    answer: dict[str, set[str]] = {}
    for permission in permissions:
        protocol = "all" if permission["IpProtocol"] == "-1" else str(permission["IpProtocol"])
        for key, peer in (
            ("UserIdGroupPairs", "GroupId"),
            ("IpRanges", "CidrIp"),
            ("Ipv6Ranges", "CidrIpv6"),
            ("PrefixListIds", "PrefixListId"),
        ):
            for entry in permission.get(key) or []:
                text = label(protocol, ports(permission), entry.get("Description") or "")
                answer.setdefault(text, set()).add(entry[peer])
    return {key: sorted(answer[key]) for key in sorted(answer)}


def found(entry: Mapping[str, Any]) -> dict[Ref, Found]:
    """A group and its rules."""
    name, group_id = entry["GroupName"], entry["GroupId"]
    directions = {
        "ingress": rules(entry.get("IpPermissions", [])),
        "egress": rules(entry.get("IpPermissionsEgress", [])),
    }
    return {
        Ref("security_group", name): Found(
            group_id, {"description": entry["Description"], "vpc": entry["VpcId"]}, tags_of(entry)
        ),
        Ref("security_group_rules", name): Found(f"{group_id} rules", {"group": group_id, **directions}),
    }


def find_groups(api: Api, platform: str, names: Sequence[str]) -> dict[str, Found]:
    groups = api.ec2.pages("describe_security_groups", "SecurityGroups", Filters=ec2.of_platform(platform, names))
    return {name_of(entry): Found(entry["GroupId"]) for entry in groups}


SECURITY_GROUP = Kind(
    name="security_group",
    fixed={
        "description": "AWS fixes it when the group is made, delete the group first or keep the text",
        "vpc": "AWS fixes it when the group is made",
    },
    create=create_group,
    delete=delete_group,
    tag=ec2.tag,
    untag=ec2.untag,
    find=find_groups,
    made_by={"control-plane": "eks", "endpoints": "vpc", "nodes": "eks", "pods": "eks"},
)

SECURITY_GROUP_RULES = Kind(
    name="security_group_rules",
    create=create_rules,
    update={"ingress": set_ingress, "egress": set_egress},
    after_create=("ingress", "egress"),
    delete=delete_rules,
)
"""A resource of its own, since groups refer to each other."""

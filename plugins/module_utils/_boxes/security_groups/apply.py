# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calls that change security groups and their rules, one a function."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..._aws import tags
from ..._aws.client import Api
from ..._aws.ec2 import common as ec2
from ..._core.box import Kind, Target
from .model import label, labelled

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
        for interface_id in left_interfaces(api, group.id):
            delete_interface(api, interface_id)
        api.ec2.delete_security_group(GroupId=group.id)

    ec2.when_free(api, delete, group.ref)


def left_interfaces(api: Api, group_id: str) -> list[str]:
    """Unattached interfaces in a group that the Amazon VPC CNI made for pods of nodes that are gone.

    Source: the CNI describes them as `aws-K8S-<instance>` and deletes its own leftovers only while a node runs.
    """
    filters = [
        {"Name": "group-id", "Values": [group_id]},
        {"Name": "status", "Values": ["available"]},
        {"Name": "description", "Values": ["aws-K8S-*"]},
    ]
    found = api.ec2.pages("describe_network_interfaces", "NetworkInterfaces", Filters=filters)
    return [str(entry["NetworkInterfaceId"]) for entry in found]


def delete_interface(api: Api, interface_id: str) -> None:
    call = api.ec2.delete_network_interface
    api.optional(lambda: call(NetworkInterfaceId=interface_id), "InvalidNetworkInterfaceID.NotFound")


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


KINDS = (
    Kind(
        name="security_group",
        fixed={
            "description": "AWS fixes it when the group is made, delete the group first or keep the text",
            "vpc": "AWS fixes it when the group is made",
        },
        create=create_group,
        delete=delete_group,
        tag=ec2.tag,
        untag=ec2.untag,
    ),
    Kind(
        name="security_group_rules",
        create=create_rules,
        update={"ingress": set_ingress, "egress": set_egress},
        after_create=("ingress", "egress"),
        delete=delete_rules,
    ),
)

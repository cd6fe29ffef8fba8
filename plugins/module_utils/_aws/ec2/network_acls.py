# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kind `network_acl`: its calls, one a function, and what stands of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..._core.box import Kind, Target
from ..._core.plan import Found
from .. import tags
from ..client import Api
from . import common as ec2
from .model import tags_of

PROTOCOLS = {"-1": "all", "1": "icmp", "6": "tcp", "17": "udp"}
"""Numbers by which network ACLs call protocols."""

_NUMBERS = {name: number for number, name in PROTOCOLS.items()}


def create_acl(api: Api, acl: Target) -> str:
    answer = api.ec2.create_network_acl(
        VpcId=acl.attributes["vpc"], TagSpecifications=tags.specification("network-acl", acl.tags)
    )
    return str(answer["NetworkAcl"]["NetworkAclId"])


def _entry(acl_id: str, direction: str, number: str, rule: Mapping[str, str]) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "NetworkAclId": acl_id,
        "Egress": direction == "egress",
        "RuleNumber": int(number),
        "Protocol": _NUMBERS.get(rule["protocol"], rule["protocol"]),
        "RuleAction": rule["action"],
        "CidrBlock": rule["cidr_block"],
    }
    if rule["ports"]:
        first, _dash, last = rule["ports"].partition("-")
        answer["PortRange"] = {"From": int(first), "To": int(last or first)}
    return answer


def create_acl_entry(api: Api, acl_id: str, direction: str, number: str, rule: Mapping[str, str]) -> None:
    """Where an earlier try of the same call got through, the entry is there already."""
    call = _entry(acl_id, direction, number, rule)
    api.optional(lambda: api.ec2.create_network_acl_entry(**call), "NetworkAclEntryAlreadyExists")


def replace_acl_entry(api: Api, acl_id: str, direction: str, number: str, rule: Mapping[str, str]) -> None:
    api.ec2.replace_network_acl_entry(**_entry(acl_id, direction, number, rule))


def delete_acl_entry(api: Api, acl_id: str, direction: str, number: str) -> None:
    call = {"NetworkAclId": acl_id, "Egress": direction == "egress", "RuleNumber": int(number)}
    api.optional(lambda: api.ec2.delete_network_acl_entry(**call), "InvalidNetworkAclEntry.NotFound")


def _set_entries(api: Api, acl: Target, direction: str) -> None:
    """Lower numbers first: a denial stands before what would let the same traffic through."""
    before, after = acl.before.get(direction, {}), acl.attributes[direction]
    for number in sorted(after, key=int):
        if number not in before:
            create_acl_entry(api, acl.id, direction, number, after[number])
        elif before[number] != after[number]:
            replace_acl_entry(api, acl.id, direction, number, after[number])
    for number in before:
        if number not in after:
            delete_acl_entry(api, acl.id, direction, number)


def set_ingress(api: Api, acl: Target) -> None:
    _set_entries(api, acl, "ingress")


def set_egress(api: Api, acl: Target) -> None:
    _set_entries(api, acl, "egress")


def network_acls(api: Api, vpc_id: str) -> list[dict[str, Any]]:
    answer: list[dict[str, Any]] = api.ec2.pages(
        "describe_network_acls", "NetworkAcls", Filters=ec2.filters(vpc_id=vpc_id)
    )
    return answer


def replace_association(api: Api, association_id: str, acl_id: str) -> None:
    api.ec2.replace_network_acl_association(AssociationId=association_id, NetworkAclId=acl_id)


def set_subnets(api: Api, acl: Target) -> None:
    """Every subnet has exactly one ACL: those that are not meant go back to the VPC's default one, which denies all."""
    wanted = set(acl.attributes["subnets"])

    def look() -> list[dict[str, Any]]:
        entries = network_acls(api, acl.attributes["vpc"])
        subnets = {association["SubnetId"] for entry in entries for association in entry["Associations"]}
        return entries if wanted <= subnets and any(entry["IsDefault"] for entry in entries) else []

    standing = ec2.seen(api, look, acl.ref)
    default = next(entry["NetworkAclId"] for entry in standing if entry["IsDefault"])
    for entry in standing:
        for association in entry["Associations"]:
            here, meant = entry["NetworkAclId"] == acl.id, association["SubnetId"] in wanted
            if meant and not here:
                replace_association(api, association["NetworkAclAssociationId"], acl.id)
            elif here and not meant:
                replace_association(api, association["NetworkAclAssociationId"], default)


def delete_acl(api: Api, acl: Target) -> None:
    ec2.when_free(api, lambda: api.ec2.delete_network_acl(NetworkAclId=acl.id), acl.ref)


def acl_rules(entry: Mapping[str, Any]) -> dict[str, dict[str, dict[str, str]]]:
    """Rules by direction and number, without the last one that denies all and cannot be changed."""
    answer: dict[str, dict[str, dict[str, str]]] = {"ingress": {}, "egress": {}}
    for rule in sorted(entry.get("Entries", []), key=lambda item: int(item["RuleNumber"])):
        if int(rule["RuleNumber"]) >= 32767:
            continue
        ports = rule.get("PortRange") or {}
        first, last = ports.get("From"), ports.get("To")
        text = "" if first is None else str(first) if first == last else f"{first}-{last}"
        answer["egress" if rule["Egress"] else "ingress"][str(rule["RuleNumber"])] = {
            "action": rule["RuleAction"],
            "protocol": PROTOCOLS.get(str(rule["Protocol"]), str(rule["Protocol"])),
            "ports": text,
            "cidr_block": rule.get("CidrBlock") or rule.get("Ipv6CidrBlock") or "",
        }
    return answer


def found_acl(entry: Mapping[str, Any]) -> Found:
    subnets = sorted(item["SubnetId"] for item in entry.get("Associations", []))
    attributes = {"vpc": entry["VpcId"], **acl_rules(entry), "subnets": subnets}
    return Found(entry["NetworkAclId"], attributes, tags_of(entry))


NETWORK_ACL = Kind(
    name="network_acl",
    fixed={"vpc": "AWS fixes it when the network ACL is made"},
    create=create_acl,
    update={"ingress": set_ingress, "egress": set_egress, "subnets": set_subnets},
    after_create=("ingress", "egress", "subnets"),
    delete=delete_acl,
    tag=ec2.tag,
    untag=ec2.untag,
)

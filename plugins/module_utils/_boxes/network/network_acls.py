# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calls that change network ACLs, one a function."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..._aws import tags
from ..._aws.client import Api
from ..._aws.ec2 import common as ec2
from ..._core.box import Kind, Target
from .parts import PROTOCOLS

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

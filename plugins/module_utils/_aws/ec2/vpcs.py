# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kinds `vpc` and `vpc_cidr_block`: their calls, one a function, and what stands of a VPC."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..._core.box import Kind, Status, Target, Wait
from ..._core.plan import Found
from .. import tags
from ..client import Api
from . import common as ec2
from .model import name_of, tags_of
from .network_acls import acl_rules, delete_acl_entry
from .route_tables import delete_route, main, routes
from .security_groups import by_peer, revoke, rules


def create_vpc(api: Api, vpc: Target) -> str:
    answer = api.ec2.create_vpc(
        CidrBlock=vpc.attributes["cidr_block"], TagSpecifications=tags.specification("vpc", vpc.tags)
    )
    return str(answer["Vpc"]["VpcId"])


def set_dns_support(api: Api, vpc: Target) -> None:
    api.ec2.modify_vpc_attribute(VpcId=vpc.id, EnableDnsSupport={"Value": vpc.attributes["dns_support"]})


def set_dns_hostnames(api: Api, vpc: Target) -> None:
    api.ec2.modify_vpc_attribute(VpcId=vpc.id, EnableDnsHostnames={"Value": vpc.attributes["dns_hostnames"]})


def default_security_group(api: Api, vpc: Target) -> dict[str, Any]:
    filters = ec2.filters(vpc_id=vpc.id, group_name="default")
    return ec2.seen(api, lambda: list(api.ec2.describe_security_groups(Filters=filters)["SecurityGroups"]), vpc.ref)[0]


def default_network_acl(api: Api, vpc: Target) -> dict[str, Any]:
    filters = ec2.filters(vpc_id=vpc.id, default="true")
    return ec2.seen(api, lambda: list(api.ec2.describe_network_acls(Filters=filters)["NetworkAcls"]), vpc.ref)[0]


def main_route_table(api: Api, vpc: Target) -> dict[str, Any]:
    def look() -> list[dict[str, Any]]:
        tables = api.ec2.describe_route_tables(Filters=ec2.filters(vpc_id=vpc.id))["RouteTables"]
        return [table for table in tables if main(table)]

    return ec2.seen(api, look, vpc.ref)[0]


def empty_default_security_group(api: Api, vpc: Target) -> None:
    """What nobody gave a group to can then talk to nobody."""
    group = default_security_group(api, vpc)
    for direction, key in (("ingress", "IpPermissions"), ("egress", "IpPermissionsEgress")):
        standing = by_peer(rules(group.get(key, [])))
        if standing:
            revoke(api, direction, group["GroupId"], standing)


def empty_default_network_acl(api: Api, vpc: Target) -> None:
    acl = default_network_acl(api, vpc)
    for direction, entries in acl_rules(acl).items():
        for number in entries:
            delete_acl_entry(api, acl["NetworkAclId"], direction, number)


def empty_main_route_table(api: Api, vpc: Target) -> None:
    for destination in vpc.before["main_route_table_routes"]:
        delete_route(api, vpc.before["default_ids"]["route_table"], destination)


def name_defaults(api: Api, vpc: Target) -> None:
    """The identity stays away from them: they go with the VPC and nothing may take them for the platform's own."""
    ids = vpc.before.get("default_ids") or {
        "network_acl": default_network_acl(api, vpc)["NetworkAclId"],
        "route_table": main_route_table(api, vpc)["RouteTableId"],
        "security_group": default_security_group(api, vpc)["GroupId"],
    }
    name = next(iter(vpc.attributes["default_names"].values()))
    api.ec2.create_tags(Resources=sorted(ids.values()), Tags=[{"Key": "Name", "Value": name}])


def delete_vpc(api: Api, vpc: Target) -> None:
    ec2.when_free(api, lambda: api.ec2.delete_vpc(VpcId=vpc.id), vpc.ref)


def associate_block(api: Api, block: Target) -> str:
    answer = api.ec2.associate_vpc_cidr_block(VpcId=block.attributes["vpc"], CidrBlock=block.attributes["cidr_block"])
    return str(answer["CidrBlockAssociation"]["AssociationId"])


def disassociate_block(api: Api, block: Target) -> None:
    api.ec2.disassociate_vpc_cidr_block(AssociationId=block.id)


def block_status(api: Api, block: Target) -> Status:
    vpc = api.ec2.describe_vpcs(VpcIds=[block.attributes["vpc"]])["Vpcs"][0]
    for association in vpc["CidrBlockAssociationSet"]:
        if association["AssociationId"] == block.id:
            status = association["CidrBlockState"]
            failed = status.get("StatusMessage", "AWS says no more") if status["State"] == "failed" else ""
            return Status(status["State"] == "associated", status["State"], failed)
    return Status(False, "not seen yet")


def vpcs(api: Api, filters: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    answer: list[dict[str, Any]] = api.ec2.pages("describe_vpcs", "Vpcs", Filters=list(filters))
    return answer


def vpc_attribute(api: Api, vpc_id: str, name: str) -> bool:
    answer = api.ec2.describe_vpc_attribute(VpcId=vpc_id, Attribute=name)
    return bool(answer[name[0].upper() + name[1:]]["Value"])


def found_vpc(entry: Mapping[str, Any], answers: Mapping[str, Any]) -> Found:
    """The VPC with what AWS makes beside it, as far as that shows; `default_ids` is only there for the calls.

    :param answers: `dns_support`, `dns_hostnames`, and all its `security_groups`, `network_acls`, `route_tables`.
    """
    group: Mapping[str, Any] = next((item for item in answers["security_groups"] if item["GroupName"] == "default"), {})
    acl: Mapping[str, Any] = next((item for item in answers["network_acls"] if item["IsDefault"]), {})
    table: Mapping[str, Any] = next((item for item in answers["route_tables"] if main(item)), {})
    beside = {"network_acl": acl, "route_table": table, "security_group": group}
    ids = {"network_acl": "NetworkAclId", "route_table": "RouteTableId", "security_group": "GroupId"}
    attributes = {
        "cidr_block": entry["CidrBlock"],
        "dns_support": answers["dns_support"],
        "dns_hostnames": answers["dns_hostnames"],
        "default_security_group_rules": {
            "ingress": rules(group.get("IpPermissions", [])),
            "egress": rules(group.get("IpPermissionsEgress", [])),
        },
        "default_network_acl_rules": acl_rules(acl),
        "main_route_table_routes": routes(table),
        "default_names": {kind: name_of(item) for kind, item in beside.items()},
        "default_ids": {kind: item[ids[kind]] for kind, item in beside.items() if item},
    }
    return Found(entry["VpcId"], attributes, tags_of(entry), {"cidr_block": entry["CidrBlock"]})


def find_vpcs(api: Api, platform: str, names: Sequence[str]) -> dict[str, Found]:
    entries = ec2.own_or_shared(api, "describe_vpcs", "Vpcs", platform, names)
    return {name: Found(entry["VpcId"], extra={"cidr_block": entry["CidrBlock"]}) for name, entry in entries.items()}


_FIXED = "AWS fixes it when the {} is made, destroy the platform first or keep it"

VPC = Kind(
    name="vpc",
    fixed={"cidr_block": _FIXED.format("VPC")},
    create=create_vpc,
    update={
        "dns_support": set_dns_support,
        "dns_hostnames": set_dns_hostnames,
        "default_security_group_rules": empty_default_security_group,
        "default_network_acl_rules": empty_default_network_acl,
        "main_route_table_routes": empty_main_route_table,
        "default_names": name_defaults,
    },
    after_create=("dns_hostnames", "default_security_group_rules", "default_network_acl_rules", "default_names"),
    delete=delete_vpc,
    tag=ec2.tag,
    untag=ec2.untag,
    find=find_vpcs,
    made_by="vpc",
)

VPC_CIDR_BLOCK = Kind(
    name="vpc_cidr_block",
    fixed={"cidr_block": _FIXED.format("subnets in it"), "vpc": _FIXED.format("block")},
    create=associate_block,
    delete=disassociate_block,
    ready=block_status,
    wait=Wait(usual=5, timeout=120, interval=3),
)

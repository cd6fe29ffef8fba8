# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calls that change a VPC, its blocks and its subnets, one a function."""

from __future__ import annotations

from typing import Any

from ..._aws import tags
from ..._aws.client import Api
from ..._aws.ec2 import common as ec2
from ..._core.box import Kind, Status, Target, Wait
from ..security_groups.apply import by_peer, revoke
from ..security_groups.read import rules
from .network_acls import delete_acl_entry
from .parts import acl_rules, main
from .route_tables import delete_route


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


def create_subnet(api: Api, subnet: Target) -> str:
    answer = api.ec2.create_subnet(
        VpcId=subnet.attributes["vpc"],
        AvailabilityZone=subnet.attributes["availability_zone"],
        CidrBlock=subnet.attributes["cidr_block"],
        TagSpecifications=tags.specification("subnet", subnet.tags),
    )
    return str(answer["Subnet"]["SubnetId"])


def set_map_public_ip(api: Api, subnet: Target) -> None:
    value = {"Value": subnet.attributes["map_public_ip_on_launch"]}
    api.ec2.modify_subnet_attribute(SubnetId=subnet.id, MapPublicIpOnLaunch=value)


def create_reservation(api: Api, subnet: Target, block: str) -> None:
    api.ec2.create_subnet_cidr_reservation(SubnetId=subnet.id, Cidr=block, ReservationType="prefix")


def delete_reservation(api: Api, reservation_id: str) -> None:
    api.ec2.delete_subnet_cidr_reservation(SubnetCidrReservationId=reservation_id)


def set_reservation(api: Api, subnet: Target) -> None:
    standing = subnet.before.get("prefix_reservation")
    if standing:
        delete_reservation(api, subnet.before["reservation_ids"][standing])
    if subnet.attributes["prefix_reservation"]:
        create_reservation(api, subnet, subnet.attributes["prefix_reservation"])


def delete_subnet(api: Api, subnet: Target) -> None:
    for reservation_id in subnet.attributes.get("reservation_ids", {}).values():
        delete_reservation(api, reservation_id)
    ec2.when_free(api, lambda: api.ec2.delete_subnet(SubnetId=subnet.id), subnet.ref)


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
)

VPC_CIDR_BLOCK = Kind(
    name="vpc_cidr_block",
    fixed={"cidr_block": _FIXED.format("subnets in it"), "vpc": _FIXED.format("block")},
    create=associate_block,
    delete=disassociate_block,
    ready=block_status,
    wait=Wait(usual=5, timeout=120, interval=3),
)

SUBNET = Kind(
    name="subnet",
    fixed={name: _FIXED.format("subnet") for name in ("vpc", "availability_zone", "cidr_block")},
    create=create_subnet,
    update={"map_public_ip_on_launch": set_map_public_ip, "prefix_reservation": set_reservation},
    after_create=("prefix_reservation",),
    delete=delete_subnet,
    tag=ec2.tag,
    untag=ec2.untag,
)

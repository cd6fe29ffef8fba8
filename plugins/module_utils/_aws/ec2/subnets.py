# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kind `subnet`: its calls, one a function, and what stands of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..._core.box import Kind, Target
from ..._core.known import Known
from ..._core.plan import Found, Ref
from .. import tags
from ..client import Api
from . import common as ec2
from .model import tags_of


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


def reservations(api: Api, subnet_id: str) -> list[dict[str, Any]]:
    answer = api.ec2.get_subnet_cidr_reservations(SubnetId=subnet_id)
    return list(answer.get("SubnetIpv4CidrReservations", []))


def found_subnet(entry: Mapping[str, Any], reserved: Sequence[Mapping[str, Any]]) -> Found:
    """`reservation_ids` is only there for the calls that change them."""
    ids = {item["Cidr"]: item["SubnetCidrReservationId"] for item in reserved}
    prefixes = sorted(item["Cidr"] for item in reserved if item["ReservationType"] == "prefix")
    attributes = {
        "vpc": entry["VpcId"],
        "availability_zone": entry["AvailabilityZone"],
        "cidr_block": entry["CidrBlock"],
        "map_public_ip_on_launch": entry["MapPublicIpOnLaunch"],
        "prefix_reservation": prefixes[0] if prefixes else None,
        "reservation_ids": ids,
    }
    extra = {"availability_zone": entry["AvailabilityZone"]}
    return Found(entry["SubnetId"], attributes, tags_of(entry), extra)


def find_subnets(api: Api, platform: str, names: Sequence[str]) -> dict[str, Found]:
    entries = ec2.own_or_shared(api, "describe_subnets", "Subnets", platform, names)
    return {
        name: Found(entry["SubnetId"], extra={"availability_zone": entry["AvailabilityZone"]})
        for name, entry in entries.items()
    }


_FIXED = "AWS fixes it when the subnet is made, destroy the platform first or keep it"


SUBNET = Kind(
    name="subnet",
    fixed=dict.fromkeys(("vpc", "availability_zone", "cidr_block"), _FIXED),
    create=create_subnet,
    update={"map_public_ip_on_launch": set_map_public_ip, "prefix_reservation": set_reservation},
    after_create=("prefix_reservation",),
    delete=delete_subnet,
    tag=ec2.tag,
    untag=ec2.untag,
    find=find_subnets,
    made_by="vpc",
)


def private_subnets(api: Api, platform: str, known: Known) -> list[str]:
    """Names of the platform's private subnets that stand or are planned; Impossible where there are none."""
    prefix = f"{platform}-private-"
    names = [
        ref.name
        for ref, entry in known.of_kind("subnet")
        if ref.name.startswith(prefix) and entry["state"] != "deleted"
    ]
    if not names:
        for name, found in find_subnets(api, platform, [f"{prefix}*"]).items():
            known.found(Ref("subnet", name), found)
            names.append(name)
    if not names:
        raise SUBNET.missing(Ref("subnet", f"{prefix}a"), platform)
    return sorted(names)

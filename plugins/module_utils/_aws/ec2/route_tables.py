# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kind `route_table`: its calls, one a function, and what stands of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..._core.box import Kind, Target
from ..._core.plan import Effect, Found
from .. import tags
from ..client import Api
from . import common as ec2
from .model import tags_of

_PARAMETERS = {
    "nat": "NatGatewayId",
    "tgw": "TransitGatewayId",
    "pcx": "VpcPeeringConnectionId",
    "eni": "NetworkInterfaceId",
    "vpce": "VpcEndpointId",
}
"""Beginning of an identifier -> parameter; gateways of other kinds go as GatewayId."""

_TARGETS = (
    "NatGatewayId",
    "TransitGatewayId",
    "VpcPeeringConnectionId",
    "NetworkInterfaceId",
    "GatewayId",
    "EgressOnlyInternetGatewayId",
    "InstanceId",
    "CarrierGatewayId",
    "LocalGatewayId",
    "CoreNetworkArn",
)
"""Where an answer names the target of a route."""


def create_table(api: Api, table: Target) -> str:
    answer = api.ec2.create_route_table(
        VpcId=table.attributes["vpc"], TagSpecifications=tags.specification("route-table", table.tags)
    )
    return str(answer["RouteTable"]["RouteTableId"])


def _route(table_id: str, destination: str, target: str) -> dict[str, Any]:
    return {
        "RouteTableId": table_id,
        "DestinationCidrBlock": destination,
        _PARAMETERS.get(target.split("-", 1)[0], "GatewayId"): target,
    }


def create_route(api: Api, table_id: str, destination: str, target: str) -> None:
    """Where an earlier try of the same call got through, the route is there already."""
    call = _route(table_id, destination, target)
    api.optional(lambda: api.ec2.create_route(**call), "RouteAlreadyExists")


def replace_route(api: Api, table_id: str, destination: str, target: str) -> None:
    api.ec2.replace_route(**_route(table_id, destination, target))


def delete_route(api: Api, table_id: str, destination: str) -> None:
    key = "DestinationIpv6CidrBlock" if ":" in destination else "DestinationCidrBlock"
    key = "DestinationPrefixListId" if destination.startswith("pl-") else key
    api.optional(lambda: api.ec2.delete_route(**{"RouteTableId": table_id, key: destination}), "InvalidRoute.NotFound")


def set_routes(api: Api, table: Target) -> None:
    before, after = table.before.get("routes", {}), table.attributes["routes"]
    for destination, target in after.items():
        if destination not in before:
            create_route(api, table.id, destination, target)
        elif before[destination] != target:
            replace_route(api, table.id, destination, target)
    for destination in before:
        if destination not in after:
            delete_route(api, table.id, destination)


def associations(api: Api, subnets: Sequence[str]) -> dict[str, dict[str, str]]:
    """Subnet -> its association with any table: `{"table", "id"}`."""
    if not subnets:
        return {}
    tables = api.ec2.pages(
        "describe_route_tables", "RouteTables", Filters=ec2.filters(**{"association.subnet-id": list(subnets)})
    )
    return {
        entry["SubnetId"]: {"table": table["RouteTableId"], "id": entry["RouteTableAssociationId"]}
        for table in tables
        for entry in table["Associations"]
        if entry.get("SubnetId")
    }


def associate(api: Api, table_id: str, subnet_id: str) -> None:
    api.ec2.associate_route_table(RouteTableId=table_id, SubnetId=subnet_id)


def replace_association(api: Api, association_id: str, table_id: str) -> None:
    api.ec2.replace_route_table_association(AssociationId=association_id, RouteTableId=table_id)


def disassociate(api: Api, association_id: str) -> None:
    api.ec2.disassociate_route_table(AssociationId=association_id)


def set_subnets(api: Api, table: Target) -> None:
    wanted, before = list(table.attributes["subnets"]), list(table.before.get("subnets", []))
    standing = associations(api, sorted({*wanted, *before}))
    for subnet in wanted:
        if subnet not in standing:
            associate(api, table.id, subnet)
        elif standing[subnet]["table"] != table.id:
            replace_association(api, standing[subnet]["id"], table.id)
    for subnet in before:
        if subnet not in wanted and standing.get(subnet, {}).get("table") == table.id:
            disassociate(api, standing[subnet]["id"])


def delete_table(api: Api, table: Target) -> None:
    ec2.when_free(api, lambda: api.ec2.delete_route_table(RouteTableId=table.id), table.ref)


def main(table: Mapping[str, Any]) -> bool:
    """Whether a route table is the one that AWS makes with the VPC."""
    return any(association.get("Main") for association in table.get("Associations", []))


def routes(table: Mapping[str, Any]) -> dict[str, str]:
    """Destination -> target, without what AWS itself puts in: local ones, gateways to S3, propagated ones."""
    answer = {}
    for route in table.get("Routes", []):
        destination = next(
            (
                route[key]
                for key in ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")
                if route.get(key)
            ),
            None,
        )
        target = next((route[key] for key in _TARGETS if route.get(key)), None)
        by_gateway = bool(route.get("DestinationPrefixListId")) and str(target).startswith("vpce-")
        if destination is None or target in (None, "local") or by_gateway:
            continue
        if route.get("Origin") != "EnableVgwRoutePropagation":
            answer[destination] = target
    return dict(sorted(answer.items()))


def found_table(entry: Mapping[str, Any]) -> Found:
    associated = [
        item["SubnetId"]
        for item in entry.get("Associations", [])
        if item.get("SubnetId") and item.get("AssociationState", {}).get("State", "associated") == "associated"
    ]
    attributes = {"vpc": entry["VpcId"], "routes": routes(entry), "subnets": sorted(associated)}
    return Found(entry["RouteTableId"], attributes, tags_of(entry))


ROUTE_TABLE = Kind(
    name="route_table",
    fixed={"vpc": "AWS fixes it when the route table is made"},
    effects={"routes": Effect.INTERRUPTS},
    create=create_table,
    update={"routes": set_routes, "subnets": set_subnets},
    after_create=("routes", "subnets"),
    delete=delete_table,
    tag=ec2.tag,
    untag=ec2.untag,
)

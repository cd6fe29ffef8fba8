"""What AWS answers about the parts of a network as what stands."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.slipway.platform.plugins.module_utils._aws.ec2.nat_gateways import found_nat_gateway
from ansible_collections.slipway.platform.plugins.module_utils._aws.ec2.route_tables import routes

GATEWAY: dict[str, Any] = {"NatGatewayId": "nat-1", "VpcId": "vpc-1", "SubnetId": "subnet-1", "State": "available"}


@pytest.mark.parametrize(
    ("addresses", "first"),
    [
        ([], None),
        ([{"AllocationId": "eipalloc-1"}], "eipalloc-1"),
        (
            [{"AllocationId": "eipalloc-2", "IsPrimary": False}, {"AllocationId": "eipalloc-1", "IsPrimary": True}],
            "eipalloc-1",
        ),
    ],
    ids=["none yet", "one", "a secondary one that somebody added"],
)
def test_a_nat_gateway_goes_by_its_primary_address(addresses: list[dict[str, Any]], first: str | None) -> None:
    found = found_nat_gateway({**GATEWAY, "NatGatewayAddresses": addresses})
    assert found.attributes["elastic_ip"] == first


@pytest.mark.parametrize(
    ("route", "expected"),
    [
        ({"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local"}, {}),
        ({"DestinationPrefixListId": "pl-1", "GatewayId": "vpce-1"}, {}),
        ({"DestinationCidrBlock": "10.8.0.0/16", "GatewayId": "vgw-1", "Origin": "EnableVgwRoutePropagation"}, {}),
        ({"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-1"}, {"0.0.0.0/0": "nat-1"}),
        ({"DestinationIpv6CidrBlock": "::/0", "EgressOnlyInternetGatewayId": "eigw-1"}, {"::/0": "eigw-1"}),
    ],
    ids=["local", "gateway endpoint", "propagated", "NAT", "IPv6"],
)
def test_routes_without_those_of_aws(route: dict[str, str], expected: dict[str, str]) -> None:
    assert routes({"Routes": [route]}) == expected

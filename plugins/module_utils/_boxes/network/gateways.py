# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calls that change internet and NAT gateways and their addresses, one a function."""

from __future__ import annotations

from typing import Any

from ..._aws import tags
from ..._aws.client import Api
from ..._aws.ec2 import common as ec2
from ..._core.box import Kind, Status, Target, Wait
from ..._core.plan import Effect


def create_internet_gateway(api: Api, gateway: Target) -> str:
    answer = api.ec2.create_internet_gateway(TagSpecifications=tags.specification("internet-gateway", gateway.tags))
    return str(answer["InternetGateway"]["InternetGatewayId"])


def attach(api: Api, gateway: Target) -> None:
    """Where an earlier try of the same call got through, it is attached already."""
    vpc_id = gateway.attributes["vpc"]
    api.optional(
        lambda: api.ec2.attach_internet_gateway(InternetGatewayId=gateway.id, VpcId=vpc_id),
        "Resource.AlreadyAssociated",
    )


def detach(api: Api, gateway: Target) -> None:
    """AWS refuses as long as public addresses are mapped in the VPC, those of load balancers that go among them."""
    vpc_id = gateway.attributes["vpc"]
    ec2.when_free(api, lambda: api.ec2.detach_internet_gateway(InternetGatewayId=gateway.id, VpcId=vpc_id), gateway.ref)


def delete_internet_gateway(api: Api, gateway: Target) -> None:
    if gateway.attributes.get("vpc"):
        detach(api, gateway)
    api.ec2.delete_internet_gateway(InternetGatewayId=gateway.id)


def allocate(api: Api, address: Target) -> str:
    answer = api.ec2.allocate_address(Domain="vpc", TagSpecifications=tags.specification("elastic-ip", address.tags))
    return str(answer["AllocationId"])


def release(api: Api, address: Target) -> None:
    ec2.when_free(api, lambda: api.ec2.release_address(AllocationId=address.id), address.ref)


def create_nat_gateway(api: Api, gateway: Target) -> str:
    parameters: dict[str, Any] = {"TagSpecifications": tags.specification("natgateway", gateway.tags)}
    if gateway.attributes["availability_mode"] == "regional":
        parameters |= {"AvailabilityMode": "regional", "VpcId": gateway.attributes["vpc"]}
    else:
        parameters |= {"SubnetId": gateway.attributes["subnet"], "AllocationId": gateway.attributes["elastic_ip"]}
    return str(api.ec2.create_nat_gateway(**parameters)["NatGateway"]["NatGatewayId"])


def delete_nat_gateway(api: Api, gateway: Target) -> None:
    api.optional(lambda: api.ec2.delete_nat_gateway(NatGatewayId=gateway.id), "NatGatewayNotFound")


def nat_gateway(api: Api, gateway: Target) -> dict[str, Any]:
    found = api.ec2.describe_nat_gateways(Filter=ec2.filters(nat_gateway_id=gateway.id))["NatGateways"]
    return dict(found[0]) if found else {"State": "not seen"}


def nat_gateway_status(api: Api, gateway: Target) -> Status:
    entry = nat_gateway(api, gateway)
    failed = f"{entry.get('FailureCode')}: {entry.get('FailureMessage')}" if entry["State"] == "failed" else ""
    return Status(entry["State"] == "available", entry["State"], failed)


def nat_gateway_gone(api: Api, gateway: Target) -> Status:
    state = nat_gateway(api, gateway)["State"]
    return Status(state in ("deleted", "failed", "not seen"), state)


INTERNET_GATEWAY = Kind(
    name="internet_gateway",
    effects={"vpc": Effect.INTERRUPTS},
    create=create_internet_gateway,
    update={"vpc": attach},
    after_create=("vpc",),
    delete=delete_internet_gateway,
    tag=ec2.tag,
    untag=ec2.untag,
)

ELASTIC_IP = Kind(name="elastic_ip", create=allocate, delete=release, tag=ec2.tag, untag=ec2.untag)

NAT_GATEWAY = Kind(
    name="nat_gateway",
    immutable=frozenset({"availability_mode", "vpc", "subnet", "elastic_ip"}),
    effects=dict.fromkeys(("availability_mode", "vpc", "subnet", "elastic_ip"), Effect.INTERRUPTS),
    create=create_nat_gateway,
    delete=delete_nat_gateway,
    tag=ec2.tag,
    untag=ec2.untag,
    ready=nat_gateway_status,
    gone=nat_gateway_gone,
    wait=Wait(usual=120, timeout=900),
    wait_gone=Wait(usual=60, timeout=900),
)

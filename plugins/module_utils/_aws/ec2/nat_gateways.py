# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kind `nat_gateway`: its calls, one a function, and what stands of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..._core.box import Kind, Status, Target, Wait
from ..._core.plan import Effect, Found
from .. import tags
from ..client import Api
from . import common as ec2
from .model import tags_of


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


def found_nat_gateway(entry: Mapping[str, Any]) -> Found:
    addresses = [item for item in entry.get("NatGatewayAddresses", []) if item.get("IsPrimary", True)]
    mode = entry.get("AvailabilityMode") or "zonal"
    attributes = {
        "availability_mode": mode,
        "vpc": entry["VpcId"],
        "subnet": entry.get("SubnetId"),
        "elastic_ip": next((item.get("AllocationId") for item in addresses), None),
    }
    return Found(entry["NatGatewayId"], attributes, tags_of(entry), state=ec2.state(entry))


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

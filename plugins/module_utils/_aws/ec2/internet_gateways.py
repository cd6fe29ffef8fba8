# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kind `internet_gateway`: its calls, one a function, and what stands of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..._core.box import Kind, Target
from ..._core.plan import Effect, Found
from .. import tags
from ..client import Api
from . import common as ec2
from .model import tags_of


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


def found_internet_gateway(entry: Mapping[str, Any]) -> Found:
    attached = [item["VpcId"] for item in entry.get("Attachments", []) if item.get("State") != "detached"]
    return Found(entry["InternetGatewayId"], {"vpc": attached[0] if attached else None}, tags_of(entry))


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

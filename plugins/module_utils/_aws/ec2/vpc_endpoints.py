# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kind `vpc_endpoint`: its calls, one a function, and what stands of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ..._core.box import Kind, Status, Target, Wait
from ..._core.plan import Found
from .. import policies, tags
from ..client import Api
from . import common as ec2
from .model import tags_of

_LISTS = {"route_tables": "RouteTableIds", "subnets": "SubnetIds", "security_groups": "SecurityGroupIds"}


def create_endpoint(api: Api, endpoint: Target) -> str:
    attributes = endpoint.attributes
    parameters: dict[str, Any] = {
        "VpcId": attributes["vpc"],
        "ServiceName": attributes["service"],
        "VpcEndpointType": attributes["type"],
        "PolicyDocument": json.dumps(attributes["policy"]),
        "TagSpecifications": tags.specification("vpc-endpoint", endpoint.tags),
    }
    parameters |= {key: list(attributes[name]) for name, key in _LISTS.items() if name in attributes}
    if "private_dns_enabled" in attributes:
        parameters["PrivateDnsEnabled"] = attributes["private_dns_enabled"]
    return str(api.ec2.create_vpc_endpoint(**parameters)["VpcEndpoint"]["VpcEndpointId"])


def modify_endpoint(api: Api, endpoint: Target) -> None:
    """One call for all that changes."""
    changed = {field.attribute for field in endpoint.fields}
    parameters: dict[str, Any] = {"VpcEndpointId": endpoint.id}
    for name, key in _LISTS.items():
        if name in changed:
            before, after = set(endpoint.before[name]), set(endpoint.attributes[name])
            parameters |= {f"Add{key}": sorted(after - before), f"Remove{key}": sorted(before - after)}
    if "policy" in changed:
        parameters["PolicyDocument"] = json.dumps(endpoint.attributes["policy"])
    if "private_dns_enabled" in changed:
        parameters["PrivateDnsEnabled"] = endpoint.attributes["private_dns_enabled"]
    api.ec2.modify_vpc_endpoint(**{key: value for key, value in parameters.items() if value != []})


def delete_endpoint(api: Api, endpoint: Target) -> None:
    answer = api.ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint.id])
    ec2.all_taken(answer, "DeleteVpcEndpoints", gone=True)


def endpoint_state(api: Api, endpoint: Target) -> str:
    found = api.optional(
        lambda: api.ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint.id])["VpcEndpoints"],
        "InvalidVpcEndpointId.NotFound",
    )
    return str(found[0]["State"]).lower() if found else "not seen"


def endpoint_status(api: Api, endpoint: Target) -> Status:
    state = endpoint_state(api, endpoint)
    return Status(state == "available", state, "AWS gives no reason" if state in ("failed", "rejected") else "")


def endpoint_gone(api: Api, endpoint: Target) -> Status:
    state = endpoint_state(api, endpoint)
    return Status(state in ("deleted", "not seen"), state)


def found_endpoint(entry: Mapping[str, Any], partition: str) -> Found:
    attributes: dict[str, Any] = {
        "vpc": entry["VpcId"],
        "service": entry["ServiceName"],
        "type": entry["VpcEndpointType"],
        "policy": policies.canonical(entry["PolicyDocument"], partition) if entry.get("PolicyDocument") else None,
    }
    if entry["VpcEndpointType"] == "Gateway":
        attributes["route_tables"] = sorted(entry.get("RouteTableIds", []))
    else:
        attributes |= {
            "subnets": sorted(entry.get("SubnetIds", [])),
            "security_groups": sorted(group["GroupId"] for group in entry.get("Groups", [])),
            "private_dns_enabled": bool(entry.get("PrivateDnsEnabled")),
        }
    return Found(entry["VpcEndpointId"], attributes, tags_of(entry), state=ec2.state(entry))


VPC_ENDPOINT = Kind(
    name="vpc_endpoint",
    immutable=frozenset({"service", "type"}),
    fixed={"vpc": "AWS fixes it when the endpoint is made"},
    create=create_endpoint,
    update=dict.fromkeys((*_LISTS, "policy", "private_dns_enabled"), modify_endpoint),
    delete=delete_endpoint,
    tag=ec2.tag,
    untag=ec2.untag,
    ready=endpoint_status,
    gone=endpoint_gone,
    wait=Wait(usual=60, timeout=600),
    wait_gone=Wait(usual=60, timeout=600),
)

# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calls that change VPC endpoints and flow logs, one a function."""

from __future__ import annotations

import json
from typing import Any

from ..._aws import tags
from ..._aws.client import Api, ClientError
from ..._aws.ec2 import common as ec2
from ..._core.box import Kind, Status, Target, Wait

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
    _all_taken(answer, "DeleteVpcEndpoints", gone=True)


def _all_taken(answer: dict[str, Any], operation: str, *, gone: bool = False) -> None:
    """These calls answer 200 with a list of what they did not do; that is an error like any other.

    :param gone: whether it is none that something is not there.
    """
    for item in answer.get("Unsuccessful") or []:
        if not (gone and item["Error"]["Code"].endswith("NotFound")):
            raise ClientError({"Error": item["Error"]}, operation)


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


def create_flow_log(api: Api, log: Target) -> str:
    answer = api.ec2.create_flow_logs(
        ResourceType="VPC",
        ResourceIds=[log.attributes["vpc"]],
        TrafficType=log.attributes["traffic_type"],
        LogDestinationType="cloud-watch-logs",
        LogGroupName=log.attributes["log_group"],
        DeliverLogsPermissionArn=log.attributes["role"],
        TagSpecifications=tags.specification("vpc-flow-log", log.tags),
    )
    _all_taken(answer, "CreateFlowLogs")
    return str(answer["FlowLogIds"][0])


def delete_flow_log(api: Api, log: Target) -> None:
    _all_taken(api.ec2.delete_flow_logs(FlowLogIds=[log.id]), "DeleteFlowLogs", gone=True)


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

FLOW_LOG = Kind(
    name="flow_log",
    immutable=frozenset({"vpc", "traffic_type", "log_group", "role"}),
    create=create_flow_log,
    delete=delete_flow_log,
    tag=ec2.tag,
    untag=ec2.untag,
)

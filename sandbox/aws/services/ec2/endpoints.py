"""VPC endpoints: their states, interfaces with the right groups, private DNS, and the fields of a change."""

from __future__ import annotations

import json
from typing import Any

from sandbox.aws.front.call import Call
from sandbox.aws.front.errors import AwsError
from sandbox.aws.front.hooks import after, before, instead
from sandbox.aws.front.moto_bridge import backend
from sandbox.aws.front.protocol import parse_result
from sandbox.aws.front.state import state, transition
from sandbox.aws.services.ec2 import interfaces


def _endpoints(call: Call) -> dict[str, Any]:
    endpoints: dict[str, Any] = backend("ec2", call.account, call.region).vpc_end_points
    return endpoints


@before("ec2", "CreateVpcEndpoint")
def create_vpc_endpoint(call: Call) -> None:
    p = call.parameters
    ec2 = backend("ec2", call.account, call.region)
    service = p["ServiceName"]
    if not service.startswith(f"com.amazonaws.{call.region}."):
        raise AwsError("InvalidServiceName", f"The Vpc Endpoint Service '{service}' does not exist", 400)
    vpc = ec2.get_vpc(p["VpcId"]) if p["VpcId"] in ec2.vpcs else None
    interface = p.get("VpcEndpointType") == "Interface"
    if vpc is None:
        raise AwsError("InvalidVpcId.NotFound", f"The Vpc ID {p['VpcId']} does not exist", 400)
    named = vpc.enable_dns_support and vpc.enable_dns_hostnames
    if interface and p.get("PrivateDnsEnabled", True) and not named:
        raise AwsError(
            "InvalidParameter",
            "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true "
            f"for {vpc.id}",
            400,
        )
    for other in ec2.vpc_end_points.values():
        if (other.vpc_id, other.service_name) != (vpc.id, service) or other.state == "deleted":
            continue
        if (
            interface
            and other.private_dns_enabled
            and p.get("PrivateDnsEnabled", True)
            and other.vpc_endpoint_type == "Interface"
        ):
            message = (
                "private-dns-enabled cannot be set because there is already a conflicting DNS domain for "
                f"{service} in the VPC {vpc.id}"
            )
            raise AwsError("InvalidParameter", message, 400)
        if not interface and set(other.route_table_ids) & set(p.get("RouteTableIds") or []):
            raise AwsError(
                "RouteAlreadyExists",
                f"route table already has a route with destination-prefix-list-id for {service}",
                400,
            )


@after("ec2", "CreateVpcEndpoint")
def complete(call: Call) -> None:
    assert call.response is not None
    ec2 = backend("ec2", call.account, call.region)
    endpoint = ec2.vpc_end_points[parse_result(call, call.response)["VpcEndpoint"]["VpcEndpointId"]]
    if endpoint.vpc_endpoint_type != "Interface":
        endpoint.private_dns_enabled = False
        endpoint.vpc_endpoint_type = "Gateway"
        return
    for identity in endpoint.network_interface_ids:
        ec2.enis.pop(identity, None)
    endpoint.network_interface_ids = []
    if not endpoint.security_group_ids:
        endpoint.security_group_ids = [ec2.get_default_security_group(endpoint.vpc_id).id]
    for subnet_id in endpoint.subnet_ids or []:
        _add_interface(call, endpoint, subnet_id)
    endpoint.state = "pending"
    call.response.body = call.response.body.replace(b"<state>available</state>", b"<state>pending</state>")
    state.schedule("vpc_endpoint", "vpc_endpoint_is_available", call.account, call.region, endpoint.id)


def _add_interface(call: Call, endpoint: Any, subnet_id: str) -> None:
    endpoint.network_interface_ids.append(
        interfaces.make(
            call.account,
            call.region,
            subnet_id,
            list(endpoint.security_group_ids),
            f"VPC Endpoint Interface {endpoint.id}",
            owner="amazon-aws",
            kind="vpc_endpoint",
        )
    )


@transition
def vpc_endpoint_is_available(account: str, region: str, identity: str) -> None:
    endpoint = backend("ec2", account, region).vpc_end_points.get(identity)
    if endpoint is not None and endpoint.state == "pending":
        endpoint.state = "available"


@after("ec2", "ModifyVpcEndpoint")
def modify_vpc_endpoint(call: Call) -> None:
    p = call.parameters
    ec2 = backend("ec2", call.account, call.region)
    endpoint = ec2.vpc_end_points[p["VpcEndpointId"]]
    if p.get("ResetPolicy"):
        endpoint.policy_document = json.dumps(endpoint.DEFAULT_POLICY)
    if p.get("PrivateDnsEnabled") is not None:
        endpoint.private_dns_enabled = p["PrivateDnsEnabled"]
    if endpoint.vpc_endpoint_type == "Gateway":
        for table_id in p.get("AddRouteTableIds") or []:
            ec2.create_route(
                table_id, None, gateway_id=endpoint.id, destination_prefix_list_id=endpoint.destination_prefix_list_id
            )
        for table_id in p.get("RemoveRouteTableIds") or []:
            ec2.delete_route(table_id, endpoint.destination_prefix_list_id)
        return
    for subnet_id in p.get("AddSubnetIds") or []:
        _add_interface(call, endpoint, subnet_id)
    for identity in list(endpoint.network_interface_ids):
        interface = ec2.enis.get(identity)
        if interface is not None and interface.subnet.id in (p.get("RemoveSubnetIds") or []):
            interfaces.remove(call.account, call.region, identity)
            endpoint.network_interface_ids.remove(identity)
        elif interface is not None:
            groups = [ec2.get_security_group_from_id(group_id) for group_id in endpoint.security_group_ids]
            interface._group_set = groups


@instead("ec2", "DeleteVpcEndpoints")
def delete_vpc_endpoints(call: Call) -> dict[str, Any]:
    unsuccessful = []
    ec2 = backend("ec2", call.account, call.region)
    for identity in call.parameters.get("VpcEndpointIds") or []:
        endpoint = _endpoints(call).get(identity)
        if endpoint is None:
            error = {
                "Code": "InvalidVpcEndpoint.NotFound",
                "Message": f"The Vpc Endpoint Id '{identity}' does not exist",
            }
            unsuccessful.append({"ResourceId": identity, "Error": error})
        elif endpoint.vpc_endpoint_type == "Interface":
            endpoint.state = "deleting"
            state.schedule("vpc_endpoint", "vpc_endpoint_is_gone", call.account, call.region, identity)
        else:
            for table_id in endpoint.route_table_ids:
                if table_id in ec2.route_tables and endpoint.destination_prefix_list_id:
                    ec2.delete_route(table_id, endpoint.destination_prefix_list_id)
            vpc_endpoint_is_gone(call.account, call.region, identity)
    return {"Unsuccessful": unsuccessful}


@transition
def vpc_endpoint_is_gone(account: str, region: str, identity: str) -> None:
    ec2 = backend("ec2", account, region)
    endpoint = ec2.vpc_end_points.pop(identity, None)
    if endpoint is not None:
        for interface in endpoint.network_interface_ids or []:
            interfaces.remove(account, region, interface)
        ec2.tags.pop(identity, None)

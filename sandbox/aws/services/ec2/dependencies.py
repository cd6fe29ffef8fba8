"""Deletions that EC2 refuses because something still depends on the resource, and what goes with it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import moto.ec2.models

from sandbox.aws.front.call import Call
from sandbox.aws.front.errors import AwsError
from sandbox.aws.front.hooks import after, before
from sandbox.aws.front.moto_bridge import backend

_backend_class: Any = moto.ec2.models.EC2Backend
_create_vpc = _backend_class.create_vpc


def _with_default_rules(ec2: Any, *arguments: Any, **named: Any) -> Any:
    """A VPC's default security group lets in everything from itself (egress moto makes)."""
    vpc = _create_vpc(ec2, *arguments, **named)
    group = ec2.get_security_group_from_name("default", vpc_id=vpc.id)
    ec2.authorize_security_group_ingress(group.id, "-1", None, None, [], source_groups=[{"GroupId": group.id}])
    return vpc


_backend_class.create_vpc = _with_default_rules


def _ec2(call: Call) -> Any:
    return backend("ec2", call.account, call.region)


def violation(message: str) -> AwsError:
    return AwsError("DependencyViolation", message, 400)


def _interfaces(ec2: Any) -> Iterator[Any]:
    """Interfaces that exist: those of terminated instances are gone."""
    for interface in ec2.enis.values():
        if interface.instance is None or interface.instance.state != "terminated":
            yield interface


@before("ec2", "DeleteVpc")
def delete_vpc(call: Call) -> None:
    ec2, vpc_id = _ec2(call), call.parameters["VpcId"]
    refused = violation(f"The vpc '{vpc_id}' has dependencies and cannot be deleted.")
    if any(gateway.vpc and gateway.vpc.id == vpc_id for gateway in ec2.internet_gateways.values()):
        raise refused
    if any(item.vpc_id == vpc_id and item.state not in ("deleted", "failed") for item in ec2.nat_gateways.values()):
        raise refused
    if any(item.vpc_id == vpc_id and item.state != "deleted" for item in ec2.vpc_end_points.values()):
        raise refused
    if any(interface.vpc_id == vpc_id for interface in _interfaces(ec2)):
        raise refused
    if any(not group.is_default and group.name != "default" for group in ec2.groups.get(vpc_id, {}).values()):
        raise refused
    if any(acl.vpc_id == vpc_id and not acl.default for acl in ec2.network_acls.values()):
        raise refused


@after("ec2", "DeleteVpc")
def forget_vpc(call: Call) -> None:
    ec2, vpc_id = _ec2(call), call.parameters["VpcId"]
    for identity in [key for key, acl in ec2.network_acls.items() if acl.vpc_id == vpc_id]:
        del ec2.network_acls[identity]
    for identity in [key for key, log in ec2.flow_logs.items() if log.resource_id == vpc_id]:
        del ec2.flow_logs[identity]
    ec2.groups.pop(vpc_id, None)


@before("ec2", "CreateSubnet")
def create_subnet(call: Call) -> None:
    zone = call.parameters.get("AvailabilityZone")
    if zone and zone not in [item.name for item in _ec2(call).describe_availability_zones()]:
        message = f"Value ({zone}) for parameter availabilityZone is invalid: it is no zone of {call.region}"
        raise AwsError("InvalidParameterValue", message, 400)


@before("ec2", "DeleteSubnet")
def delete_subnet(call: Call) -> None:
    ec2, subnet_id = _ec2(call), call.parameters["SubnetId"]
    if any(interface.subnet.id == subnet_id for interface in _interfaces(ec2)):
        raise violation(f"The subnet '{subnet_id}' has dependencies and cannot be deleted.")


@after("ec2", "DeleteSubnet")
def forget_subnet(call: Call) -> None:
    ec2, subnet_id = _ec2(call), call.parameters["SubnetId"]
    for table in ec2.route_tables.values():
        for identity in [key for key, value in table._associations.items() if value == subnet_id]:
            table._associations.pop(identity, None)
    for acl in ec2.network_acls.values():
        for key in [key for key, item in acl._associations.items() if item.subnet_id == subnet_id]:
            acl._associations.pop(key, None)
    for identity in [key for key, log in ec2.flow_logs.items() if log.resource_id == subnet_id]:
        del ec2.flow_logs[identity]


@before("ec2", "DeleteSecurityGroup")
def delete_security_group(call: Call) -> None:
    ec2 = _ec2(call)
    group_id = call.parameters.get("GroupId")
    group = ec2.get_security_group_from_id(group_id) if group_id else None
    if group is None:
        return
    if group.name == "default":
        message = f'the specified group: "{group_id}" name: "default" cannot be deleted by a user'
        raise AwsError("CannotDelete", message, 400)
    refused = violation(f"resource {group_id} has a dependent object")
    for interface in _interfaces(ec2):
        if any(item.id == group_id for item in interface.group_set):
            raise refused
    for other in (item for groups in ec2.groups.values() for item in groups.values()):
        if other.id == group_id:
            continue
        for rule in (*other.ingress_rules, *other.egress_rules):
            if rule.source_group and rule.source_group.get("GroupId") == group_id:
                raise refused


@before("ec2", "DetachInternetGateway")
def detach_internet_gateway(call: Call) -> None:
    ec2, vpc_id = _ec2(call), call.parameters["VpcId"]
    if any(interface.vpc_id == vpc_id and interface.public_ip for interface in _interfaces(ec2)):
        raise violation(
            f"Network {vpc_id} has some mapped public address(es). Please unmap those public address(es) before "
            "detaching the gateway."
        )


@before("ec2", "DeleteRouteTable")
def delete_route_table(call: Call) -> None:
    table = _ec2(call).route_tables.get(call.parameters["RouteTableId"])
    if table is not None and table.main_association_id:
        raise violation(f"The routeTable '{table.id}' has dependencies and cannot be deleted.")


@before("ec2", "DeleteNetworkAcl")
def delete_network_acl(call: Call) -> None:
    acl = _ec2(call).network_acls.get(call.parameters["NetworkAclId"])
    if acl is not None and acl.default is True:
        raise AwsError("InvalidParameterValue", f"cannot delete default network ACL {acl.id}", 400)


@before("ec2", "ReleaseAddress")
def release_address(call: Call) -> None:
    for address in _ec2(call).addresses:
        if address.allocation_id == call.parameters.get("AllocationId") and address.association_id:
            raise AwsError("InvalidIPAddress.InUse", f"Address {address.public_ip} is in use.", 400)


@before("ec2", "DisassociateAddress")
def disassociate_address(call: Call) -> None:
    for address in _ec2(call).addresses:
        if address.association_id == call.parameters.get("AssociationId") and getattr(
            address.eni, "service_owner", None
        ):
            raise AwsError("AuthFailure", "You do not have permission to access the specified resource.", 400)

"""NAT gateways with their states, their interface and address, zonal and regional ones."""

from __future__ import annotations

import datetime
import hashlib
from typing import Any

import moto.ec2.models.core
from moto.ec2.utils import random_nat_gateway_id

from sandbox.aws.front.call import Call
from sandbox.aws.front.errors import AwsError
from sandbox.aws.front.hooks import instead
from sandbox.aws.front.moto_bridge import backend
from sandbox.aws.front.state import state, transition
from sandbox.aws.services.ec2 import interfaces
from sandbox.aws.services.ec2.filters import matches, specified_tags, tag_list


class NatGateway(moto.ec2.models.core.TaggedEC2Resource):  # type: ignore[misc]
    """Lies among moto's NAT gateways, so that routes and tags find it."""

    def __init__(self, ec2_backend: Any, vpc_id: str, subnet_id: str | None, mode: str, connectivity: str) -> None:
        self.id: str = random_nat_gateway_id()
        self.ec2_backend = ec2_backend
        self.vpc_id = vpc_id
        self.subnet_id = subnet_id
        self.mode = mode
        self.connectivity_type = connectivity
        self.state = "pending"
        self.created = datetime.datetime.now(datetime.UTC)
        self.deleted: datetime.datetime | None = None
        self.addresses: list[dict[str, Any]] = []


@instead("ec2", "CreateNatGateway")
def create_nat_gateway(call: Call) -> dict[str, Any]:
    p = call.parameters
    ec2 = backend("ec2", call.account, call.region)
    mode, connectivity = p.get("AvailabilityMode") or "zonal", p.get("ConnectivityType") or "public"
    if mode == "regional":
        if p.get("SubnetId") or connectivity == "private":
            raise AwsError("InvalidParameter", "A regional NAT gateway takes a VpcId, no SubnetId, and is public", 400)
        gateway = NatGateway(ec2, ec2.get_vpc(_required(p, "VpcId")).id, None, mode, connectivity)
    else:
        subnet = _subnet(ec2, _required(p, "SubnetId"))
        gateway = NatGateway(ec2, subnet.vpc_id, subnet.id, mode, connectivity)
        address = None
        if connectivity == "public":
            address = _free_address(ec2, _required(p, "AllocationId"))
        _connect(call, gateway, subnet.id, address)
    if connectivity == "public" and not _has_internet_gateway(ec2, gateway.vpc_id):
        state.schedule("nat_gateway", "nat_gateway_fails", call.account, call.region, gateway.id)
    else:
        state.schedule("nat_gateway", "nat_gateway_is_available", call.account, call.region, gateway.id)
    ec2.nat_gateways[gateway.id] = gateway
    gateway.add_tags(specified_tags(call, "natgateway"))
    return {"NatGateway": _described(gateway), "ClientToken": p.get("ClientToken")}


def _required(p: dict[str, Any], name: str) -> str:
    if not p.get(name):
        raise AwsError("MissingParameter", f"The request must contain the parameter {name}", 400)
    return str(p[name])


def _subnet(ec2: Any, subnet_id: str) -> Any:
    for zone in ec2.subnets.values():
        if subnet_id in zone:
            return zone[subnet_id]
    raise AwsError("InvalidSubnet", f"The subnet ID '{subnet_id}' does not exist", 400)


def _free_address(ec2: Any, allocation_id: str) -> Any:
    for address in ec2.addresses:
        if address.allocation_id == allocation_id:
            if address.association_id:
                message = f"Elastic IP address [{allocation_id}] is already associated"
                raise AwsError("Resource.AlreadyAssociated", message, 400)
            return address
    raise AwsError("InvalidAllocationID.NotFound", f"The allocation ID '{allocation_id}' does not exist", 400)


def _has_internet_gateway(ec2: Any, vpc_id: str) -> bool:
    return any(gateway.vpc and gateway.vpc.id == vpc_id for gateway in ec2.internet_gateways.values())


def _connect(call: Call, gateway: NatGateway, subnet_id: str, address: Any) -> None:
    """Give the gateway an interface in a subnet, and the address that it answers from."""
    ec2 = backend("ec2", call.account, call.region)
    identity = interfaces.make(
        call.account,
        call.region,
        subnet_id,
        [],
        f"Interface for NAT Gateway {gateway.id}",
        owner="amazon-aws",
        kind="nat_gateway",
    )
    interface = ec2.enis[identity]
    item = {
        "NetworkInterfaceId": identity,
        "PrivateIp": interface.private_ip_address,
        "IsPrimary": True,
        "Status": "succeeded",
    }
    if address is not None:
        ec2.associate_address(eni=interface, allocation_id=address.allocation_id)
        item |= {
            "AllocationId": address.allocation_id,
            "PublicIp": address.public_ip,
            "AssociationId": address.association_id,
        }
    gateway.addresses.append(item)


@transition
def nat_gateway_is_available(account: str, region: str, identity: str) -> None:
    gateway = backend("ec2", account, region).nat_gateways.get(identity)
    if gateway is not None and gateway.state == "pending":
        gateway.state = "available"
        if gateway.mode == "regional":
            _provision_zones(account, region, gateway)


@transition
def nat_gateway_fails(account: str, region: str, identity: str) -> None:
    gateway = backend("ec2", account, region).nat_gateways.get(identity)
    if gateway is not None:
        gateway.state = "failed"
        _release(account, region, gateway)


def _provision_zones(account: str, region: str, gateway: NatGateway) -> None:
    """A regional gateway takes an address of its own in each zone of the VPC that has subnets."""
    ec2 = backend("ec2", account, region)
    zones = {
        subnet.availability_zone: subnet.availability_zone_id
        for subnets in ec2.subnets.values()
        for subnet in subnets.values()
        if subnet.vpc_id == gateway.vpc_id
    }
    for zone, zone_id in sorted(zones.items()):
        digest = hashlib.sha256(f"{gateway.id} {zone}".encode())
        gateway.addresses.append(
            {
                "AllocationId": f"eipalloc-0{digest.hexdigest()[:16]}",
                "PublicIp": "52." + ".".join(str(byte) for byte in digest.digest()[:3]),
                "IsPrimary": not gateway.addresses,
                "Status": "succeeded",
                "AvailabilityZone": zone,
                "AvailabilityZoneId": zone_id,
            }
        )


@instead("ec2", "DeleteNatGateway")
def delete_nat_gateway(call: Call) -> dict[str, Any]:
    identity = call.parameters["NatGatewayId"]
    gateway = backend("ec2", call.account, call.region).nat_gateways.get(identity)
    if gateway is None or gateway.state == "deleted":
        raise AwsError("NatGatewayNotFound", f"NatGateway {identity} was not found", 400)
    if gateway.state != "deleting":
        gateway.state = "deleting"
        state.schedule("nat_gateway", "nat_gateway_is_deleted", call.account, call.region, identity)
    return {"NatGatewayId": identity}


# A deleted gateway is still described for about an hour on AWS; here for a minute.
DESCRIBED_SECONDS = 60.0


@transition
def nat_gateway_is_deleted(account: str, region: str, identity: str) -> None:
    gateway = backend("ec2", account, region).nat_gateways.get(identity)
    if gateway is not None:
        _release(account, region, gateway)
        gateway.state = "deleted"
        gateway.deleted = datetime.datetime.now(datetime.UTC)
        state.schedule_in(DESCRIBED_SECONDS, "nat_gateway_is_forgotten", account, region, identity)


@transition
def nat_gateway_is_forgotten(account: str, region: str, identity: str) -> None:
    ec2 = backend("ec2", account, region)
    ec2.nat_gateways.pop(identity, None)
    ec2.tags.pop(identity, None)


def _release(account: str, region: str, gateway: NatGateway) -> None:
    ec2 = backend("ec2", account, region)
    for item in gateway.addresses:
        for address in ec2.addresses:
            if item.get("AssociationId") and address.association_id == item["AssociationId"]:
                ec2.disassociate_address(association_id=item["AssociationId"])
        interfaces.remove(account, region, item.get("NetworkInterfaceId", ""))


@instead("ec2", "DescribeNatGateways")
def describe_nat_gateways(call: Call) -> dict[str, Any]:
    p = call.parameters
    ec2 = backend("ec2", call.account, call.region)
    for identity in p.get("NatGatewayIds") or []:
        if identity not in ec2.nat_gateways:
            raise AwsError("NatGatewayNotFound", f"NatGateway {identity} was not found", 400)
    found = []
    for gateway in ec2.nat_gateways.values():
        if p.get("NatGatewayIds") and gateway.id not in p["NatGatewayIds"]:
            continue
        values = {
            "nat-gateway-id": gateway.id,
            "vpc-id": gateway.vpc_id,
            "subnet-id": gateway.subnet_id,
            "state": gateway.state,
            "connectivity-type": gateway.connectivity_type,
        }
        if matches(call, values, ec2.tags.get(gateway.id) or {}, "Filter") and matches(
            call, values, ec2.tags.get(gateway.id) or {}, "Filters"
        ):
            found.append(_described(gateway))
    return {"NatGateways": found}


def _described(gateway: NatGateway) -> dict[str, Any]:
    described = {
        "NatGatewayId": gateway.id,
        "VpcId": gateway.vpc_id,
        "State": gateway.state,
        "CreateTime": gateway.created,
        "ConnectivityType": gateway.connectivity_type,
        "AvailabilityMode": gateway.mode,
        "NatGatewayAddresses": [dict(item) for item in gateway.addresses],
        "Tags": tag_list(gateway.ec2_backend.tags.get(gateway.id) or {}),
    }
    if gateway.subnet_id:
        described["SubnetId"] = gateway.subnet_id
    if gateway.mode == "regional":
        described |= {"AutoScalingIps": "enabled", "AutoProvisionZones": "enabled"}
    if gateway.deleted:
        described["DeleteTime"] = gateway.deleted
    if gateway.state == "failed":
        described["FailureCode"] = "Gateway.NotAttached"
        described["FailureMessage"] = f"Network {gateway.vpc_id} has no Internet gateway attached"
    return described

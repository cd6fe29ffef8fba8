"""Network interfaces of AWS's own services: in use, managed by the requester, and in the way of deletions."""

from __future__ import annotations

import uuid
from typing import Any

import moto.ec2.models.elastic_network_interfaces
from moto.core.utils import utcnow

from sandbox.aws.front.call import Call
from sandbox.aws.front.errors import AwsError
from sandbox.aws.front.hooks import before
from sandbox.aws.front.moto_bridge import backend

models: Any = moto.ec2.models.elastic_network_interfaces
_moto_attachment = models.NetworkInterface.attachment


def make(
    account: str,
    region: str,
    subnet_id: str,
    groups: list[str],
    description: str,
    *,
    owner: str = "amazon-aws",
    kind: str = "interface",
    requester: str = "amazon-aws",
) -> str:
    """Make a service's interface in a subnet; returns its id. Without groups it has none (NAT gateways)."""
    ec2 = backend("ec2", account, region)
    interface = ec2.create_network_interface(ec2.get_subnet(subnet_id), "", group_ids=groups, description=description)
    if not groups:
        interface._group_set = []
    interface.requester_managed = True
    interface.requester_id = requester
    interface.interface_type = kind
    interface.status = "in-use"
    interface.attachment_id = f"ela-attach-0{uuid.uuid4().hex[:16]}"
    interface.attach_time = utcnow()
    interface.service_owner = owner
    return str(interface.id)


def remove(account: str, region: str, identity: str) -> None:
    """Take a service's interface away, if it is there."""
    ec2 = backend("ec2", account, region)
    interface = ec2.enis.pop(identity, None)
    if interface is not None:
        interface.subnet.del_subnet_ip(interface.private_ip_address)
        ec2.tags.pop(identity, None)


def _attachment(interface: Any) -> Any:
    owner = getattr(interface, "service_owner", None)
    if owner is None or not interface.attachment_id:
        return _moto_attachment.fget(interface)
    return {
        "AttachmentId": interface.attachment_id,
        "AttachTime": interface.attach_time,
        "DeleteOnTermination": False,
        "DeviceIndex": 1,
        "InstanceOwnerId": owner,
        "Status": "attached",
    }


models.NetworkInterface.attachment = property(_attachment)


@before("ec2", "DeleteNetworkInterface")
def delete_network_interface(call: Call) -> None:
    identity = call.parameters["NetworkInterfaceId"]
    interface = backend("ec2", call.account, call.region).enis.get(identity)
    if interface is None:
        return
    if getattr(interface, "service_owner", None) or interface.status == "in-use" or interface.instance is not None:
        raise AwsError(
            "InvalidParameterValue" if interface.requester_managed else "InvalidNetworkInterface.InUse",
            f"Network interface '{identity}' is currently in use.",
            400,
        )


@before("ec2", "DetachNetworkInterface")
def detach_network_interface(call: Call) -> None:
    wanted = call.parameters["AttachmentId"]
    for interface in backend("ec2", call.account, call.region).enis.values():
        if interface.attachment_id == wanted and getattr(interface, "service_owner", None):
            raise AwsError("AuthFailure", "You do not have permission to access the specified resource.", 400)

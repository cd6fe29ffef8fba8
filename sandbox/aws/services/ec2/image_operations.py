"""DescribeImages with EKS's images in it, and what depends on it when instances start."""

from __future__ import annotations

from typing import Any

import moto.ec2.models

from sandbox.aws.front.call import Call
from sandbox.aws.front.hooks import instead
from sandbox.aws.services.ec2.filters import matches
from sandbox.aws.services.ssm.images import Image, catalogue

_backend_class: Any = moto.ec2.models.EC2Backend
_describe_images = _backend_class.describe_images
# Accounts that publish EKS's images; Bottlerocket's differ from AL2023's.
OWNER = "602401143452"


class _Ami:
    """As much of an image as moto's instances ask for."""

    platform = None
    virtualization_type = "hvm"
    root_device_name = "/dev/xvda"
    kernel_id = None

    def __init__(self, image: Image) -> None:
        self.id = image.id
        self.architecture = image.architecture


def _describe(ec2: Any, *arguments: Any, **named: Any) -> Any:
    """moto asks here for the image of an instance that it starts."""
    wanted = (named.get("filters") or {}).get("image-id") or named.get("ami_ids")
    for identity in [wanted] if isinstance(wanted, str) else wanted or []:
        image = catalogue(ec2.region_name).get(identity)
        if image is not None:
            return [_Ami(image)]
    return _describe_images(ec2, *arguments, **named)


_backend_class.describe_images = _describe


@instead("ec2", "DescribeImages")
def describe_images(call: Call) -> dict[str, Any] | None:
    """EKS's images when the call asks for one of them or for Amazon's; None leaves the answer to moto."""
    p = call.parameters
    images = catalogue(call.region)
    wanted = p.get("ImageIds") or []
    filters = {item["Name"]: item.get("Values") or [] for item in p.get("Filters") or []}
    by_filter = filters.get("image-id") or []
    of_eks = any(identity in images for identity in (*wanted, *by_filter))
    of_amazon = {"amazon", OWNER} & set(p.get("Owners") or []) or "name" in filters
    if not of_eks and (wanted or not of_amazon):
        return None
    found = []
    for image in images.values():
        if wanted and image.id not in wanted:
            continue
        values = {
            "image-id": image.id,
            "name": image.name,
            "architecture": image.architecture,
            "state": "available",
            "owner-id": OWNER,
            "owner-alias": "amazon",
            "root-device-type": "ebs",
            "virtualization-type": "hvm",
            "image-type": "machine",
            "is-public": "true",
        }
        if matches(call, values, {}):
            found.append(_described(image))
    return {"Images": found}


def _described(image: Image) -> dict[str, Any]:
    disks = [("/dev/xvda", 20)]
    if image.ami_type.startswith("BOTTLEROCKET"):
        disks = [("/dev/xvda", 2), ("/dev/xvdb", 20)]
    return {
        "ImageId": image.id,
        "Name": image.name,
        "Description": image.description,
        "Architecture": image.architecture,
        "State": "available",
        "OwnerId": OWNER,
        "ImageOwnerAlias": "amazon",
        "ImageLocation": f"amazon/{image.name}",
        "ImageType": "machine",
        "Public": True,
        "RootDeviceName": "/dev/xvda",
        "RootDeviceType": "ebs",
        "VirtualizationType": "hvm",
        "Hypervisor": "xen",
        "EnaSupport": True,
        "BootMode": "uefi-preferred",
        "CreationDate": "2026-11-13T00:00:00.000Z",
        "PlatformDetails": "Linux/UNIX",
        "BlockDeviceMappings": [
            {
                "DeviceName": name,
                "Ebs": {
                    "DeleteOnTermination": True,
                    "Encrypted": False,
                    "SnapshotId": f"snap-0{image.id[5:21]}",
                    "VolumeSize": size,
                    "VolumeType": "gp3" if name == "/dev/xvda" else "gp2",
                },
            }
            for name, size in disks
        ],
    }

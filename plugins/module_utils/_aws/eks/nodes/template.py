# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a launch template of nodes holds. Pure."""

from __future__ import annotations

from typing import Any

from ...._core.plan import Ref, Resource
from ... import tags as _tags
from .groups import Group, Nodes
from .images import AmiType

TAGGED = ("instance", "network-interface", "volume")
"""What EC2 makes for a node; tags of node groups and Auto Scaling groups do not reach all of it."""


def template(spec: Nodes, name: str, data: dict[str, Any]) -> Resource:
    return Resource(Ref("launch_template", name), {"data": data}, _tags.of(spec.platform, name, spec.tags))


def data(spec: Nodes, group: Group, **special: Any) -> dict[str, Any]:
    """The data of a group's launch template in the form that plans use (see `ec2.launch_template_data`).

    IMDSv2 only and one hop, so that pods do not reach the node's role; encrypted disks; no public address.
    """
    tags = _tags.of(spec.platform, group.name, spec.tags)
    return {
        "BlockDeviceMappings": disks(group.image, group.disk_size, Ref("kms_key", spec.key)),
        "MetadataOptions": {"HttpEndpoint": "enabled", "HttpTokens": "required", "HttpPutResponseHopLimit": 1},
        "Monitoring": {"Enabled": group.detailed_monitoring},
        "NetworkInterfaces": {
            "0": {
                "AssociatePublicIpAddress": False,
                "DeleteOnTermination": True,
                "Groups": [Ref("security_group", name) for name in spec.security_groups],
            }
        },
        "TagSpecifications": dict.fromkeys(TAGGED, tags),
        **special,
    }


def disks(image: AmiType, size: int, key: Ref) -> dict[str, Any]:
    """Encrypted gp3 disks. Bottlerocket keeps its system on a small first one and images and logs on a second.

    Source: "Default volumes", bottlerocket.dev.
    """

    def disk(gibibytes: int) -> dict[str, Any]:
        return {
            "DeleteOnTermination": True,
            "Encrypted": True,
            "KmsKeyId": key,
            "VolumeSize": gibibytes,
            "VolumeType": "gp3",
        }

    if image.system == "bottlerocket":
        return {"/dev/xvda": disk(4), "/dev/xvdb": disk(size)}
    return {"/dev/xvda": disk(size)}

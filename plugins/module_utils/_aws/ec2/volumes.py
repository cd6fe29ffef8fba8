# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kind `ebs_volume`: volumes that the EBS CSI driver made for pods of a cluster, only ever deleted."""

from __future__ import annotations

from typing import Any

from ..._core.box import Kind, Target
from ..._core.plan import Found, Ref
from ..client import Api
from . import common as ec2
from .model import name_of, tags_of


def volumes(api: Api, cluster: str) -> list[dict[str, Any]]:
    """Volumes with the driver's tag for the cluster. Source: "Tagging", aws-ebs-csi-driver."""
    answer: list[dict[str, Any]] = api.ec2.pages(
        "describe_volumes",
        "Volumes",
        Filters=[
            {"Name": f"tag:kubernetes.io/cluster/{cluster}", "Values": ["owned"]},
            {"Name": "tag-key", "Values": ["ebs.csi.aws.com/cluster"]},
        ],
    )
    return answer


def read_volumes(api: Api, cluster: str) -> dict[Ref, Found]:
    """By the names of their persistent volumes. They carry no tag of the platform and belong to its cluster."""
    answer = {}
    for volume in volumes(api, cluster):
        tags = tags_of(volume)
        answer[Ref("ebs_volume", tags.get("CSIVolumeName") or name_of(volume) or volume["VolumeId"])] = Found(
            volume["VolumeId"], {"size": volume["Size"]}
        )
    return answer


def delete_volume(api: Api, volume: Target) -> None:
    """A volume is let go a moment after its last node is gone."""
    ec2.when_free(api, lambda: api.ec2.delete_volume(VolumeId=volume.id), volume.ref)


EBS_VOLUME = Kind(name="ebs_volume", delete=delete_volume)

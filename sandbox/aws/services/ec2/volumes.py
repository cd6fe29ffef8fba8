"""EBS volumes: what an attachment says of the volume's end."""

from __future__ import annotations

from typing import Any

from moto.ec2.models.elastic_block_store import VolumeAttachment


def delete_on_termination(attachment: Any) -> bool:
    """Whether the volume goes with its instance; moto keeps that with the instance alone."""
    device = getattr(attachment.instance, "block_device_mapping", {}).get(attachment.device)
    return bool(device is not None and device.delete_on_termination)


attachment_class: Any = VolumeAttachment
attachment_class.delete_on_termination = property(delete_on_termination)

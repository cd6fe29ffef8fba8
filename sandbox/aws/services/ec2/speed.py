"""Tags by a look-up: moto compiles filters and walks over every tag of the region for each resource it describes."""

from __future__ import annotations

from typing import Any

import moto.ec2.models.core
import moto.ec2.utils

utils: Any = moto.ec2.utils
# DescribeTags calls a NAT gateway "natgateway".
utils.EC2_PREFIX_TO_RESOURCE["nat"] = "natgateway"


def _get_tags(resource: Any) -> list[dict[str, str]]:
    identity = resource.id
    tags = resource.ec2_backend.tags.get(identity) if identity else None
    if not tags:
        return []
    kind = utils.EC2_PREFIX_TO_RESOURCE.get(utils.get_prefix(identity), "")
    return [{"resource_id": identity, "key": key, "value": value, "resource_type": kind} for key, value in tags.items()]


resource_class: Any = moto.ec2.models.core.TaggedEC2Resource
resource_class.get_tags = _get_tags

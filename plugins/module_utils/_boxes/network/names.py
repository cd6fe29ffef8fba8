# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names and tags by which the parts of a network are told apart. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..._aws.ec2.model import tags_of
from ..._aws.tags import IDENTITY
from ..._core.plan import Ref

PRIVATE, PUBLIC, PODS = "private", "public", "pods"

EXTERNAL = "kubernetes.io/role/elb"
INTERNAL = "kubernetes.io/role/internal-elb"
CNI = "kubernetes.io/role/cni"

_ROLES = {PUBLIC: EXTERNAL, PRIVATE: INTERNAL, PODS: CNI}


def subnet_name(platform: str, tier: str, zone: str) -> str:
    """`demo-private-a`: a zone goes by its last letter."""
    return f"{platform}-{tier}-{zone[-1]}"


def name_of_subnet(platform: str, zone: str, tags: Mapping[str, str]) -> str:
    """The Name tag, or what it has to be if somebody removed or changed it: the tags of the tiers tell."""
    given = tags.get("Name", "")
    names = {tier: subnet_name(platform, tier, zone) for tier in (PRIVATE, PUBLIC, PODS)}
    if given in names.values():
        return given
    return next((names[tier] for tier, key in _ROLES.items() if key in tags), given)


def subnet_name_of(platform: str, entry: Mapping[str, Any]) -> str:
    tags = tags_of(entry)
    if tags.get(IDENTITY) == platform:
        return name_of_subnet(platform, entry["AvailabilityZone"], tags) or str(entry["SubnetId"])
    return tags.get("Name") or str(entry["SubnetId"])


def endpoint_ref(platform: str, entry: Mapping[str, Any]) -> Ref:
    """By the service: a VPC has one of a kind for each."""
    service = entry["ServiceName"].split(".", 3)[-1]
    return Ref("vpc_endpoint", f"{platform}-{service.replace('.', '-')}")

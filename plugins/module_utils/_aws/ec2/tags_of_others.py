# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kinds `vpc_tags` and `subnet_tags`: what the platform tags of a network that others made."""

from __future__ import annotations

from ..._core.box import Kind, Target
from ..client import Api
from ..tags import DISCOVERY, shared


def _resource(target: Target) -> str:
    return str(target.attributes.get("vpc") or target.attributes.get("subnet"))


def set_tags(api: Api, target: Target) -> None:
    """Only adds and corrects: what the owner tagged stays."""
    pairs = [{"Key": key, "Value": value} for key, value in sorted(target.attributes["entries"].items())]
    api.ec2.create_tags(Resources=[_resource(target)], Tags=pairs)


def delete_tags(api: Api, target: Target) -> None:
    """The tags of roles of subnets stay: load balancers of others may be found by them. So does what others set."""
    platform, entries = target.spec.platform, target.attributes["entries"]
    keys = [key for key in entries if key == shared(platform) or (key == DISCOVERY and entries[key] == platform)]
    api.ec2.delete_tags(Resources=[_resource(target)], Tags=[{"Key": key} for key in sorted(keys)])


VPC_TAGS, SUBNET_TAGS = (
    Kind(name=name, update={"entries": set_tags}, delete=delete_tags) for name in ("vpc_tags", "subnet_tags")
)
"""They need `platform` in what the box's `parse` returns."""

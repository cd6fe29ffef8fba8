# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kind `elastic_ip`: its calls, one a function, and what stands of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..._core.box import Kind, Target
from ..._core.plan import Found
from .. import tags
from ..client import Api
from . import common as ec2
from .model import tags_of


def allocate(api: Api, address: Target) -> str:
    answer = api.ec2.allocate_address(Domain="vpc", TagSpecifications=tags.specification("elastic-ip", address.tags))
    return str(answer["AllocationId"])


def release(api: Api, address: Target) -> None:
    ec2.when_free(api, lambda: api.ec2.release_address(AllocationId=address.id), address.ref)


def found_elastic_ip(entry: Mapping[str, Any]) -> Found:
    return Found(entry["AllocationId"], {}, tags_of(entry))


ELASTIC_IP = Kind(name="elastic_ip", create=allocate, delete=release, tag=ec2.tag, untag=ec2.untag)

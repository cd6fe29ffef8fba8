# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The data of a launch template in the form that plans use, and as AWS takes it. Pure.

A plan has AWS's names, with mappings instead of lists so that a difference shows its place: disks by device, interfaces
by index, tags by resource type and key, and user data as `eks.nodes.user_data` has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import tags as _tags
from ..eks.nodes import user_data
from ..eks.nodes.user_data import Cluster

_DEFAULTS = {"HttpProtocolIpv6": "disabled", "InstanceMetadataTags": "disabled"}


def planned(data: Mapping[str, Any], cluster: Cluster | None = None) -> dict[str, Any]:
    """AWS's data as a plan has it; what is empty or AWS's default is left out."""
    answer = {key: value for key, value in data.items() if value not in (None, "", [], {})}
    if "BlockDeviceMappings" in answer:
        answer["BlockDeviceMappings"] = {entry["DeviceName"]: _disk(entry) for entry in data["BlockDeviceMappings"]}
    if "NetworkInterfaces" in answer:
        answer["NetworkInterfaces"] = {
            str(entry.get("DeviceIndex", 0)): _interface(entry) for entry in data["NetworkInterfaces"]
        }
    if "TagSpecifications" in answer:
        answer["TagSpecifications"] = {
            entry["ResourceType"]: _tags.from_list(entry.get("Tags")) for entry in data["TagSpecifications"]
        }
    if "MetadataOptions" in answer:
        answer["MetadataOptions"] = {
            key: value
            for key, value in data["MetadataOptions"].items()
            if key != "State" and _DEFAULTS.get(key) != value
        }
    if "UserData" in answer:
        answer["UserData"] = user_data.parse(data["UserData"], cluster)
    return answer


def _interface(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in entry.items() if key != "DeviceIndex" and value != []}


def _disk(entry: Mapping[str, Any]) -> dict[str, Any]:
    others = {key: value for key, value in entry.items() if key not in ("DeviceName", "Ebs")}
    return {**entry.get("Ebs", {}), **others}


def request(data: Mapping[str, Any], cluster: Cluster | None = None) -> dict[str, Any]:
    """A plan's data as AWS takes it."""
    answer = dict(data)
    if "BlockDeviceMappings" in data:
        answer["BlockDeviceMappings"] = [
            {"DeviceName": device, "Ebs": dict(disk)} for device, disk in sorted(data["BlockDeviceMappings"].items())
        ]
    if "NetworkInterfaces" in data:
        answer["NetworkInterfaces"] = [
            {"DeviceIndex": int(index), **interface} for index, interface in sorted(data["NetworkInterfaces"].items())
        ]
    if "TagSpecifications" in data:
        answer["TagSpecifications"] = [
            {"ResourceType": kind, "Tags": _tags.to_list(tags)}
            for kind, tags in sorted(data["TagSpecifications"].items())
        ]
    if "UserData" in data:
        answer["UserData"] = user_data.render(data["UserData"], cluster)
    return answer

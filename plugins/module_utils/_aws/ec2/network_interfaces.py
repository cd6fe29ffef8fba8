# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kind `network_interface`, which controllers leave behind and which is only ever deleted."""

from __future__ import annotations

from ..._core.box import Kind, Target
from ..client import Api


def left_by_cni(api: Api, group_id: str) -> list[str]:
    """Unattached interfaces in a group that the Amazon VPC CNI made for pods of nodes that are gone.

    Source: the CNI describes them as `aws-K8S-<instance>` and deletes its own leftovers only while a node runs.
    """
    filters = [
        {"Name": "group-id", "Values": [group_id]},
        {"Name": "status", "Values": ["available"]},
        {"Name": "description", "Values": ["aws-K8S-*"]},
    ]
    found = api.ec2.pages("describe_network_interfaces", "NetworkInterfaces", Filters=filters)
    return [str(entry["NetworkInterfaceId"]) for entry in found]


def delete_interface(api: Api, interface_id: str) -> None:
    call = api.ec2.delete_network_interface
    api.optional(lambda: call(NetworkInterfaceId=interface_id), "InvalidNetworkInterfaceID.NotFound")


def delete_left(api: Api, interface: Target) -> None:
    """One that is gone already is no error: the CNI looks for its own leftovers too."""
    delete_interface(api, interface.id)


NETWORK_INTERFACE = Kind(name="network_interface", delete=delete_left)

# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kind `flow_log`: its calls, one a function, and what stands of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..._core.box import Kind, Target
from ..._core.plan import Found
from .. import tags
from ..client import Api
from . import common as ec2
from .model import tags_of


def create_flow_log(api: Api, log: Target) -> str:
    answer = api.ec2.create_flow_logs(
        ResourceType="VPC",
        ResourceIds=[log.attributes["vpc"]],
        TrafficType=log.attributes["traffic_type"],
        LogDestinationType="cloud-watch-logs",
        LogGroupName=log.attributes["log_group"],
        DeliverLogsPermissionArn=log.attributes["role"],
        TagSpecifications=tags.specification("vpc-flow-log", log.tags),
    )
    ec2.all_taken(answer, "CreateFlowLogs")
    return str(answer["FlowLogIds"][0])


def delete_flow_log(api: Api, log: Target) -> None:
    ec2.all_taken(api.ec2.delete_flow_logs(FlowLogIds=[log.id]), "DeleteFlowLogs", gone=True)


def found_flow_log(entry: Mapping[str, Any]) -> Found:
    attributes = {
        "vpc": entry["ResourceId"],
        "traffic_type": entry["TrafficType"],
        "log_group": entry.get("LogGroupName"),
        "role": entry.get("DeliverLogsPermissionArn"),
    }
    return Found(entry["FlowLogId"], attributes, tags_of(entry))


FLOW_LOG = Kind(
    name="flow_log",
    immutable=frozenset({"vpc", "traffic_type", "log_group", "role"}),
    create=create_flow_log,
    delete=delete_flow_log,
    tag=ec2.tag,
    untag=ec2.untag,
)

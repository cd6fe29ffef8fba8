# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calls that change the Auto Scaling groups of nodes, one a function."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from ..._aws.client import Api
from ..._aws.ec2 import launch_templates
from ..._aws.ec2.launch_templates.apply import version_of
from ..._aws.nodes import volumes
from ..._aws.nodes.groups import changed_sizes
from ..._core.box import Kind, Target
from ..._core.plan import Effect
from ..._core.wait import Status, Wait, until
from ..eks_access.apply import ACCESS_ENTRY
from .model import template_name
from .read import ROLLING, last_refresh, named_groups

CREATION = Wait(usual=120, timeout=1800)
REFRESH = Wait(usual=900, timeout=10800)
DELETION = Wait(usual=180, timeout=1800)
WARMUP = 120
"""Seconds from the start of an instance to a node that takes pods, before the next one is replaced."""

ROLLS = ("launch_template", "launch_template_data", "instance_types", "outdated_instances")


def create_group(api: Api, group: Target) -> str:
    wanted = group.attributes
    api.autoscaling.create_auto_scaling_group(
        AutoScalingGroupName=group.name,
        MixedInstancesPolicy=mixed_instances_policy(group),
        **sizes(wanted["scaling"]),
        VPCZoneIdentifier=",".join(wanted["subnets"]),
        CapacityRebalance=wanted["capacity_rebalance"],
        TerminationPolicies=list(wanted["termination_policies"]),
        Tags=tag_list(group, group.tags),
    )
    return group.name


def mixed_instances_policy(group: Target) -> dict[str, Any]:
    """The template's version of this run, else its default version, which stands for long."""
    wanted = group.attributes
    number = group.ids.get(version_of(template_name(group.name)), "$Default")
    return {
        "LaunchTemplate": {
            "LaunchTemplateSpecification": {"LaunchTemplateId": wanted["launch_template"], "Version": number},
            "Overrides": [{"InstanceType": name} for name in wanted["instance_types"]],
        },
        "InstancesDistribution": dict(wanted["distribution"]),
    }


def sizes(scaling: Mapping[str, int]) -> dict[str, int]:
    names = {"min_size": "MinSize", "max_size": "MaxSize", "desired_size": "DesiredCapacity"}
    return {names[key]: value for key, value in scaling.items()}


def tag_list(group: Target, tags: Mapping[str, str]) -> list[dict[str, Any]]:
    return [
        {
            "ResourceId": group.name,
            "ResourceType": "auto-scaling-group",
            "Key": key,
            "Value": value,
            "PropagateAtLaunch": True,
        }
        for key, value in sorted(tags.items())
    ]


def update_group(api: Api, group: Target) -> None:
    """Sends what differs; where that leaves instances of the former kind, they are replaced within the budget."""
    wanted = group.attributes
    changed = {field.attribute for field in group.fields}
    parameters: dict[str, Any] = {}
    if changed & {"launch_template", "launch_template_data", "instance_types", "distribution"}:
        parameters["MixedInstancesPolicy"] = mixed_instances_policy(group)
    if "scaling" in changed:
        parameters |= sizes(changed_sizes(group))
    if "subnets" in changed:
        parameters["VPCZoneIdentifier"] = ",".join(wanted["subnets"])
    if "capacity_rebalance" in changed:
        parameters["CapacityRebalance"] = wanted["capacity_rebalance"]
    if "termination_policies" in changed:
        parameters["TerminationPolicies"] = list(wanted["termination_policies"])
    if parameters:
        api.autoscaling.update_auto_scaling_group(AutoScalingGroupName=group.name, **parameters)
    if changed & set(ROLLS):
        start_instance_refresh(api, group)


def start_instance_refresh(api: Api, group: Target) -> None:
    """Waited for here, so that its own reason is shown where it fails; AWS takes one at a time."""
    until(partial(refresh_over, api, group.name), f"the instance refresh before of {group.ref.words}", REFRESH, api.say)
    api.autoscaling.start_instance_refresh(
        AutoScalingGroupName=group.name,
        Strategy="Rolling",
        Preferences={
            "MinHealthyPercentage": min_healthy_percentage(group),
            "InstanceWarmup": WARMUP,
            "SkipMatching": True,
        },
    )
    until(partial(refresh_status, api, group.name), f"instance refresh of {group.ref.words}", REFRESH, api.say)


def min_healthy_percentage(group: Target) -> int:
    """The disruption budget as Auto Scaling has it: a share of the desired size that stays healthy."""
    declared = next(entry for entry in group.spec.groups if entry.name == group.name)
    if declared.max_unavailable_percentage is not None:
        return int(100 - declared.max_unavailable_percentage)
    desired = group.attributes["scaling"]["desired_size"]
    return max(0, 100 * (desired - declared.max_unavailable) // desired) if desired else 0


def refresh_over(api: Api, name: str) -> Status:
    status = last_refresh(api, name).get("Status", "none")
    return Status(status not in ROLLING, status)


def refresh_status(api: Api, name: str) -> Status:
    refresh = last_refresh(api, name)
    status = refresh.get("Status", "not visible yet")
    text = f"{status} ({refresh.get('PercentageComplete', 0)} %)" if status in ROLLING else status
    failed = "" if status in (*ROLLING, "Successful", "not visible yet") else refresh.get("StatusReason") or "no reason"
    return Status(status == "Successful", text, failed)


def enable_metrics_collection(api: Api, group: Target) -> None:
    api.autoscaling.enable_metrics_collection(AutoScalingGroupName=group.name, Granularity="1Minute")


def delete_group(api: Api, group: Target) -> None:
    api.autoscaling.delete_auto_scaling_group(AutoScalingGroupName=group.name, ForceDelete=True)


def group_ready(api: Api, group: Target) -> Status:
    """As many healthy instances as are desired, and no instance refresh that goes on."""
    found = next(iter(named_groups(api, [group.name])), None)
    if found is None:
        return Status(False, "not visible yet")
    instances = [entry for entry in found["Instances"] if entry["LifecycleState"] == "InService"]
    if len(instances) < found["DesiredCapacity"]:
        reason = launch_failure(api, group.name)
        text = f"{len(instances)} of {found['DesiredCapacity']} instances in service"
        return Status(False, f"{text} ({reason})" if reason else text)
    refresh = last_refresh(api, group.name).get("Status", "")
    return Status(refresh not in ROLLING, f"instance refresh {refresh}" if refresh in ROLLING else "in service")


def launch_failure(api: Api, name: str) -> str:
    """Why the latest launch failed, in AWS's words, or an empty text."""
    answer = api.autoscaling.describe_scaling_activities(AutoScalingGroupName=name, MaxRecords=1)
    activity: dict[str, Any] = next(iter(answer["Activities"]), {})
    return str(activity.get("StatusMessage", "")) if activity.get("StatusCode") == "Failed" else ""


def group_gone(api: Api, group: Target) -> Status:
    found = next(iter(named_groups(api, [group.name])), None)
    if found is None:
        return Status(True, "gone")
    return Status(False, f"{found.get('Status', 'there')}, {len(found['Instances'])} instances")


def tag(api: Api, group: Target, tags: Mapping[str, str]) -> None:
    api.autoscaling.create_or_update_tags(Tags=tag_list(group, tags))


def untag(api: Api, group: Target, keys: Sequence[str]) -> None:
    surplus = [{"ResourceId": group.name, "ResourceType": "auto-scaling-group", "Key": key} for key in keys]
    api.autoscaling.delete_tags(Tags=surplus)


def create_access_entry(api: Api, entry: Target) -> str:
    """EC2_LINUX stands for the rights that nodes need; nothing else can be said of it."""
    wanted = entry.attributes
    answer = api.eks.create_access_entry(
        clusterName=wanted["cluster"], principalArn=wanted["principal"], type=wanted["type"], tags=dict(entry.tags)
    )
    return str(answer["accessEntry"]["accessEntryArn"])


UPDATED = (
    *ROLLS,
    "distribution",
    "scaling",
    "subnets",
    "capacity_rebalance",
    "termination_policies",
)

KINDS = (
    volumes.KIND,
    replace(ACCESS_ENTRY, create=create_access_entry, after_create=()),
    *launch_templates.KINDS,
    Kind(
        name="autoscaling_group",
        effects=dict.fromkeys(ROLLS, Effect.ROLLS_NODES),
        create=create_group,
        update={
            **dict.fromkeys(UPDATED, update_group),
            "metrics_collection": enable_metrics_collection,
        },
        after_create=("metrics_collection",),
        delete=delete_group,
        tag=tag,
        untag=untag,
        ready=group_ready,
        gone=group_gone,
        wait=CREATION,
        wait_gone=DELETION,
    ),
)

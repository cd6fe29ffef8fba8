# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kind `autoscaling_group`, of nodes: its calls, one a function, and what stands of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from ..._core.box import Kind, Target
from ..._core.plan import Effect, Found
from ..._core.wait import Status, Wait, until
from .. import tags as _tags
from ..client import Api
from ..ec2.launch_templates import version_of
from ..eks.nodes.groups import changed_sizes, template_name

CREATION = Wait(usual=120, timeout=1800)
REFRESH = Wait(usual=900, timeout=10800)
DELETION = Wait(usual=180, timeout=1800)
WARMUP = 120
"""Seconds from the start of an instance to a node that takes pods, before the next one is replaced."""

ROLLING = ("Pending", "InProgress", "Baking", "Cancelling", "RollbackInProgress")
"""Statuses of an instance refresh that goes on."""

DEFAULTS = {"OnDemandAllocationStrategy": "prioritized", "OnDemandBaseCapacity": 0}

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
        parameters |= sizes(changed_sizes(wanted["scaling"], group.before["scaling"]))
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
    """Waited for here, so that its own reason is shown where it fails; AWS takes one at a time.

    Without `SkipMatching`, which AWS refuses where the template's image is a parameter (`resolve:ssm:`).
    """
    until(partial(refresh_over, api, group.name), f"the instance refresh before of {group.ref.words}", REFRESH, api.say)
    api.autoscaling.start_instance_refresh(
        AutoScalingGroupName=group.name,
        Strategy="Rolling",
        Preferences={"MinHealthyPercentage": min_healthy_percentage(group), "InstanceWarmup": WARMUP},
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


def tagged_groups(api: Api, platform: str) -> list[dict[str, Any]]:
    answer: list[dict[str, Any]] = api.autoscaling.pages(
        "describe_auto_scaling_groups",
        "AutoScalingGroups",
        Filters=[{"Name": f"tag:{_tags.IDENTITY}", "Values": [platform]}],
    )
    return answer


def named_groups(api: Api, names: list[str]) -> list[dict[str, Any]]:
    answer: list[dict[str, Any]] = api.autoscaling.pages(
        "describe_auto_scaling_groups", "AutoScalingGroups", AutoScalingGroupNames=names
    )
    return answer


def last_refresh(api: Api, name: str) -> dict[str, Any]:
    """The latest instance refresh of a group, `{}` where there was none."""
    answer = api.autoscaling.describe_instance_refreshes(AutoScalingGroupName=name, MaxRecords=1)
    return dict(next(iter(answer["InstanceRefreshes"]), {}))


def template_version(group: Mapping[str, Any]) -> tuple[str, str]:
    """Id and version of the group's launch template, a number or `$Default`."""
    mixed = group.get("MixedInstancesPolicy", {}).get("LaunchTemplate", {}).get("LaunchTemplateSpecification", {})
    template = mixed or group.get("LaunchTemplate", {})
    return template.get("LaunchTemplateId", ""), template.get("Version") or "$Default"


def _data(versions: Mapping[str, Mapping[int, Any]], template_id: str, version: str) -> Any:
    standing = versions.get(template_id, {})
    if version == "$Latest":
        return standing.get(max(standing, default=0))
    return standing.get(int(version) if version.isdigit() else 0)


def found_group(api: Api, group: Mapping[str, Any], versions: Mapping[str, Mapping[int, Any]]) -> Found:
    template_id, version = template_version(group)
    policy = group.get("MixedInstancesPolicy", {})
    types = [entry.get("InstanceType", "") for entry in policy.get("LaunchTemplate", {}).get("Overrides", [])]
    distribution = policy.get("InstancesDistribution", {})
    data = _data(versions, template_id, version)
    attributes = {
        "instance_types": types,
        "distribution": {**DEFAULTS, **{key: value for key, value in distribution.items() if value not in (None, "")}},
        "launch_template": template_id if template_id in versions else None,
        "launch_template_data": data,
        "scaling": {
            "min_size": group["MinSize"],
            "max_size": group["MaxSize"],
            "desired_size": group["DesiredCapacity"],
        },
        "subnets": sorted(group.get("VPCZoneIdentifier", "").split(",")),
        "capacity_rebalance": bool(group.get("CapacityRebalance")),
        "termination_policies": group.get("TerminationPolicies", []),
        "metrics_collection": bool(group.get("EnabledMetrics")),
        "instances": len(group.get("Instances", [])),
    }
    outdated = [
        instance
        for instance in group.get("Instances", [])
        if instance.get("InstanceType") not in types
        or _data(versions, template_id, instance.get("LaunchTemplate", {}).get("Version") or version) != data
    ]
    state = "going" if group.get("Status") else "ready"
    if outdated and state == "ready" and last_refresh(api, group["AutoScalingGroupName"]).get("Status") in ROLLING:
        outdated, state = [], "pending"
    tags = _tags.from_list(group.get("Tags"))
    return Found(group["AutoScalingGroupName"], {**attributes, "outdated_instances": len(outdated)}, tags, state=state)


UPDATED = (
    *ROLLS,
    "distribution",
    "scaling",
    "subnets",
    "capacity_rebalance",
    "termination_policies",
)

AUTOSCALING_GROUP = Kind(
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
)
"""It needs `groups` in what the box's `parse` returns."""

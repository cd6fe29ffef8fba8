"""Updates of Auto Scaling groups that moto forgets, and instance refreshes: instances of a former kind are replaced."""

from __future__ import annotations

import datetime
import math
import uuid
from typing import Any

import moto.autoscaling.models

from sandbox.aws.front.call import Call
from sandbox.aws.front.errors import AwsError
from sandbox.aws.front.hooks import after, instead
from sandbox.aws.front.moto_bridge import backend
from sandbox.aws.front.state import state, transition

models: Any = moto.autoscaling.models
ACTIVE = ("Pending", "InProgress")


def _group(call: Call) -> Any:
    name = call.parameters["AutoScalingGroupName"]
    group = backend("autoscaling", call.account, call.region).autoscaling_groups.get(name)
    if group is None:
        raise AwsError("ValidationError", f"AutoScalingGroup name not found - {name}", 400)
    return group


def _refreshes(account: str, region: str, name: str) -> list[dict[str, Any]]:
    """Newest first."""
    found: list[dict[str, Any]] = state.facts("instance_refreshes").setdefault((account, region, name), [])
    return found


_update = models.FakeAutoScalingGroup.update


def _keep_policy(self: Any, *args: Any, **given: Any) -> None:
    """An update without a mixed instances policy leaves the one that stands."""
    policy = self.mixed_instances_policy
    _update(self, *args, **given)
    if self.mixed_instances_policy is None and not given.get("launch_template"):
        self.mixed_instances_policy = policy


def _launch_template(self: Any) -> dict[str, Any] | None:
    """The version that the instance was started from, as AWS names it."""
    group = self.auto_scaling_group
    if group is None or group.ec2_launch_template is None:
        return None
    template = group.ec2_launch_template
    return {
        "LaunchTemplateId": template.id,
        "LaunchTemplateName": template.name,
        "Version": template_version(group, self.instance),
    }


models.FakeAutoScalingGroup.update = _keep_policy
models.InstanceState.launch_template = property(_launch_template)


@after("autoscaling", "UpdateAutoScalingGroup")
def update(call: Call) -> None:
    """What moto does not take over."""
    group = _group(call)
    if call.parameters.get("TerminationPolicies"):
        group.termination_policies = call.parameters["TerminationPolicies"]
    if "CapacityRebalance" in call.parameters:
        group.capacity_rebalance = call.parameters["CapacityRebalance"]


METRICS = (
    "GroupDesiredCapacity",
    "GroupInServiceInstances",
    "GroupMaxSize",
    "GroupMinSize",
    "GroupPendingInstances",
    "GroupStandbyInstances",
    "GroupTerminatingInstances",
    "GroupTotalInstances",
)


@after("autoscaling", "EnableMetricsCollection")
def enable_metrics_collection(call: Call) -> None:
    """Without a list every metric is meant."""
    group = _group(call)
    group.metrics = list(call.parameters.get("Metrics") or METRICS)


@instead("autoscaling", "StartInstanceRefresh")
def start_instance_refresh(call: Call) -> dict[str, Any]:
    group = _group(call)
    refreshes = _refreshes(call.account, call.region, group.name)
    if any(item["Status"] in ACTIVE for item in refreshes):
        message = "An Instance Refresh is already in progress and blocks the execution of this Instance Refresh."
        raise AwsError("InstanceRefreshInProgress", message, 400)
    preferences = call.parameters.get("Preferences") or {}
    skip = str(preferences.get("SkipMatching", False)).lower() == "true"
    if skip and _image(group).startswith("resolve:ssm:"):
        message = "Skip matching is not supported with a launch template whose AMI is a Systems Manager parameter."
        raise AwsError("ValidationError", message, 400)
    going = outdated(group) if skip else group.instance_states
    refresh = {
        "InstanceRefreshId": str(uuid.uuid4()),
        "AutoScalingGroupName": group.name,
        "Status": "InProgress",
        "StartTime": datetime.datetime.now(datetime.UTC),
        "PercentageComplete": 0,
        "InstancesToUpdate": len(going),
        "Strategy": call.parameters.get("Strategy") or "Rolling",
        "Preferences": preferences,
    }
    refreshes.insert(0, refresh)
    state.facts("refreshed_instances")[refresh["InstanceRefreshId"]] = [item.instance.id for item in going]
    state.schedule("nodegroup", "refresh_goes_on", call.account, call.region, group.name, refresh["InstanceRefreshId"])
    return {"InstanceRefreshId": refresh["InstanceRefreshId"]}


@instead("autoscaling", "DescribeInstanceRefreshes")
def describe_instance_refreshes(call: Call) -> dict[str, Any]:
    refreshes = _refreshes(call.account, call.region, _group(call).name)
    return {"InstanceRefreshes": refreshes[: int(call.parameters.get("MaxRecords") or 50)]}


def _image(group: Any) -> str:
    template = group.ec2_launch_template
    return str(template.get_version(group.launch_template_version).data.get("ImageId", "")) if template else ""


def outdated(group: Any) -> list[Any]:
    """Instances of another template version, or of a type that the policy no longer has."""
    template = group.ec2_launch_template
    if template is None:
        return []
    current = str(template.get_version(group.launch_template_version).number)
    overrides = (group.mixed_instances_policy or {}).get("LaunchTemplate", {}).get("Overrides") or []
    types = [item["InstanceType"] for item in overrides if "InstanceType" in item]
    return [
        item
        for item in group.instance_states
        if template_version(group, item.instance) != current or (types and item.instance.instance_type not in types)
    ]


def template_version(group: Any, instance: Any) -> str | None:
    given = next((tag["value"] for tag in instance.get_tags() if tag["key"] == "aws:ec2launchtemplate:version"), None)
    return None if given is None else str(group.ec2_launch_template.get_version(given).number)


@transition
def refresh_goes_on(account: str, region: str, name: str, identity: str) -> bool | None:
    """Replace as many as may be unhealthy; over when none is left of those that were to be replaced."""
    group = backend("autoscaling", account, region).autoscaling_groups.get(name)
    refresh = next((item for item in _refreshes(account, region, name) if item["InstanceRefreshId"] == identity), None)
    if group is None or refresh is None or refresh["Status"] not in ACTIVE:
        return None
    wanted = state.facts("refreshed_instances").get(identity, [])
    old = [item for item in group.instance_states if item.instance.id in wanted]
    if not old:
        refresh |= {"Status": "Successful", "PercentageComplete": 100, "EndTime": datetime.datetime.now(datetime.UTC)}
        return None
    healthy = int(refresh["Preferences"].get("MinHealthyPercentage", 90))
    size = len(group.instance_states)
    going = old[: max(1, size - math.ceil(size * healthy / 100))]
    backend("ec2", account, region).terminate_instances([item.instance.id for item in going])
    group.instance_states = [item for item in group.instance_states if item not in going]
    group.set_desired_capacity(group.desired_capacity)
    refresh["PercentageComplete"] = (
        100 * (refresh["InstancesToUpdate"] - len(old) + len(going)) // (refresh["InstancesToUpdate"] or 1)
    )
    return False

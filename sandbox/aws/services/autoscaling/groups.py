"""Auto Scaling: instances spread over the subnets, of the types and with the tags that the template says."""

from __future__ import annotations

import datetime
import itertools
import uuid
from collections import Counter
from typing import Any

import moto.autoscaling.models
import moto.autoscaling.responses
from moto.core.responses import EmptyResult
from moto.ec2.utils import convert_tag_spec

from sandbox.aws.front.call import Call
from sandbox.aws.front.errors import AwsError
from sandbox.aws.front.hooks import after, before, instead
from sandbox.aws.front.moto_bridge import backend
from sandbox.aws.front.state import state
from sandbox.aws.services.eks.roles import make_service_linked_role
from sandbox.aws.services.kms import keys as kms
from sandbox.aws.services.ssm.images import parameters as image_parameters

models: Any = moto.autoscaling.models
Group: Any = models.FakeAutoScalingGroup
Response: Any = moto.autoscaling.responses.AutoScalingResponse


def _launch(group: Any, count: int, tags: dict[str, str]) -> None:
    """Launch instances, each into the subnet of the group that has fewest."""
    template = group.ec2_launch_template
    data: dict[str, Any] = template.get_version(group.launch_template_version).data if template else {}
    subnets = (group.vpc_zone_identifier or "").split(",")
    used = Counter(item.instance.subnet_id for item in group.instance_states)
    policy = group.mixed_instances_policy or {}
    types = [
        item["InstanceType"]
        for item in policy.get("LaunchTemplate", {}).get("Overrides") or []
        if "InstanceType" in item
    ]
    spot_market = (data.get("InstanceMarketOptions") or {}).get("MarketType") == "spot"
    on_demand = _on_demand_wanted(group, policy, count)
    choose = itertools.cycle(types or [data.get("InstanceType") or group.instance_type])
    in_template = convert_tag_spec(data.get("TagSpecifications") or [])
    interfaces = data.get("NetworkInterfaces") or []
    groups = data.get("SecurityGroupIds") or [item for nic in interfaces for item in nic.get("Groups") or []]
    image = data.get("ImageId") or group.image_id
    if image.startswith("resolve:ssm:"):
        image = image_parameters(group.region).get(image.removeprefix("resolve:ssm:"), image)
    if not _disks_can_be_encrypted(group, data):
        return
    instance_tags = {**in_template.get("instance", {}), **tags, "aws:autoscaling:groupName": group.name}
    for number in range(count):
        subnet = min(subnets, key=lambda item: (used[item], subnets.index(item)))
        used[subnet] += 1
        spot = spot_market or (bool(policy) and number >= on_demand)
        reservation = group.ec2_backend.run_instances(
            image,
            1,
            data.get("UserData"),
            [],
            security_group_ids=list(groups),
            instance_type=next(choose) if spot or not types else types[0],
            is_instance_type_default=False,
            region_name=group.region,
            subnet_id=subnet or None,
            launch_template=_specification(group) if template else None,
            launch_config=group.launch_config,
            associate_public_ip=any(item.get("AssociatePublicIpAddress") for item in interfaces) or None,
            iam_instance_profile=_profile(group, data),
            metadata_options=data.get("MetadataOptions") or {},
            tags={"instance": dict(instance_tags), "volume": in_template.get("volume", {})},
            lifecycle="spot" if spot else None,
            block_device_mappings=data.get("BlockDeviceMappings") or DEFAULT_DISK,
        )
        for instance in reservation.instances:
            for interface in instance.nics.values():
                interface.delete_on_termination = True
                interface.add_tags(in_template.get("network-interface", {}))
            instance.autoscaling_group = group
            group.instance_states.append(
                models.InstanceState(instance, protected_from_scale_in=group.new_instances_protected_from_scale_in)
            )


def _disks_can_be_encrypted(group: Any, data: dict[str, Any]) -> bool:
    """A customer's key of a disk must admit the role of Auto Scaling, else no instance starts."""
    account, region = group.account_id, group.region
    role = f"arn:aws:iam::{account}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
    keys = [(item.get("Ebs") or {}).get("KmsKeyId") for item in data.get("BlockDeviceMappings") or []]
    closed = [key for key in keys if key and not kms.usable_by(account, region, key, "AWS", role)]
    failures = state.facts("launch_failures")
    failures.pop((account, region, group.name), None)
    if closed:
        failures[(account, region, group.name)] = (
            "Could not launch On-Demand Instances. Client.InvalidKMSKey.InvalidState: The KMS key provided is in an "
            f"incorrect state or its policy does not admit {role}: {closed[0]}"
        )
    return not closed


DEFAULT_DISK = [
    {"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 20, "VolumeType": "gp3", "DeleteOnTermination": True}}
]


def _specification(group: Any) -> dict[str, str]:
    return {"LaunchTemplateId": group.ec2_launch_template.id, "Version": str(group.launch_template_version)}


def _profile(group: Any, data: dict[str, Any]) -> Any:
    given = data.get("IamInstanceProfile") or {}
    name = given.get("Name") or given.get("Arn", "").rpartition("/")[2]
    profiles = backend("iam", group.account_id, "aws").instance_profiles.values()
    return next((profile for profile in profiles if profile.name == name), None)


def _on_demand_wanted(group: Any, policy: dict[str, Any], count: int) -> int:
    """How many of the next instances are on-demand, by the distribution of the mixed instances policy."""
    distribution = policy.get("InstancesDistribution") or {}
    base = int(distribution.get("OnDemandBaseCapacity") or 0)
    share = int(distribution.get("OnDemandPercentageAboveBaseCapacity", 100))
    total = len(group.instance_states) + count
    wanted = min(total, base + -(-(max(0, total - base) * share) // 100))
    present = sum(1 for item in group.instance_states if item.instance.lifecycle != "spot")
    return max(0, wanted - present)


def _set_desired_capacity(group: Any, capacity: int | None) -> None:
    group.desired_capacity = group.min_size if capacity is None else capacity
    running = [item for item in group.instance_states if item.lifecycle_state == "InService"]
    missing = (group.desired_capacity or 0) - len(running)
    if missing > 0:
        group.replace_autoscaling_group_instances(missing, group.get_propagated_tags())
    elif missing < 0:
        going = [item for item in reversed(running) if not item.protected_from_scale_in][:-missing]
        if going:
            group.ec2_backend.terminate_instances([item.instance.id for item in going])
            group.instance_states = [item for item in group.instance_states if item not in going]
    if group.name in group.autoscaling_backend.autoscaling_groups:
        group.autoscaling_backend.update_attached_elbs(group.name)
        group.autoscaling_backend.update_attached_target_groups(group.name)


Group.replace_autoscaling_group_instances = _launch
Group.set_desired_capacity = _set_desired_capacity


def _disable_metrics_collection(self: Any) -> Any:
    name = self._get_param("AutoScalingGroupName")
    metrics = self._get_param("Metrics") or []
    for group in self.autoscaling_backend.describe_auto_scaling_groups([name]):
        group.metrics = [metric for metric in group.metrics if metrics and metric not in metrics]
    return EmptyResult()


Response.disable_metrics_collection = _disable_metrics_collection


@before("autoscaling", "CreateAutoScalingGroup")
def create_auto_scaling_group(call: Call) -> None:
    make_service_linked_role(call.account, "autoscaling.amazonaws.com")
    low, high = int(call.parameters.get("MinSize", 0)), int(call.parameters.get("MaxSize", 0))
    if low > high:
        raise AwsError("ValidationError", f"Minimum capacity {low} can't be greater than maximum size {high}", 400)


@before("autoscaling", "DeleteAutoScalingGroup")
def delete_auto_scaling_group(call: Call) -> None:
    group = backend("autoscaling", call.account, call.region).autoscaling_groups.get(
        call.parameters["AutoScalingGroupName"]
    )
    if group is not None and group.instance_states and not call.parameters.get("ForceDelete"):
        raise AwsError(
            "ResourceInUse",
            "You cannot delete an AutoScalingGroup while there are instances or pending Spot instance "
            "request(s) still in the group.",
            400,
        )


@after("autoscaling", "SetDesiredCapacity", "UpdateAutoScalingGroup")
def clamp(call: Call) -> None:
    group = backend("autoscaling", call.account, call.region).autoscaling_groups[
        call.parameters["AutoScalingGroupName"]
    ]
    group.desired_capacity = max(group.min_size, min(group.max_size, group.desired_capacity))


@before("autoscaling", "SetDesiredCapacity")
def set_desired_capacity(call: Call) -> None:
    group = backend("autoscaling", call.account, call.region).autoscaling_groups.get(
        call.parameters["AutoScalingGroupName"]
    )
    wanted = int(call.parameters["DesiredCapacity"])
    if group is None:
        raise AwsError("ValidationError", "AutoScalingGroup name not found - null", 400)
    if wanted > group.max_size:
        message = f"New SetDesiredCapacity value {wanted} is above max value {group.max_size} for the AutoScalingGroup."
        raise AwsError("ValidationError", message, 400)
    if wanted < group.min_size:
        message = f"New SetDesiredCapacity value {wanted} is below min value {group.min_size} for the AutoScalingGroup."
        raise AwsError("ValidationError", message, 400)


@instead("autoscaling", "DescribeScalingActivities")
def describe_scaling_activities(call: Call) -> dict[str, Any]:
    failures = state.facts("launch_failures")
    wanted = call.parameters.get("AutoScalingGroupName")
    found = []
    for (account, region, name), reason in failures.items():
        if (account, region) == (call.account, call.region) and wanted in (None, name):
            found.append(
                {
                    "ActivityId": str(uuid.uuid5(uuid.NAMESPACE_OID, name)),
                    "AutoScalingGroupName": name,
                    "Cause": "An instance was started in response to a difference between desired and actual capacity.",
                    "StartTime": datetime.datetime.now(datetime.UTC),
                    "StatusCode": "Failed",
                    "StatusMessage": reason,
                    "Progress": 100,
                }
            )
    return {"Activities": found}

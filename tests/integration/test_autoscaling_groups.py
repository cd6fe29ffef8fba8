"""A life of the module autoscaling_groups."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.slipway.platform.plugins.module_utils._aws.eks.nodes import user_data
from ansible_collections.slipway.platform.plugins.module_utils._boxes.autoscaling_groups.box import BOX
from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Impossible, Refusal

from .conftest import Emulator
from .foundation import Foundation, tags
from .life import Life
from .nodes import lay_nodes

WRITES = {
    "CreateAutoScalingGroup": {"autoscaling_group"},
    "CreateOrUpdateTags": {"autoscaling_group"},
    "DeleteAutoScalingGroup": {"autoscaling_group"},
    "EnableMetricsCollection": {"autoscaling_group"},
    "StartInstanceRefresh": {"autoscaling_group"},
    "UpdateAutoScalingGroup": {"autoscaling_group"},
    "CreateAccessEntry": {"access_entry"},
    "DeleteAccessEntry": {"access_entry"},
    "TagResource": {"access_entry"},
    "UntagResource": {"access_entry"},
    "CreateLaunchTemplate": {"launch_template"},
    "CreateLaunchTemplateVersion": {"launch_template"},
    "CreateTags": {"launch_template"},
    "DeleteLaunchTemplate": {"launch_template"},
    "DeleteLaunchTemplateVersions": {"launch_template"},
    "DeleteTags": {"launch_template", "autoscaling_group"},
    "ModifyLaunchTemplate": {"launch_template"},
}
CREATE = [
    "create access_entry demo-nodes",
    "create launch_template demo-workers-self-managed",
    "create autoscaling_group demo-workers",
]
TEMPLATE = "update launch_template demo-workers-self-managed data"
GROUP = "update autoscaling_group demo-workers"
DELETE = [
    "delete autoscaling_group demo-workers",
    "delete launch_template demo-workers-self-managed",
    "delete access_entry demo-nodes",
]


def group(**changed: Any) -> dict[str, Any]:
    return {"name": "workers", "instance_types": ["m6i.large"], "min_size": 1, "max_size": 3, **changed}


@pytest.fixture
def foundation(emulator: Emulator) -> Foundation:
    foundation = lay_nodes(emulator)
    iam = emulator.client("iam")
    iam.create_instance_profile(InstanceProfileName="demo-nodes", Tags=tags("demo-nodes"))
    iam.add_role_to_instance_profile(InstanceProfileName="demo-nodes", RoleName="demo-nodes")
    return foundation


@pytest.fixture
def life(emulator: Emulator, foundation: Foundation) -> Life:
    return Life(emulator, BOX, WRITES, groups=[group()])


def described(life: Life) -> dict[str, Any]:
    answer = life.emulator.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=["demo-workers"])
    return dict(answer["AutoScalingGroups"][0])


def template(life: Life) -> dict[str, Any]:
    answer = life.emulator.client("ec2").describe_launch_template_versions(
        LaunchTemplateName="demo-workers-self-managed", Versions=["$Default"]
    )
    return dict(answer["LaunchTemplateVersions"][0]["LaunchTemplateData"])


def instances(life: Life) -> set[str]:
    return {instance["InstanceId"] for instance in described(life)["Instances"]}


def test_life(life: Life) -> None:
    assert life.turn() == CREATE
    assert life.turn() == []
    assert life.turn(state="absent") == DELETE
    assert life.turn(state="absent") == []


def test_bounds_and_settings_move_no_node(life: Life) -> None:
    life.turn()
    before = instances(life)
    assert life.turn(groups=[group(max_size=4)]) == [f"{GROUP} scaling.max_size"]
    assert life.turn(groups=[group(max_size=4, availability_zones=["eu-west-1a", "eu-west-1b"])]) == [
        f"{GROUP} subnets"
    ]
    assert instances(life) == before
    assert life.last is not None
    assert [change["effect"] for change in life.last.plan.as_list()] == ["none"]


def test_template_and_instance_types_roll_the_nodes(life: Life) -> None:
    life.turn(groups=[group(desired_size=3)])
    before = instances(life)
    assert life.turn(groups=[group(disk_size=80)]) == [
        f"{TEMPLATE}.BlockDeviceMappings./dev/xvda.VolumeSize",
        f"{GROUP} launch_template_data.BlockDeviceMappings./dev/xvda.VolumeSize",
    ]
    assert life.last is not None
    assert [change["effect"] for change in life.last.plan.as_list()] == ["none", "rolls_nodes"]
    rolled = instances(life)
    assert len(rolled) == 3
    assert not rolled & before
    assert life.turn(groups=[group(disk_size=80, instance_types=["m5.large"])]) == [f"{GROUP} instance_types"]
    assert not instances(life) & rolled
    assert {instance["InstanceType"] for instance in described(life)["Instances"]} == {"m5.large"}
    preferences = life.emulator.client("autoscaling").describe_instance_refreshes(AutoScalingGroupName="demo-workers")
    assert preferences["InstanceRefreshes"][0]["Preferences"]["MinHealthyPercentage"] == 66


def test_version_labels_and_taints_are_in_the_template(life: Life) -> None:
    taint = {"key": "dedicated", "value": "web", "effect": "NO_SCHEDULE"}
    life.turn(groups=[group(version="1.34")])
    assert "/1.34/" in template(life)["ImageId"]
    assert life.turn() == [], "a version that is not asked for was changed"
    assert life.turn(groups=[group(version="1.35", labels={"tier": "web"}, taints=[taint])]) == [
        f"{TEMPLATE}.ImageId,data.UserData.labels,data.UserData.taints",
        (
            f"{GROUP} launch_template_data.ImageId,launch_template_data.UserData.labels,"
            "launch_template_data.UserData.taints"
        ),
    ]
    cluster = life.emulator.client("eks").describe_cluster(name="demo")["cluster"]
    joined = {
        "name": "demo",
        "endpoint": cluster["endpoint"],
        "certificate_authority": cluster["certificateAuthority"]["data"],
        "service_cidr": cluster["kubernetesNetworkConfig"]["serviceIpv4Cidr"],
    }
    assert user_data.parse(template(life)["UserData"], joined) == {
        "system": "al2023",
        "cluster": "demo",
        "max_pods": 110,
        "labels": {"tier": "web"},
        "taints": [taint],
    }
    with pytest.raises(Refusal, match=r"the group runs 1\.35 and EKS takes none back"):
        life.run(check_mode=True, groups=[group(version="1.34")])


def test_spot_capacity_with_some_on_demand(life: Life) -> None:
    spot = group(capacity_type="SPOT", instance_types=["m6i.large", "m5.large"], on_demand_base_capacity=1)
    assert life.turn(groups=[spot]) == CREATE
    policy = described(life)["MixedInstancesPolicy"]["InstancesDistribution"]
    assert policy["SpotAllocationStrategy"] == "price-capacity-optimized"
    assert (policy["OnDemandBaseCapacity"], policy["OnDemandPercentageAboveBaseCapacity"]) == (1, 0)
    assert described(life)["CapacityRebalance"] is True
    assert life.turn(groups=[{**spot, "on_demand_base_capacity": 0}]) == [f"{GROUP} distribution.OnDemandBaseCapacity"]


def test_bottlerocket(life: Life) -> None:
    declared = group(ami_type="BOTTLEROCKET_x86_64", labels={"tier": "web"})
    assert life.turn(groups=[declared]) == CREATE
    assert template(life)["ImageId"].startswith("resolve:ssm:/aws/service/bottlerocket/aws-k8s-1.35/x86_64/")
    assert life.turn(groups=[{**declared, "labels": {"tier": "api"}}]) == [
        f"{TEMPLATE}.UserData.labels.tier",
        f"{GROUP} launch_template_data.UserData.labels.tier",
    ]


def test_desired_size_belongs_to_the_autoscaler(life: Life) -> None:
    life.turn()
    life.emulator.client("autoscaling").set_desired_capacity(AutoScalingGroupName="demo-workers", DesiredCapacity=3)
    assert life.turn(groups=[group(desired_size=2)]) == []
    assert life.turn(groups=[group(max_size=2)]) == [f"{GROUP} scaling.desired_size,scaling.max_size"]


def test_changes_by_hand_are_undone(life: Life) -> None:
    life.turn()
    autoscaling, ec2 = life.emulator.client("autoscaling"), life.emulator.client("ec2")
    autoscaling.update_auto_scaling_group(
        AutoScalingGroupName="demo-workers", MaxSize=9, TerminationPolicies=["NewestInstance"], CapacityRebalance=True
    )
    assert life.turn() == [f"{GROUP} capacity_rebalance,scaling.max_size,termination_policies"]
    ec2.create_launch_template_version(
        LaunchTemplateName="demo-workers-self-managed",
        SourceVersion="1",
        LaunchTemplateData={"KeyName": "by-hand"},
    )
    policy = described(life)["MixedInstancesPolicy"]
    policy["LaunchTemplate"]["LaunchTemplateSpecification"].pop("LaunchTemplateName", None)
    policy["LaunchTemplate"]["LaunchTemplateSpecification"]["Version"] = "2"
    autoscaling.update_auto_scaling_group(AutoScalingGroupName="demo-workers", MixedInstancesPolicy=policy)
    assert life.turn() == [f"{GROUP} launch_template_data.KeyName,outdated_instances"]
    autoscaling.delete_tags(
        Tags=[{"ResourceId": "demo-workers", "ResourceType": "auto-scaling-group", "Key": "kubernetes.io/cluster/demo"}]
    )
    assert life.turn() == [f"{GROUP} tags.kubernetes.io/cluster/demo"]


def test_an_interrupted_refresh_is_finished(life: Life) -> None:
    life.turn()
    ec2, autoscaling = life.emulator.client("ec2"), life.emulator.client("autoscaling")
    before = instances(life)
    ec2.create_launch_template_version(
        LaunchTemplateName="demo-workers-self-managed",
        SourceVersion="1",
        LaunchTemplateData={"Monitoring": {"Enabled": True}},
    )
    ec2.modify_launch_template(LaunchTemplateName="demo-workers-self-managed", DefaultVersion="2")
    policy = described(life)["MixedInstancesPolicy"]
    policy["LaunchTemplate"]["LaunchTemplateSpecification"].pop("LaunchTemplateName", None)
    policy["LaunchTemplate"]["LaunchTemplateSpecification"]["Version"] = "2"
    autoscaling.update_auto_scaling_group(AutoScalingGroupName="demo-workers", MixedInstancesPolicy=policy)
    assert life.turn(groups=[group(detailed_monitoring=True)]) == [f"{GROUP} outdated_instances"]
    assert not instances(life) & before


def test_tags_reach_what_ec2_makes_for_a_node(life: Life) -> None:
    life.turn(tags={"Owner": "me"})
    ec2 = life.emulator.client("ec2")
    filters = [{"Name": "tag:Owner", "Values": ["me"]}, {"Name": "tag:slipway:platform", "Values": ["demo"]}]
    instance = ec2.describe_instances(Filters=filters)["Reservations"][0]["Instances"][0]
    assert {"Key": "kubernetes.io/cluster/demo", "Value": "owned"} in instance["Tags"]
    assert len(ec2.describe_volumes(Filters=filters)["Volumes"]) == 1
    assert len(ec2.describe_network_interfaces(Filters=filters)["NetworkInterfaces"]) == 1
    lines = life.turn(tags={})
    assert [line.split()[:3] for line in lines] == [
        ["update", "access_entry", "demo-nodes"],
        ["update", "launch_template", "demo-workers-self-managed"],
        ["update", "autoscaling_group", "demo-workers"],
    ]


def test_a_group_of_others_is_refused_or_adopted(life: Life, foundation: Foundation) -> None:
    life.turn()
    autoscaling = life.emulator.client("autoscaling")
    foreign = [{"ResourceId": "demo-workers", "ResourceType": "auto-scaling-group", "Key": "slipway:platform"}]
    autoscaling.delete_tags(Tags=foreign)
    with pytest.raises(Impossible, match="exists without the tag slipway:platform=demo; set platform_adopt to true"):
        life.run(check_mode=True)
    assert life.turn(adopt=True) == [f"{GROUP} tags.slipway:platform"]


def test_an_unchanged_run_reads_each_thing_once(life: Life) -> None:
    life.run(check_mode=False)
    first = life.run(check_mode=False)
    life.emulator.forget()
    life.run(check_mode=False, known=first.known)
    assert sorted(call["operation"] for call in life.emulator.calls()) == [
        "DescribeAccessEntry",
        "DescribeAutoScalingGroups",
        "DescribeCluster",
        "DescribeLaunchTemplateVersions",
        "DescribeLaunchTemplates",
    ]

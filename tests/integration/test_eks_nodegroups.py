"""A life of the module eks_nodegroups."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.slipway.platform.plugins.module_utils._boxes.eks_nodegroups.box import BOX
from ansible_collections.slipway.platform.plugins.module_utils._core.apply import ApplyFailure
from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Impossible, Refusal

from .conftest import Emulator
from .foundation import Foundation, make_nodes, make_role
from .life import Life
from .nodes import lay_nodes

WRITES = {
    "CreateNodegroup": {"eks_nodegroup"},
    "DeleteNodegroup": {"eks_nodegroup"},
    "TagResource": {"eks_nodegroup"},
    "UntagResource": {"eks_nodegroup"},
    "UpdateNodegroupConfig": {"eks_nodegroup"},
    "UpdateNodegroupVersion": {"eks_nodegroup"},
    "CreateLaunchTemplate": {"launch_template"},
    "CreateLaunchTemplateVersion": {"launch_template"},
    "CreateTags": {"launch_template"},
    "DeleteLaunchTemplate": {"launch_template"},
    "DeleteLaunchTemplateVersions": {"launch_template"},
    "DeleteTags": {"launch_template"},
    "ModifyLaunchTemplate": {"launch_template"},
    "DeleteVolume": {"ebs_volume"},
}
CREATE = ["create launch_template demo-workers", "create eks_nodegroup demo-workers"]
TEMPLATE = "update launch_template demo-workers data"
GROUP = "update eks_nodegroup demo-workers"
REPLACE = "replace eks_nodegroup demo-workers"
CREATED = (
    "nodeRepairConfig",
    "subnets",
    "nodeRole",
    "scalingConfig",
    "launchTemplate",
    "amiType",
    "capacityType",
    "labels",
    "tags",
)


def group(**changed: Any) -> dict[str, Any]:
    return {"name": "workers", "instance_types": ["m6i.large"], "min_size": 1, "max_size": 3, **changed}


@pytest.fixture
def foundation(emulator: Emulator) -> Foundation:
    return lay_nodes(emulator)


@pytest.fixture
def life(emulator: Emulator, foundation: Foundation) -> Life:
    return Life(emulator, BOX, WRITES, groups=[group()])


def described(life: Life, name: str = "demo-workers") -> dict[str, Any]:
    answer: dict[str, Any] = life.emulator.client("eks").describe_nodegroup(clusterName="demo", nodegroupName=name)
    return dict(answer["nodegroup"])


def versions(life: Life) -> list[int]:
    entries = life.emulator.client("ec2").describe_launch_template_versions(LaunchTemplateName="demo-workers")
    return sorted(entry["VersionNumber"] for entry in entries["LaunchTemplateVersions"])


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            {"groups": [group(version="1.36")]},
            "groups[0].version is '1.36'; the cluster runs 1.35, nodes of 1.32 to 1.35 are allowed.",
        ),
        (
            {"groups": [group(instance_types=["m6i.huge"])]},
            "groups[0].instance_types[0] is 'm6i.huge'; no zone of eu-west-1 offers it.",
        ),
        (
            {"availability_zones": ["eu-west-1d"]},
            "availability_zones[0] is 'eu-west-1d'; zones of eu-west-1 are eu-west-1a, eu-west-1b, eu-west-1c.",
        ),
    ],
)
def test_what_the_account_does_not_allow_is_refused(life: Life, options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Refusal) as refused:
        life.run(check_mode=False, **options)
    assert str(refused.value) == sentence
    assert not [call for call in life.emulator.writes() if call["operation"] in WRITES]


def test_life(life: Life) -> None:
    assert life.turn() == CREATE
    assert life.turn() == []
    assert life.turn(state="absent") == ["delete eks_nodegroup demo-workers", "delete launch_template demo-workers"]
    assert life.turn(state="absent") == []


def test_settings_change_in_place(life: Life) -> None:
    taint = {"key": "dedicated", "value": "web", "effect": "NO_SCHEDULE"}
    life.turn()
    assert life.turn(groups=[group(labels={"tier": "web"})]) == [f"{GROUP} labels.tier"]
    assert life.turn(groups=[group(labels={"tier": "api"}, taints=[taint])]) == [f"{GROUP} labels.tier,taints"]
    assert life.turn(groups=[group(taints=[{**taint, "value": "api"}])]) == [f"{GROUP} labels.tier,taints"]
    assert described(life)["taints"] == [{**taint, "value": "api"}]
    assert life.turn() == [f"{GROUP} taints"]
    assert life.turn(groups=[group(max_size=5)]) == [f"{GROUP} scaling.max_size"]
    assert life.turn(groups=[group(max_unavailable_percentage=50)]) == [
        f"{GROUP} scaling.max_size,update.max_unavailable,update.max_unavailable_percentage"
    ]
    assert life.turn(groups=[group(update_strategy="MINIMAL", node_repair=False)]) == [
        f"{GROUP} node_repair,update.max_unavailable,update.max_unavailable_percentage,update.strategy"
    ]
    assert life.last is not None
    assert {change["effect"] for change in life.last.plan.as_list()} == {"none"}


def test_template_and_version_roll_the_nodes(life: Life) -> None:
    life.turn(groups=[group(version="1.34", release_version="1.34.7-20261023")])
    assert described(life)["releaseVersion"] == "1.34.7-20261023"
    assert life.turn(groups=[group(version="1.34", disk_size=80)]) == [
        f"{TEMPLATE}.BlockDeviceMappings./dev/xvda.VolumeSize",
        f"{GROUP} launch_template_data.BlockDeviceMappings./dev/xvda.VolumeSize",
    ]
    assert life.last is not None
    assert [change["effect"] for change in life.last.plan.as_list()] == ["none", "rolls_nodes"]
    assert described(life)["releaseVersion"] == "1.34.7-20261023", "a new template brought a new image"
    assert described(life)["launchTemplate"]["version"] == "2"
    assert life.turn(groups=[group(version="1.34", disk_size=80, max_pods=110)]) == [
        f"{TEMPLATE}.UserData",
        f"{GROUP} launch_template_data.UserData",
    ]
    assert versions(life) == [2, 3]
    changed = group(version="1.34", disk_size=80, max_pods=58, detailed_monitoring=True)
    assert life.turn(groups=[changed]) == [
        f"{TEMPLATE}.Monitoring.Enabled,data.UserData.max_pods",
        f"{GROUP} launch_template_data.Monitoring.Enabled,launch_template_data.UserData.max_pods",
    ]
    assert versions(life) == [3, 4]
    assert life.turn(groups=[{**changed, "version": "1.35"}]) == [f"{GROUP} version"]
    assert described(life)["releaseVersion"].startswith("1.35.")
    assert life.turn(groups=[{**changed, "version": None}]) == []
    with pytest.raises(Refusal, match=r"the group runs 1\.35 and EKS takes none back"):
        life.run(check_mode=True, groups=[{**changed, "version": "1.34"}])


@pytest.mark.parametrize(
    ("changed", "paths"),
    [
        ({"instance_types": ["m6i.large", "m5.large"]}, "instance_types"),
        ({"capacity_type": "SPOT"}, "capacity_type"),
        ({"ami_type": "AL2023_ARM_64_STANDARD", "instance_types": ["m6g.large"]}, "ami_type,instance_types"),
        ({"availability_zones": ["eu-west-1a"]}, "subnets"),
    ],
)
def test_what_eks_fixes_is_replaced_by_a_second_group(life: Life, changed: dict[str, Any], paths: str) -> None:
    life.turn()
    life.emulator.client("eks").update_nodegroup_config(
        clusterName="demo", nodegroupName="demo-workers", scalingConfig={"desiredSize": 2}
    )
    assert life.turn(groups=[group(**changed)]) == [f"{REPLACE} {paths}"]
    assert life.last is not None
    assert [change["effect"] for change in life.last.plan.as_list()] == ["rolls_nodes"]
    assert life.emulator.client("eks").list_nodegroups(clusterName="demo")["nodegroups"] == ["demo-workers-2"]
    assert described(life, "demo-workers-2")["scalingConfig"]["desiredSize"] == 2, "the autoscaler's size was lost"
    assert life.turn() == [f"{REPLACE} {paths}"]
    assert life.emulator.client("eks").list_nodegroups(clusterName="demo")["nodegroups"] == ["demo-workers-3"]


def test_another_role_and_bottlerocket_replace_the_group(life: Life) -> None:
    life.turn()
    make_role(life.emulator, "demo-others", "ec2.amazonaws.com")
    assert life.turn(role="others") == [f"{REPLACE} node_role"]
    lines = life.turn(role="others", groups=[group(ami_type="BOTTLEROCKET_x86_64")])
    assert lines == [
        f"{TEMPLATE}.BlockDeviceMappings./dev/xvda.VolumeSize,data.BlockDeviceMappings./dev/xvdb",
        (
            f"{REPLACE} ami_type,launch_template_data.BlockDeviceMappings./dev/xvda.VolumeSize,"
            "launch_template_data.BlockDeviceMappings./dev/xvdb"
        ),
    ]


@pytest.mark.parametrize("left", ["the new group", "both groups"])
def test_an_interrupted_replacement_converges(life: Life, left: str) -> None:
    life.turn()
    new = {key: value for key, value in described(life).items() if key in CREATED}
    if left == "both groups":
        life.emulator.client("eks").create_nodegroup(
            clusterName="demo", **{**new, "nodegroupName": "demo-workers-2", "instanceTypes": ["m5.large"]}
        )
        assert life.turn(groups=[group(instance_types=["m5.large"])]) == ["delete eks_nodegroup demo-workers-1"]
    else:
        assert life.turn(groups=[group(instance_types=["m5.large"])]) == [f"{REPLACE} instance_types"]
    assert life.emulator.client("eks").list_nodegroups(clusterName="demo")["nodegroups"] == ["demo-workers-2"]


def test_a_replacement_that_was_taken_back_goes(life: Life) -> None:
    life.turn()
    new = {key: value for key, value in described(life).items() if key in CREATED}
    life.emulator.client("eks").create_nodegroup(
        clusterName="demo", **{**new, "nodegroupName": "demo-workers-2", "instanceTypes": ["m5.large"]}
    )
    assert life.turn() == ["delete eks_nodegroup demo-workers-2"]


def test_desired_size_belongs_to_the_autoscaler(life: Life) -> None:
    life.turn(groups=[group(desired_size=2)])
    eks = life.emulator.client("eks")
    eks.update_nodegroup_config(
        clusterName="demo", nodegroupName="demo-workers", scalingConfig={"minSize": 1, "maxSize": 3, "desiredSize": 3}
    )
    assert life.turn(groups=[group(desired_size=1)]) == []
    assert life.turn(groups=[group(max_size=2)]) == [f"{GROUP} scaling.desired_size,scaling.max_size"]
    assert life.turn(groups=[group(min_size=0, max_size=2)]) == [f"{GROUP} scaling.min_size"]


def test_changes_by_hand_are_undone(life: Life) -> None:
    taint = {"key": "a", "value": "b", "effect": "NO_SCHEDULE"}
    life.turn(groups=[group(labels={"tier": "web"})])
    life.emulator.client("eks").update_nodegroup_config(
        clusterName="demo",
        nodegroupName="demo-workers",
        labels={"addOrUpdateLabels": {"tier": "by-hand", "more": "1"}},
        taints={"addOrUpdateTaints": [taint]},
        scalingConfig={"maxSize": 9},
    )
    assert life.turn(groups=[group(labels={"tier": "web"})]) == [
        f"{GROUP} labels.more,labels.tier,scaling.max_size,taints"
    ]
    ec2 = life.emulator.client("ec2")
    template = ec2.describe_launch_templates(LaunchTemplateNames=["demo-workers"])["LaunchTemplates"][0]
    ec2.create_launch_template_version(
        LaunchTemplateId=template["LaunchTemplateId"],
        SourceVersion="1",
        LaunchTemplateData={"MetadataOptions": {"HttpTokens": "optional"}, "KeyName": "by-hand"},
    )
    ec2.modify_launch_template(LaunchTemplateId=template["LaunchTemplateId"], DefaultVersion="2")
    (line,) = life.turn(groups=[group(labels={"tier": "web"})])
    assert line.startswith(f"{TEMPLATE}.")
    assert "data.KeyName" in line
    life.emulator.client("eks").update_nodegroup_version(
        clusterName="demo",
        nodegroupName="demo-workers",
        launchTemplate={"id": template["LaunchTemplateId"], "version": "2"},
    )
    (line,) = life.turn(groups=[group(labels={"tier": "web"})])
    assert line.startswith(f"{GROUP} launch_template_data.")


def test_tags_reach_what_ec2_makes_for_a_node(life: Life) -> None:
    life.turn()
    lines = life.turn(tags={"Owner": "me"})
    assert lines == [
        (
            f"{TEMPLATE}.TagSpecifications.instance.Owner,data.TagSpecifications.network-interface.Owner,"
            "data.TagSpecifications.volume.Owner,tags.Owner"
        ),
        (
            f"{GROUP} launch_template_data.TagSpecifications.instance.Owner,"
            "launch_template_data.TagSpecifications.network-interface.Owner,"
            "launch_template_data.TagSpecifications.volume.Owner,tags.Owner"
        ),
    ]
    ec2 = life.emulator.client("ec2")
    filters = [{"Name": "tag:Owner", "Values": ["me"]}, {"Name": "tag:slipway:platform", "Values": ["demo"]}]
    running = [*filters, {"Name": "instance-state-name", "Values": ["running"]}]
    assert len(ec2.describe_instances(Filters=running)["Reservations"]) == 1
    assert len(ec2.describe_volumes(Filters=filters)["Volumes"]) == 1
    assert len(ec2.describe_network_interfaces(Filters=filters)["NetworkInterfaces"]) == 1
    assert described(life)["tags"]["Owner"] == "me"


def test_the_template_is_what_an_auditor_expects(life: Life, foundation: Foundation) -> None:
    life.turn()
    entries = life.emulator.client("ec2").describe_launch_template_versions(LaunchTemplateName="demo-workers")
    data = entries["LaunchTemplateVersions"][0]["LaunchTemplateData"]
    assert data["MetadataOptions"] == {
        "HttpEndpoint": "enabled",
        "HttpTokens": "required",
        "HttpPutResponseHopLimit": 1,
    }
    disk = data["BlockDeviceMappings"][0]["Ebs"]
    assert (disk["Encrypted"], disk["VolumeType"]) == (True, "gp3")
    alias = life.emulator.client("kms").describe_key(KeyId="alias/demo-nodes")["KeyMetadata"]["Arn"]
    assert disk["KmsKeyId"] == alias
    interface = data["NetworkInterfaces"][0]
    assert interface["AssociatePublicIpAddress"] is False
    assert interface["Groups"] == [foundation.groups["nodes"]]


def test_groups_that_are_declared_no_more_go(life: Life) -> None:
    other = group(name="other", capacity_type="SPOT", instance_types=["m6i.large", "m5.large"])
    assert life.turn(groups=[group(), other]) == [
        "create launch_template demo-workers",
        "create launch_template demo-other",
        "create eks_nodegroup demo-workers",
        "create eks_nodegroup demo-other",
    ]
    assert life.turn() == ["delete eks_nodegroup demo-other", "delete launch_template demo-other"]


def test_a_group_of_others_is_refused_or_adopted(life: Life, foundation: Foundation) -> None:
    make_nodes(life.emulator, foundation)
    declared = [group(name="on-demand", instance_types=["t3.medium"], desired_size=2)]
    with pytest.raises(Impossible, match="exists without the tag slipway:platform=demo; set platform_adopt to true"):
        life.run(check_mode=True, groups=declared)
    lines = life.turn(groups=declared, adopt=True)
    assert lines[1].startswith("replace eks_nodegroup demo-on-demand launch_template")
    assert life.emulator.client("eks").list_nodegroups(clusterName="demo")["nodegroups"] == ["demo-on-demand-2"]


def test_a_group_that_failed_is_replaced_and_its_reason_told(life: Life) -> None:
    eks = life.emulator.client("eks")
    eks.delete_addon(clusterName="demo", addonName="vpc-cni")
    life.emulator.set(seconds={"nodegroup": -6})
    with pytest.raises(ApplyFailure, match="NodeCreationFailure: Instances failed to join the kubernetes cluster"):
        life.run(check_mode=False)
    eks.create_addon(clusterName="demo", addonName="vpc-cni")
    assert life.turn() == [f"{REPLACE} status"]


def test_volumes_of_the_csi_driver_go_only_where_that_is_asked_for(life: Life) -> None:
    life.turn()
    pairs = {"ebs.csi.aws.com/cluster": "true", "kubernetes.io/cluster/demo": "owned", "CSIVolumeName": "pvc-1"}
    life.emulator.client("ec2").create_volume(
        AvailabilityZone="eu-west-1a",
        Size=10,
        TagSpecifications=[
            {"ResourceType": "volume", "Tags": [{"Key": key, "Value": value} for key, value in pairs.items()]}
        ],
    )
    assert life.turn(state="absent") == ["delete eks_nodegroup demo-workers", "delete launch_template demo-workers"]
    assert life.turn(state="absent", delete_volumes=True) == ["delete ebs_volume pvc-1"]


def test_an_unchanged_run_reads_each_thing_once(life: Life) -> None:
    other = group(name="other", capacity_type="SPOT", instance_types=["m6i.large", "m5.large"])
    life.run(check_mode=False, groups=[group(), other])
    assert life.last is None
    first = life.run(check_mode=False, groups=[group(), other])
    life.emulator.forget()
    life.run(check_mode=False, groups=[group(), other], known=first.known)
    assert sorted(call["operation"] for call in life.emulator.calls()) == [
        "DescribeLaunchTemplateVersions",
        "DescribeLaunchTemplateVersions",
        "DescribeLaunchTemplates",
        "DescribeNodegroup",
        "DescribeNodegroup",
        "ListNodegroups",
    ]


def test_a_check_run_on_an_empty_account_plans_what_an_earlier_task_will_make(emulator: Emulator) -> None:
    subnets = {f"demo-private-{zone}": {"state": "planned"} for zone in "abc"}
    known = {
        "subnet": subnets,
        "eks_cluster": {"demo": {"state": "planned", "version": "1.35"}},
        "iam_role": {"demo-nodes": {"state": "planned"}},
        "kms_key": {"demo-nodes": {"state": "planned"}},
        "security_group": {"demo-nodes": {"state": "planned"}},
    }
    life = Life(emulator, BOX, WRITES, groups=[group()], known=known)
    planned = life.run(check_mode=True)
    assert [(change.action, change.ref.name) for change in planned.plan.changes] == [
        ("create", "demo-workers"),
        ("create", "demo-workers"),
    ]
    with pytest.raises(Refusal, match=r"the cluster runs 1\.35"):
        life.run(check_mode=True, groups=[group(version="1.36")])
    with pytest.raises(Impossible, match="does not exist and no earlier task of this run makes it"):
        life.run(check_mode=True, known={**known, "iam_role": {}})

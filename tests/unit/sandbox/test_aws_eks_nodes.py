"""Node groups and add-ons: what stands behind them, their life, and what is refused."""

from __future__ import annotations

import base64
import time
from typing import Any

import pytest

from .conftest import Platform, refusal


def instances(platform: Platform) -> list[dict[str, Any]]:
    pages = platform.client("ec2").describe_instances(
        Filters=[{"Name": "instance-state-name", "Values": ["running", "pending"]}]
    )
    return [instance for reservation in pages["Reservations"] for instance in reservation["Instances"]]


def tags(item: dict[str, Any]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in item.get("Tags", [])}


@pytest.fixture
def cluster(platform: Platform) -> Platform:
    platform.cluster()
    platform.cni()
    platform.client("eks").describe_cluster(name="demo")
    return platform


def test_instances_stand_behind_a_nodegroup(cluster: Platform) -> None:
    group = cluster.nodegroup(capacityType="SPOT", instanceTypes=["m6i.large", "m5.large"])
    assert group["status"] == "CREATING"
    eks = cluster.client("eks")
    assert eks.describe_nodegroup(clusterName="demo", nodegroupName="workers")["nodegroup"]["status"] == "ACTIVE"
    running = instances(cluster)
    assert {item["Placement"]["AvailabilityZone"] for item in running} == {"us-east-1a", "us-east-1b", "us-east-1c"}
    assert {item["InstanceLifecycle"] for item in running} == {"spot"}
    assert {tags(item)["eks:nodegroup-name"] for item in running} == {"workers"}
    (name,) = [item["name"] for item in group["resources"]["autoScalingGroups"]]
    (scaling,) = cluster.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[name])[
        "AutoScalingGroups"
    ]
    assert {item["InstanceId"] for item in scaling["Instances"]} == {item["InstanceId"] for item in running}
    (entry,) = eks.list_access_entries(clusterName="demo")["accessEntries"]
    assert entry == cluster.node_role
    found = eks.describe_access_entry(clusterName="demo", principalArn=entry)["accessEntry"]
    assert (found["type"], found["kubernetesGroups"]) == ("EC2_LINUX", ["system:nodes"])
    image = cluster.client("ec2").describe_images(ImageIds=[running[0]["ImageId"]])["Images"][0]
    assert (image["Architecture"], image["RootDeviceName"]) == ("x86_64", "/dev/xvda")


def test_desired_size_raised_by_the_auto_scaling_group(cluster: Platform) -> None:
    group = cluster.nodegroup()
    eks = cluster.client("eks")
    eks.describe_nodegroup(clusterName="demo", nodegroupName="workers")
    name = group["resources"]["autoScalingGroups"][0]["name"]
    cluster.client("autoscaling").set_desired_capacity(AutoScalingGroupName=name, DesiredCapacity=4)
    assert len(instances(cluster)) == 4
    found = eks.describe_nodegroup(clusterName="demo", nodegroupName="workers")["nodegroup"]
    assert found["scalingConfig"]["desiredSize"] == 4
    scaling = {"minSize": 1, "maxSize": 2, "desiredSize": 2}
    eks.update_nodegroup_config(clusterName="demo", nodegroupName="workers", scalingConfig=scaling)
    assert len(instances(cluster)) == 2


def test_deletion_leaves_an_interface_of_the_cni(cluster: Platform) -> None:
    cluster.nodegroup()
    eks, ec2 = cluster.client("eks"), cluster.client("ec2")
    eks.describe_nodegroup(clusterName="demo", nodegroupName="workers")
    eks.delete_nodegroup(clusterName="demo", nodegroupName="workers")
    assert (
        refusal(eks.describe_nodegroup, clusterName="demo", nodegroupName="workers")[0] == "ResourceNotFoundException"
    )
    assert instances(cluster) == []
    assert eks.list_access_entries(clusterName="demo")["accessEntries"] == []
    left = ec2.describe_network_interfaces(Filters=[{"Name": "status", "Values": ["available"]}])["NetworkInterfaces"]
    assert [item["Description"][:8] for item in left] == ["aws-K8S-"]
    eks.delete_cluster(name="demo")
    assert refusal(ec2.delete_subnet, SubnetId=left[0]["SubnetId"])[0] == "DependencyViolation"
    ec2.delete_network_interface(NetworkInterfaceId=left[0]["NetworkInterfaceId"])
    ec2.delete_subnet(SubnetId=left[0]["SubnetId"])


def test_without_the_cni_nodes_do_not_join(platform: Platform) -> None:
    platform.cluster()
    platform.client("eks").describe_cluster(name="demo")
    platform.nodegroup()
    eks = platform.client("eks")
    group = eks.describe_nodegroup(clusterName="demo", nodegroupName="workers")["nodegroup"]
    assert group["status"] == "CREATING"
    assert [issue["code"] for issue in group["health"]["issues"]] == ["NodeCreationFailure"]
    platform.cni()
    eks.describe_addon(clusterName="demo", addonName="vpc-cni")
    platform.aws.settings(seconds={"nodegroup": 0})
    for _ in range(40):
        group = eks.describe_nodegroup(clusterName="demo", nodegroupName="workers")["nodegroup"]
        if group["status"] == "ACTIVE":
            break
        time.sleep(0.05)
    assert (group["status"], group["health"]["issues"]) == ("ACTIVE", [])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"version": "1.36"}, "newer than the cluster"),
        ({"version": "1.31"}, "too old"),
        ({"amiType": "AL2_x86_64"}, "amiType AL2_x86_64 is not supported"),
        ({"amiType": "AL2030_x86_64"}, "amiType AL2030_x86_64 is not supported"),
        ({"releaseVersion": "1.35.0-20200101"}, "release version"),
        ({"instanceTypes": ["m99.large"]}, "do not exist: [m99.large]"),
        ({"instanceTypes": ["m7g.large"]}, "not a valid instance type"),
        ({"scalingConfig": {"minSize": 3, "maxSize": 2, "desiredSize": 3}}, "can't be greater"),
        ({"scalingConfig": {"minSize": 1, "maxSize": 2, "desiredSize": 3}}, "can't be greater"),
        ({"nodeRole": "arn:aws:iam::123456789012:role/nobody"}, "cannot be found"),
        ({"nodeRole": "arn:aws:iam::123456789012:role/demo-cluster"}, "trust relationships"),
        ({"subnets": ["subnet-0123456789abcdef0"]}, "does not exist"),
        ({"launchTemplate": {"name": "nothing"}}, "does not exist"),
    ],
)
def test_create_nodegroup_refuses(cluster: Platform, change: dict[str, Any], words: str) -> None:
    code, message = refusal(cluster.nodegroup, **change)
    assert code == "InvalidParameterException"
    assert words in message
    assert cluster.client("eks").list_nodegroups(clusterName="demo")["nodegroups"] == []


def test_launch_template_of_the_user(cluster: Platform) -> None:
    ec2 = cluster.client("ec2")
    key = cluster.client("kms").create_key()["KeyMetadata"]
    data = {
        "MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 1},
        "BlockDeviceMappings": [
            {"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 33, "VolumeType": "gp3", "Encrypted": True}}
        ],
        "TagSpecifications": [
            {"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "worker"}]},
            {"ResourceType": "volume", "Tags": [{"Key": "Name", "Value": "disk"}]},
            {"ResourceType": "network-interface", "Tags": [{"Key": "Name", "Value": "card"}]},
        ],
        "UserData": base64.b64encode(b"hello").decode(),
    }
    template = ec2.create_launch_template(
        LaunchTemplateName="demo",
        LaunchTemplateData=data,
        TagSpecifications=[{"ResourceType": "launch-template", "Tags": [{"Key": "a", "Value": "b"}]}],
    )["LaunchTemplate"]
    (version,) = ec2.describe_launch_template_versions(LaunchTemplateId=template["LaunchTemplateId"])[
        "LaunchTemplateVersions"
    ]
    kinds = [item["ResourceType"] for item in version["LaunchTemplateData"]["TagSpecifications"]]
    assert kinds == ["instance", "volume", "network-interface"]
    group = cluster.nodegroup(launchTemplate={"id": template["LaunchTemplateId"]})
    assert group["launchTemplate"] == {"name": "demo", "version": "1", "id": template["LaunchTemplateId"]}
    assert "diskSize" not in group
    (first, *_) = instances(cluster)
    assert tags(first)["Name"] == "worker"
    assert first["MetadataOptions"]["HttpTokens"] == "required"
    volume = ec2.describe_volumes(VolumeIds=[first["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]])["Volumes"][0]
    assert (volume["Size"], volume["Encrypted"], tags(volume)["Name"]) == (33, True, "disk")
    cards = ec2.describe_network_interfaces(
        NetworkInterfaceIds=[item["NetworkInterfaceId"] for item in first["NetworkInterfaces"]]
    )["NetworkInterfaces"]
    assert {tag["Value"] for card in cards for tag in card["TagSet"]} == {"card"}
    code, message = refusal(cluster.nodegroup, "other", launchTemplate={"name": "demo"}, diskSize=10)
    assert (code, "Disk size" in message) == ("InvalidParameterException", True)
    assert key["KeyState"] == "Enabled"


def test_disk_key_must_admit_auto_scaling(cluster: Platform) -> None:
    ec2 = cluster.client("ec2")
    key = cluster.client("kms").create_key()["KeyMetadata"]["Arn"]
    disk = {"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 20, "Encrypted": True, "KmsKeyId": key}}
    ec2.create_launch_template(LaunchTemplateName="closed", LaunchTemplateData={"BlockDeviceMappings": [disk]})
    cluster.nodegroup(launchTemplate={"name": "closed"})
    group = cluster.client("eks").describe_nodegroup(clusterName="demo", nodegroupName="workers")["nodegroup"]
    assert group["status"] == "CREATING"
    assert [issue["code"] for issue in group["health"]["issues"]] == ["AsgInstanceLaunchFailures"]
    assert instances(cluster) == []


def test_update_nodegroup_config(cluster: Platform) -> None:
    eks = cluster.client("eks")
    cluster.nodegroup(labels={"a": "1", "b": "2"}, taints=[{"key": "k", "value": "v", "effect": "NO_SCHEDULE"}])
    group = {"clusterName": "demo", "nodegroupName": "workers"}
    eks.describe_nodegroup(**group)
    update = eks.update_nodegroup_config(
        **group,
        labels={"addOrUpdateLabels": {"a": "3"}, "removeLabels": ["b"]},
        taints={
            "addOrUpdateTaints": [{"key": "n", "effect": "NO_EXECUTE"}],
            "removeTaints": [{"key": "k", "value": "v", "effect": "NO_SCHEDULE"}],
        },
        updateConfig={"maxUnavailablePercentage": 50},
        nodeRepairConfig={"enabled": True},
    )["update"]
    found = eks.describe_nodegroup(**group)["nodegroup"]
    assert found["labels"] == {"a": "3"}
    assert found["taints"] == [{"key": "n", "effect": "NO_EXECUTE"}]
    assert found["updateConfig"] == {"maxUnavailablePercentage": 50}
    assert found["nodeRepairConfig"] == {"enabled": True}
    described = eks.describe_update(name="demo", nodegroupName="workers", updateId=update["id"])["update"]
    assert described["status"] == "Successful"
    assert eks.list_updates(name="demo")["updateIds"] == []


def test_update_nodegroup_version_replaces_the_instances(cluster: Platform) -> None:
    eks = cluster.client("eks")
    cluster.nodegroup(version="1.34")
    group = {"clusterName": "demo", "nodegroupName": "workers"}
    eks.describe_nodegroup(**group)
    before = {item["InstanceId"] for item in instances(cluster)}
    assert refusal(eks.update_nodegroup_version, **group, version="1.36")[0] == "InvalidParameterException"
    assert refusal(eks.update_nodegroup_version, **group, version="1.33")[0] == "InvalidParameterException"
    eks.update_nodegroup_version(**group, version="1.35")
    code, _ = refusal(eks.update_nodegroup_version, **group, version="1.35")
    assert code in ("InvalidRequestException", "ResourceInUseException")
    for _ in range(60):
        found = eks.describe_nodegroup(**group)["nodegroup"]
        if found["status"] == "ACTIVE":
            break
        time.sleep(0.05)
    assert (found["status"], found["version"], found["releaseVersion"][:5]) == ("ACTIVE", "1.35", "1.35.")
    after = {item["InstanceId"] for item in instances(cluster)}
    assert len(after) == 3
    assert not before & after


def test_addon_versions_fit_the_cluster(cluster: Platform) -> None:
    eks = cluster.client("eks")
    for version in ("1.31", "1.32", "1.33", "1.34", "1.35", "1.36"):
        for addon in eks.describe_addon_versions(kubernetesVersion=version)["addons"]:
            offered = addon["addonVersions"]
            assert len(offered) >= 2, (version, addon["addonName"])
            defaults = [item for item in offered if item["compatibilities"][0]["defaultVersion"]]
            assert len(defaults) == 1, (version, addon["addonName"])
    proxy = {"clusterName": "demo", "addonName": "kube-proxy"}
    newer = eks.describe_addon_versions(kubernetesVersion="1.36", addonName="kube-proxy")["addons"][0]
    wrong = newer["addonVersions"][0]["addonVersion"]
    assert refusal(eks.create_addon, **proxy, addonVersion=wrong)[0] == "InvalidParameterException"
    assert refusal(eks.create_addon, **proxy, addonVersion="v0.0.1")[0] == "InvalidParameterException"
    code, _ = refusal(eks.create_addon, clusterName="demo", addonName="no-such-addon")
    assert code == "InvalidParameterException"
    values = {"configurationValues": '{"notThere": 1}'}
    code, message = refusal(eks.create_addon, **proxy, **values)
    assert (code, "notThere" in message) == ("InvalidParameterException", True)


def test_vpc_cni_moves_one_minor_at_a_time(cluster: Platform) -> None:
    eks = cluster.client("eks")
    addon = {"clusterName": "demo", "addonName": "vpc-cni"}
    versions = [
        item["addonVersion"]
        for item in eks.describe_addon_versions(kubernetesVersion="1.34", addonName="vpc-cni")["addons"][0][
            "addonVersions"
        ]
    ]
    newest, oldest = versions[0], versions[-1]
    platform = cluster
    platform.cluster("old", version="1.34")
    eks.describe_cluster(name="old")
    old = {"clusterName": "old", "addonName": "vpc-cni"}
    eks.create_addon(**old, addonVersion=oldest)
    eks.describe_addon(**old)
    assert refusal(eks.update_addon, **old, addonVersion=newest)[0] == "InvalidParameterException"
    eks.update_addon(**addon, addonVersion=newest)
    assert eks.describe_addon(**addon)["addon"]["addonVersion"] == newest


def test_addon_with_pod_identity(cluster: Platform) -> None:
    eks = cluster.client("eks")
    cluster.nodegroup()
    eks.describe_nodegroup(clusterName="demo", nodegroupName="workers")
    driver = {"clusterName": "demo", "addonName": "aws-ebs-csi-driver"}
    versions = eks.describe_addon_versions(kubernetesVersion="1.35", addonName="aws-ebs-csi-driver")["addons"][0]
    configuration = eks.describe_addon_configuration(
        addonName="aws-ebs-csi-driver", addonVersion=versions["addonVersions"][0]["addonVersion"]
    )
    (recommended,) = configuration["podIdentityConfiguration"]
    association = {"serviceAccount": recommended["serviceAccount"], "roleArn": cluster.pod_role}
    wrong = {"serviceAccount": "nobody", "roleArn": cluster.pod_role}
    assert refusal(eks.create_addon, **driver, podIdentityAssociations=[wrong])[0] == "InvalidParameterException"
    eks.create_addon(**driver, podIdentityAssociations=[association])
    addon = eks.describe_addon(**driver)["addon"]
    (listed,) = eks.list_pod_identity_associations(clusterName="demo")["associations"]
    assert addon["podIdentityAssociations"] == [listed["associationArn"]]
    assert listed["ownerArn"] == addon["addonArn"]
    eks.update_addon(**driver, podIdentityAssociations=[])
    assert "podIdentityAssociations" not in eks.describe_addon(**driver)["addon"]
    eks.delete_addon(**driver)
    assert refusal(eks.describe_addon, **driver)[0] == "ResourceNotFoundException"


def test_addons_that_need_nodes_wait_for_them(cluster: Platform) -> None:
    eks = cluster.client("eks")
    addon = {"clusterName": "demo", "addonName": "coredns"}
    eks.create_addon(**addon)
    found = eks.describe_addon(**addon)["addon"]
    assert (found["status"], found["health"]["issues"][0]["code"]) == ("DEGRADED", "InsufficientNumberOfReplicas")
    cluster.nodegroup()
    for _ in range(60):
        found = eks.describe_addon(**addon)["addon"]
        if found["status"] == "ACTIVE":
            break
        time.sleep(0.05)
    assert found["status"] == "ACTIVE"


def test_self_managed_addons_conflict(platform: Platform) -> None:
    eks = platform.client("eks")
    platform.cluster(bootstrapSelfManagedAddons=True)
    eks.describe_cluster(name="demo")
    addon = {"clusterName": "demo", "addonName": "kube-proxy"}
    eks.create_addon(**addon)
    found = eks.describe_addon(**addon)["addon"]
    assert (found["status"], found["health"]["issues"][0]["code"]) == ("CREATE_FAILED", "ConfigurationConflict")
    eks.delete_addon(**addon)
    eks.list_addons(clusterName="demo")
    eks.create_addon(**addon, resolveConflicts="OVERWRITE")
    assert eks.describe_addon(**addon)["addon"]["status"] == "ACTIVE"


def test_eks_images_in_ssm(platform: Platform) -> None:
    ssm, ec2 = platform.client("ssm"), platform.client("ec2")
    for version in ("1.31", "1.36"):
        prefix = f"/aws/service/eks/optimized-ami/{version}/amazon-linux-2023"
        names = {
            f"{prefix}/x86_64/standard/recommended/image_id": "x86_64",
            f"{prefix}/arm64/standard/recommended/image_id": "arm64",
            f"/aws/service/bottlerocket/aws-k8s-{version}/x86_64/latest/image_id": "x86_64",
        }
        answer = ssm.get_parameters(Names=list(names))
        assert answer["InvalidParameters"] == []
        for parameter in answer["Parameters"]:
            (image,) = ec2.describe_images(ImageIds=[parameter["Value"]])["Images"]
            assert image["Architecture"] == names[parameter["Name"]]
    release = "/aws/service/eks/optimized-ami/1.35/amazon-linux-2023/x86_64/standard/recommended/release_version"
    assert ssm.get_parameter(Name=release)["Parameter"]["Value"].startswith("1.35.")
    assert refusal(ssm.get_parameter, Name="/aws/service/eks/optimized-ami/1.35/nothing")[0] == "ParameterNotFound"

"""Looks at the nodes with boto3, as an auditor would: verify.py PLATFORM."""

from __future__ import annotations

import sys
from typing import Any

import boto3

eks, ec2, iam, kms = boto3.client("eks"), boto3.client("ec2"), boto3.client("iam"), boto3.client("kms")


def main(platform: str) -> None:
    names = eks.list_nodegroups(clusterName=platform)["nodegroups"]
    assert sorted(names) == [f"{platform}-on-demand", f"{platform}-spot"], names
    groups = [eks.describe_nodegroup(clusterName=platform, nodegroupName=name)["nodegroup"] for name in names]
    for group in groups:
        assert group["status"] == "ACTIVE", group["status"]
        assert not group["health"]["issues"]
        assert len(group["subnets"]) == 3, "three zones"
        assert group["amiType"].startswith(("AL2023_", "BOTTLEROCKET_")), group["amiType"]
        assert "remoteAccess" not in group, "nobody logs in to nodes"
        check_launch_template(platform, group["launchTemplate"])
    (spot,) = [group for group in groups if group["capacityType"] == "SPOT"]
    assert len(spot["instanceTypes"]) > 1, "several instance types"
    check_role(groups)
    check_instances(platform, sum(group["scalingConfig"]["desiredSize"] for group in groups))


def check_launch_template(platform: str, template: dict[str, Any]) -> None:
    (version,) = ec2.describe_launch_template_versions(LaunchTemplateId=template["id"], Versions=[template["version"]])[
        "LaunchTemplateVersions"
    ]
    data = version["LaunchTemplateData"]
    assert data["MetadataOptions"]["HttpTokens"] == "required", "IMDSv2"
    assert data["MetadataOptions"]["HttpPutResponseHopLimit"] == 1, "pods do not reach the metadata"
    assert "KeyName" not in data, "nobody logs in to nodes"
    assert [each["AssociatePublicIpAddress"] for each in data["NetworkInterfaces"]] == [False]
    volumes = [mapping["Ebs"] for mapping in data["BlockDeviceMappings"]]
    assert volumes, "volumes of our own"
    assert all(volume["Encrypted"] and volume["VolumeType"] == "gp3" for volume in volumes)
    for kind in ("instance", "volume", "network-interface"):
        (wanted,) = [each["Tags"] for each in data["TagSpecifications"] if each["ResourceType"] == kind]
        assert {"Key": "slipway:platform", "Value": platform} in wanted, f"tags of each {kind}"


def check_role(groups: list[dict[str, Any]]) -> None:
    (role,) = {group["nodeRole"].rpartition("/")[2] for group in groups}
    policies = iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
    names = {policy["PolicyName"] for policy in policies}
    assert names == {"AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly"}, names
    assert iam.list_role_policies(RoleName=role)["PolicyNames"] == []


def check_instances(platform: str, desired: int) -> None:
    mine = [
        {"Name": "tag:slipway:platform", "Values": [platform]},
        {"Name": "instance-state-name", "Values": ["running"]},
    ]
    reservations = ec2.describe_instances(Filters=mine)["Reservations"]
    instances = [instance for reservation in reservations for instance in reservation["Instances"]]
    assert len(instances) == desired, "the nodes that were asked for"
    assert len({instance["Placement"]["AvailabilityZone"] for instance in instances}) == 3, "three zones"
    for instance in instances:
        assert "PublicIpAddress" not in instance
        assert instance["MetadataOptions"]["HttpTokens"] == "required", "IMDSv2"
        assert [group["GroupName"] for group in instance["SecurityGroups"]] == [f"{platform}-nodes"]
    attached = {"Name": "attachment.instance-id", "Values": [instance["InstanceId"] for instance in instances]}
    volumes = ec2.describe_volumes(Filters=[attached])["Volumes"]
    assert len(volumes) == desired, "a disk each"
    (key,) = {volume.get("KmsKeyId") for volume in volumes if volume["Encrypted"]}
    assert all(volume["Encrypted"] for volume in volumes)
    metadata = kms.describe_key(KeyId=key)["KeyMetadata"]
    assert (metadata["KeyManager"], metadata["KeyState"]) == ("CUSTOMER", "Enabled")
    policy = kms.get_key_policy(KeyId=metadata["KeyId"], PolicyName="default")["Policy"]
    assert "AWSServiceRoleForAutoScaling" in policy, "Auto Scaling may use the key of the disks"


main(sys.argv[1])

"""Looks at the node groups with boto3: verify.py PLATFORM."""

from __future__ import annotations

import sys

import boto3


def main(platform: str) -> None:
    eks, ec2 = boto3.client("eks"), boto3.client("ec2")
    names = eks.list_nodegroups(clusterName=platform)["nodegroups"]
    assert sorted(names) == [f"{platform}-on-demand", f"{platform}-spot"], names
    for name in names:
        group = eks.describe_nodegroup(clusterName=platform, nodegroupName=name)["nodegroup"]
        assert group["status"] == "ACTIVE", group["status"]
        assert len(group["subnets"]) == 3, "three zones"
        template = group["launchTemplate"]
        (version,) = ec2.describe_launch_template_versions(
            LaunchTemplateId=template["id"], Versions=[template["version"]]
        )["LaunchTemplateVersions"]
        data = version["LaunchTemplateData"]
        assert data["MetadataOptions"]["HttpTokens"] == "required", "IMDSv2"
        assert data["MetadataOptions"]["HttpPutResponseHopLimit"] == 1
        volumes = [mapping["Ebs"] for mapping in data["BlockDeviceMappings"]]
        assert volumes, "volumes of our own"
        assert all(volume["Encrypted"] and volume["VolumeType"] == "gp3" for volume in volumes)
    spot = eks.describe_nodegroup(clusterName=platform, nodegroupName=f"{platform}-spot")["nodegroup"]
    assert spot["capacityType"] == "SPOT"
    assert len(spot["instanceTypes"]) > 1, "several instance types"


main(sys.argv[1])

"""The emulator in this process, empty at the start of each test, and an account with what a cluster needs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.aws.front.harness import Harness

PLAIN = {
    "profile": "instant",
    "visibility_delay": 0.0,
    "throttle_share": 0.0,
    "error_share": 0.0,
    "hidden_while_creating": False,
    "lost_answers": [],
    "lost_by": "closed",
    "control_planes": False,
    "date": "2026-11-23",
    "opted_in_regions": [],
}


def trust(service: str) -> str:
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Principal": {"Service": service}, "Action": ["sts:AssumeRole", "sts:TagSession"]}
            ],
        }
    )


def refusal(call: Any, *arguments: Any, **parameters: Any) -> tuple[str, str]:
    """Code and message of the error that a call is answered with."""
    with pytest.raises(ClientError) as caught:
        call(*arguments, **parameters)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


@dataclass
class Platform:
    """A VPC with a subnet in three zones, roles, and by `cluster()` a cluster in them."""

    aws: Harness
    vpc: str
    subnets: list[str]
    cluster_role: str
    node_role: str
    pod_role: str

    def client(self, service: str) -> Any:
        return self.aws.client(service)

    def cluster(self, name: str = "demo", **more: Any) -> Any:
        parameters: dict[str, Any] = {
            "name": name,
            "version": "1.35",
            "roleArn": self.cluster_role,
            "resourcesVpcConfig": {"subnetIds": self.subnets},
            "accessConfig": {"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False},
            "bootstrapSelfManagedAddons": False,
            **more,
        }
        return self.client("eks").create_cluster(**parameters)["cluster"]

    def cni(self, name: str = "demo") -> None:
        self.client("eks").create_addon(clusterName=name, addonName="vpc-cni")

    def nodegroup(self, name: str = "workers", cluster: str = "demo", **more: Any) -> Any:
        parameters: dict[str, Any] = {
            "clusterName": cluster,
            "nodegroupName": name,
            "subnets": self.subnets,
            "nodeRole": self.node_role,
            "instanceTypes": ["m6i.large"],
            "scalingConfig": {"minSize": 1, "maxSize": 6, "desiredSize": 3},
            **more,
        }
        return self.client("eks").create_nodegroup(**parameters)["nodegroup"]


@pytest.fixture(scope="session")
def running() -> Iterator[Harness]:
    with Harness() as harness:
        yield harness


@pytest.fixture
def aws(running: Harness) -> Harness:
    running.reset()
    running.settings(**PLAIN)
    return running


@pytest.fixture
def platform(aws: Harness) -> Platform:
    ec2, iam = aws.client("ec2"), aws.client("iam")
    vpc = ec2.create_vpc(CidrBlock="10.42.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.42.{number}.0/24", AvailabilityZone=f"us-east-1{zone}")["Subnet"][
            "SubnetId"
        ]
        for number, zone in enumerate("abc")
    ]
    arns = {
        name: iam.create_role(RoleName=f"demo-{name}", AssumeRolePolicyDocument=trust(service))["Role"]["Arn"]
        for name, service in (
            ("cluster", "eks.amazonaws.com"),
            ("node", "ec2.amazonaws.com"),
            ("pod", "pods.eks.amazonaws.com"),
        )
    }
    return Platform(aws, vpc, subnets, arns["cluster"], arns["node"], arns["pod"])

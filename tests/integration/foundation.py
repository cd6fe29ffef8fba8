"""What a cluster stands on, made with boto3 as the modules before would have made it: `demo` in its VPC."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from .conftest import ACCOUNT, REGION, Emulator

OPERATOR = f"arn:aws:iam::{ACCOUNT}:role/operator"
TRUST = {"cluster": "eks.amazonaws.com", "nodes": "ec2.amazonaws.com"}


def tags(name: str) -> list[dict[str, str]]:
    return [{"Key": "Name", "Value": name}, {"Key": "slipway:platform", "Value": "demo"}]


def specification(kind: str, name: str) -> list[dict[str, Any]]:
    return [{"ResourceType": kind, "Tags": tags(name)}]


@dataclass(frozen=True)
class Foundation:
    """Ids of what was made, subnets and groups by their last names."""

    vpc: str
    subnets: dict[str, str]
    groups: dict[str, str]
    key_arn: str


def make_role(emulator: Emulator, name: str, service: str | None) -> str:
    actions = ["sts:AssumeRole", "sts:TagSession"] if service == "pods.eks.amazonaws.com" else "sts:AssumeRole"
    principal = {"Service": service} if service else {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    statement = {"Effect": "Allow", "Principal": principal, "Action": actions}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    role = emulator.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=document, Tags=tags(name))
    return str(role["Role"]["Arn"])


def lay(emulator: Emulator) -> Foundation:
    """A VPC with private subnets in four zones' worth of addresses, groups, roles and a key."""
    ec2, kms = emulator.client("ec2"), emulator.client("kms")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=specification("vpc", "demo"))["Vpc"]["VpcId"]
    subnets = {}
    for position, name in enumerate(("private-a", "private-b", "private-c", "public-a")):
        subnet = ec2.create_subnet(
            VpcId=vpc,
            CidrBlock=f"10.0.{position * 16}.0/20",
            AvailabilityZone=f"{REGION}{name[-1]}",
            TagSpecifications=specification("subnet", f"demo-{name}"),
        )
        subnets[name] = subnet["Subnet"]["SubnetId"]
    groups = {}
    for name in ("control-plane", "nodes", "pods"):
        group = ec2.create_security_group(
            GroupName=f"demo-{name}",
            Description=name,
            VpcId=vpc,
            TagSpecifications=specification("security-group", f"demo-{name}"),
        )
        groups[name] = group["GroupId"]
    for name, service in TRUST.items():
        make_role(emulator, f"demo-{name}", service)
    for name in ("vpc-cni", "aws-ebs-csi-driver", "other"):
        make_role(emulator, f"demo-{name}", "pods.eks.amazonaws.com")
    make_role(emulator, "operator", None)
    principals = ({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, {"Service": f"logs.{REGION}.amazonaws.com"})
    statements = [{"Effect": "Allow", "Principal": entry, "Action": "kms:*", "Resource": "*"} for entry in principals]
    key = kms.create_key(
        Policy=json.dumps({"Version": "2012-10-17", "Statement": statements}),
        Tags=[{"TagKey": tag["Key"], "TagValue": tag["Value"]} for tag in tags("demo-eks")],
    )["KeyMetadata"]
    kms.create_alias(AliasName="alias/demo-eks", TargetKeyId=key["KeyId"])
    return Foundation(vpc, subnets, groups, key["Arn"])


def make_cluster(emulator: Emulator, foundation: Foundation, version: str = "1.35", **changed: Any) -> None:
    """The platform's cluster, ACTIVE when the emulator is instantaneous."""
    emulator.client("eks").create_cluster(
        name="demo",
        version=version,
        roleArn=f"arn:aws:iam::{ACCOUNT}:role/demo-cluster",
        resourcesVpcConfig={"subnetIds": [foundation.subnets[f"private-{zone}"] for zone in "abc"]},
        **{
            "bootstrapSelfManagedAddons": False,
            "accessConfig": {"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False},
            "tags": {"slipway:platform": "demo", "Name": "demo"},
            **changed,
        },
    )


def make_nodes(emulator: Emulator, foundation: Foundation) -> None:
    """A node group of EKS's own launch template."""
    emulator.client("eks").create_nodegroup(
        clusterName="demo",
        nodegroupName="demo-on-demand",
        subnets=[foundation.subnets[f"private-{zone}"] for zone in "abc"],
        nodeRole=f"arn:aws:iam::{ACCOUNT}:role/demo-nodes",
        scalingConfig={"minSize": 1, "maxSize": 3, "desiredSize": 2},
    )

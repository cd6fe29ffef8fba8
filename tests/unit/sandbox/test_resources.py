"""The oracle for "nothing is left": one of each kind is made by bare boto3, and each is listed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox.aws.front.harness import Harness
from sandbox.aws.settings import ACCESS_KEY_ID, SECRET_ACCESS_KEY
from sandbox.resources import resources

from .conftest import Platform, trust

EVERYBODY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}],
    }
)


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (
        ("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID),
        ("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY),
        ("AWS_REGION", "us-east-1"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ):
        monkeypatch.setenv(name, value)


def test_pristine_account_holds_nothing(aws: Harness) -> None:
    assert resources(aws.url, residue=True) == {}


def make_network(aws: Harness) -> None:
    ec2 = aws.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"us-east-1{zone}")["Subnet"][
            "SubnetId"
        ]
        for number, zone in enumerate("ab")
    ]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(VpcId=vpc, InternetGatewayId=gateway)
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    ec2.create_nat_gateway(SubnetId=subnets[0], AllocationId=address)
    ec2.create_route_table(VpcId=vpc)
    ec2.create_network_acl(VpcId=vpc)
    ec2.create_security_group(GroupName="mine", Description="x", VpcId=vpc)
    ec2.create_network_interface(SubnetId=subnets[0])
    ec2.create_volume(AvailabilityZone="us-east-1a", Size=1)
    ec2.create_launch_template(LaunchTemplateName="lt", LaunchTemplateData={"InstanceType": "m6i.large"})
    ec2.create_vpc_endpoint(VpcId=vpc, ServiceName="com.amazonaws.us-east-1.s3", VpcEndpointType="Gateway")
    ec2.run_instances(ImageId="ami-0123456789abcdef0", MinCount=1, MaxCount=1, SubnetId=subnets[0])
    aws.client("s3").create_bucket(Bucket="flow-logs")
    ec2.create_flow_logs(
        ResourceIds=[vpc],
        ResourceType="VPC",
        TrafficType="ALL",
        LogDestinationType="s3",
        LogDestination="arn:aws:s3:::flow-logs",
    )
    elbv2 = aws.client("elbv2")
    elbv2.create_load_balancer(Name="edge", Subnets=subnets)
    elbv2.create_target_group(Name="app", Protocol="HTTP", Port=80, VpcId=vpc)


def make_the_rest(aws: Harness) -> None:
    iam = aws.client("iam")
    iam.create_role(RoleName="mine", AssumeRolePolicyDocument=trust("ec2.amazonaws.com"))
    iam.create_instance_profile(InstanceProfileName="mine")
    iam.create_policy(PolicyName="mine", PolicyDocument=EVERYBODY)
    iam.create_user(UserName="mine")
    iam.create_open_id_connect_provider(
        Url="https://oidc.eks.us-east-1.amazonaws.com/id/ABC", ClientIDList=["sts.amazonaws.com"], ThumbprintList=[]
    )
    key = aws.client("kms").create_key()["KeyMetadata"]["KeyId"]
    aws.client("kms").create_alias(AliasName="alias/mine", TargetKeyId=key)
    aws.client("logs").create_log_group(logGroupName="mine")
    aws.client("sqs").create_queue(QueueName="mine")
    aws.client("events").put_rule(Name="mine", EventPattern='{"source":["aws.ec2"]}')
    aws.client("acm").request_certificate(DomainName="a.example.com", ValidationMethod="DNS")
    aws.client("route53").create_hosted_zone(Name="a.example.com", CallerReference="1")
    aws.client("ecr").create_repository(repositoryName="mine")
    aws.client("ssm").put_parameter(Name="/mine", Value="a", Type="String")
    visible = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": "m"}
    acl = {"Name": "mine", "Scope": "REGIONAL", "DefaultAction": {"Allow": {}}, "Rules": []}
    aws.client("wafv2").create_web_acl(**acl, VisibilityConfig=visible)


def kinds(report: dict[str, Any], place: str) -> set[str]:
    return set(report.get(place, {}))


def test_one_of_each_kind_is_listed(aws: Harness) -> None:
    make_network(aws)
    make_the_rest(aws)
    report = resources(aws.url)
    assert set(report) == {"us-east-1", "global"}
    assert kinds(report, "us-east-1") >= {
        "vpc",
        "subnet",
        "internet_gateway",
        "nat_gateway",
        "elastic_ip",
        "route_table",
        "network_acl",
        "security_group",
        "network_interface",
        "volume",
        "instance",
        "launch_template",
        "vpc_endpoint",
        "flow_log",
        "load_balancer",
        "target_group",
        "kms_key",
        "kms_alias",
        "log_group",
        "queue",
        "event_rule",
        "certificate",
        "ecr_repository",
        "ssm_parameter",
        "web_acl",
    }
    assert kinds(report, "global") == {
        "iam_role",
        "instance_profile",
        "iam_policy",
        "iam_user",
        "oidc_provider",
        "s3_bucket",
        "hosted_zone",
    }


def test_clusters_and_what_belongs_to_them(platform: Platform) -> None:
    platform.cluster()
    platform.cni()
    platform.nodegroup()
    platform.client("eks").create_pod_identity_association(
        clusterName="demo", namespace="a", serviceAccount="b", roleArn=platform.pod_role
    )
    report = resources(platform.aws.url, regions=["us-east-1"])
    assert kinds(report, "us-east-1") >= {
        "eks_cluster",
        "eks_nodegroup",
        "eks_addon",
        "access_entry",
        "pod_identity_association",
        "autoscaling_group",
        "instance",
        "volume",
        "launch_template",
        "network_interface",
    }


def test_every_region_is_read(aws: Harness) -> None:
    for region in ("eu-west-1", "sa-east-1"):
        aws.client("sqs", region=region).create_queue(QueueName="hidden")
    assert set(resources(aws.url)) == {"eu-west-1", "sa-east-1"}
    read = {call["region"] for call in aws.calls() if call["operation"] == "DescribeVpcs"}
    assert len(read) == 17


def test_residue_comes_only_when_asked_for(platform: Platform) -> None:
    aws = platform.aws
    for role in ("cluster", "node", "pod"):
        aws.client("iam").delete_role(RoleName=f"demo-{role}")
    for subnet in platform.subnets:
        aws.client("ec2").delete_subnet(SubnetId=subnet)
    aws.client("ec2").delete_vpc(VpcId=platform.vpc)
    key = aws.client("kms").create_key()["KeyMetadata"]["KeyId"]
    aws.client("kms").schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    aws.client("iam").create_service_linked_role(AWSServiceName="eks.amazonaws.com")
    assert resources(aws.url) == {}
    report = resources(aws.url, residue=True)
    assert (kinds(report, "us-east-1"), kinds(report, "global")) == ({"kms_key"}, {"iam_role"})

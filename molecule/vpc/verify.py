"""Looks at the network with boto3: verify.py PLATFORM."""

from __future__ import annotations

import sys

import boto3


def main(platform: str) -> None:
    ec2 = boto3.client("ec2")
    mine = [{"Name": "tag:slipway:platform", "Values": [platform]}]
    (vpc,) = ec2.describe_vpcs(Filters=mine)["Vpcs"]
    inside = [{"Name": "vpc-id", "Values": [vpc["VpcId"]]}]
    subnets = ec2.describe_subnets(Filters=inside)["Subnets"]
    names = {next(tag["Value"] for tag in subnet["Tags"] if tag["Key"] == "Name") for subnet in subnets}
    assert names == {f"{platform}-{tier}-{zone}" for tier in ("private", "public") for zone in "abc"}, names
    assert len({subnet["AvailabilityZone"] for subnet in subnets}) == 3, "three availability zones"
    assert not any(subnet["MapPublicIpOnLaunch"] for subnet in subnets), "no public addresses by default"
    gateways = ec2.describe_nat_gateways(Filters=inside)["NatGateways"]
    assert [gateway for gateway in gateways if gateway["State"] == "available"], "a NAT gateway"
    (default,) = ec2.describe_security_groups(Filters=[*inside, {"Name": "group-name", "Values": ["default"]}])[
        "SecurityGroups"
    ]
    assert not default["IpPermissions"], "an emptied default security group"
    assert not default["IpPermissionsEgress"], "an emptied default security group"
    logs = ec2.describe_flow_logs(Filters=[{"Name": "resource-id", "Values": [vpc["VpcId"]]}])["FlowLogs"]
    assert [log for log in logs if log["FlowLogStatus"] == "ACTIVE" and log["TrafficType"] == "ALL"], "flow logs"
    endpoints = ec2.describe_vpc_endpoints(Filters=inside)["VpcEndpoints"]
    assert any(endpoint["ServiceName"].endswith(".s3") for endpoint in endpoints), "a gateway endpoint for S3"


main(sys.argv[1])

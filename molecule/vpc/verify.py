"""Looks at the network with boto3, as an auditor would: verify.py PLATFORM."""

from __future__ import annotations

import json
import sys
from typing import Any

import boto3

ec2 = boto3.client("ec2")


def main(platform: str) -> None:
    mine = [{"Name": "tag:slipway:platform", "Values": [platform]}]
    (vpc,) = ec2.describe_vpcs(Filters=mine)["Vpcs"]
    inside = [{"Name": "vpc-id", "Values": [vpc["VpcId"]]}]
    subnets = ec2.describe_subnets(Filters=inside)["Subnets"]
    check_subnets(platform, subnets)
    check_routes(subnets, inside)
    check_network_acls(subnets, inside)
    check_security_groups(inside)
    check_endpoints(inside)
    check_flow_logs(vpc["VpcId"])


def tags(resource: dict[str, Any]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in resource["Tags"]}


def check_subnets(platform: str, subnets: list[dict[str, Any]]) -> None:
    names = {tags(subnet)["Name"] for subnet in subnets}
    assert names == {f"{platform}-{tier}-{zone}" for tier in ("private", "public") for zone in "abc"}, names
    assert len({subnet["AvailabilityZone"] for subnet in subnets}) == 3, "three availability zones"
    for subnet in subnets:
        assert not subnet["MapPublicIpOnLaunch"], "no public addresses by default"
        role = "internal-elb" if "-private-" in tags(subnet)["Name"] else "elb"
        assert tags(subnet)[f"kubernetes.io/role/{role}"] == "1", "load balancers find their subnets"


def check_routes(subnets: list[dict[str, Any]], inside: list[dict[str, Any]]) -> None:
    gateways = ec2.describe_nat_gateways(Filters=inside)["NatGateways"]
    (nat,) = [gateway["NatGatewayId"] for gateway in gateways if gateway["State"] == "available"]
    tables = ec2.describe_route_tables(Filters=inside)["RouteTables"]
    for subnet in subnets:
        (table,) = [
            table for table in tables if subnet["SubnetId"] in [each.get("SubnetId") for each in table["Associations"]]
        ]
        (route,) = [route for route in table["Routes"] if route.get("DestinationCidrBlock") == "0.0.0.0/0"]
        if "-private-" in tags(subnet)["Name"]:
            assert route.get("NatGatewayId") == nat, "private subnets reach out through the NAT gateway alone"
        else:
            assert route.get("GatewayId", "").startswith("igw-"), "public subnets have the internet gateway"


def check_network_acls(subnets: list[dict[str, Any]], inside: list[dict[str, Any]]) -> None:
    """Public subnets let 3389 in: an ACL knows no connections, and answers to the NAT gateway come to such ports."""
    acls = ec2.describe_network_acls(Filters=inside)["NetworkAcls"]
    for subnet in subnets:
        (acl,) = [
            acl
            for acl in acls
            if subnet["SubnetId"] in [association["SubnetId"] for association in acl["Associations"]]
        ]
        assert not acl["IsDefault"], "a network ACL of our own"
        for port in (22, 3389) if "-private-" in tags(subnet)["Name"] else (22,):
            assert not reachable(acl, port), f"port {port} from anywhere"


def reachable(acl: dict[str, Any], port: int) -> bool:
    """Whether a new TCP connection from anywhere reaches this port: the first rule that matches decides."""
    for entry in sorted(acl["Entries"], key=lambda entry: entry["RuleNumber"]):
        ports = entry.get("PortRange", {"From": 0, "To": 65535})
        concerned = not entry["Egress"] and entry["Protocol"] in ("-1", "6")
        if concerned and entry.get("CidrBlock") == "0.0.0.0/0" and ports["From"] <= port <= ports["To"]:
            return bool(entry["RuleAction"] == "allow")
    return False


def check_security_groups(inside: list[dict[str, Any]]) -> None:
    groups = ec2.describe_security_groups(Filters=inside)["SecurityGroups"]
    (default,) = [group for group in groups if group["GroupName"] == "default"]
    assert not default["IpPermissions"], "an emptied default security group"
    assert not default["IpPermissionsEgress"], "an emptied default security group"
    ranges = [each["CidrIp"] for group in groups for rule in group["IpPermissions"] for each in rule["IpRanges"]]
    assert "0.0.0.0/0" not in ranges, "nothing is open to everyone"


def check_endpoints(inside: list[dict[str, Any]]) -> None:
    endpoints = {
        endpoint["ServiceName"].split(".", 3)[3]: endpoint
        for endpoint in ec2.describe_vpc_endpoints(Filters=inside)["VpcEndpoints"]
    }
    assert set(endpoints) == {"s3", "ecr.api", "ecr.dkr", "sts"}, set(endpoints)
    assert endpoints["s3"]["VpcEndpointType"] == "Gateway"
    assert len(endpoints["s3"]["RouteTableIds"]) >= 3, "every private subnet reaches S3 without NAT"
    for service, endpoint in endpoints.items():
        for statement in json.loads(endpoint["PolicyDocument"])["Statement"]:
            narrowed = statement.get("Condition") or statement["Resource"] not in ("*", ["*"])
            assert narrowed, f"the policy of {service} lets everything through"
        assert service == "s3" or endpoint["PrivateDnsEnabled"], f"nodes use {service} under its usual name"


def check_flow_logs(vpc: str) -> None:
    (log,) = ec2.describe_flow_logs(Filters=[{"Name": "resource-id", "Values": [vpc]}])["FlowLogs"]
    assert (log["FlowLogStatus"], log["TrafficType"]) == ("ACTIVE", "ALL"), log
    groups = boto3.client("logs").describe_log_groups(logGroupNamePrefix=log["LogGroupName"])["logGroups"]
    (group,) = groups
    assert group["retentionInDays"] == 90
    key = boto3.client("kms").describe_key(KeyId=group["kmsKeyId"])["KeyMetadata"]
    assert (key["KeyManager"], key["KeyState"]) == ("CUSTOMER", "Enabled"), "a key of the platform's own"


main(sys.argv[1])

"""EC2 and load balancing: what AWS makes beside a resource, and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from sandbox.aws.front.harness import Harness

from .conftest import Platform, refusal


def test_default_security_group_has_its_rules(platform: Platform) -> None:
    ec2 = platform.client("ec2")
    for group in ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": ["default"]}])[
        "SecurityGroups"
    ]:
        ingress, egress = group["IpPermissions"], group["IpPermissionsEgress"]
        assert [pair["GroupId"] for rule in ingress for pair in rule["UserIdGroupPairs"]] == [group["GroupId"]]
        assert [(rule["IpProtocol"], rule["IpRanges"][0]["CidrIp"]) for rule in egress] == [("-1", "0.0.0.0/0")]
        assert refusal(ec2.delete_security_group, GroupId=group["GroupId"])[0] == "CannotDelete"


def test_vpc_with_dependents_is_not_deleted(platform: Platform) -> None:
    ec2 = platform.client("ec2")

    def vpc() -> str:
        return str(ec2.create_vpc(CidrBlock="10.50.0.0/16")["Vpc"]["VpcId"])

    subnet = vpc()
    ec2.create_subnet(VpcId=subnet, CidrBlock="10.50.0.0/24")
    gateway = vpc()
    ec2.attach_internet_gateway(
        VpcId=gateway, InternetGatewayId=ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    )
    group = vpc()
    ec2.create_security_group(GroupName="x", Description="x", VpcId=group)
    table = vpc()
    ec2.create_route_table(VpcId=table)
    acl = vpc()
    ec2.create_network_acl(VpcId=acl)
    endpoint = vpc()
    ec2.create_vpc_endpoint(VpcId=endpoint, ServiceName="com.amazonaws.us-east-1.s3", VpcEndpointType="Gateway")
    for identity in (subnet, gateway, group, table, acl, endpoint):
        assert refusal(ec2.delete_vpc, VpcId=identity)[0] == "DependencyViolation"
    bare = vpc()
    ec2.delete_vpc(VpcId=bare)
    left = ec2.describe_network_acls(Filters=[{"Name": "vpc-id", "Values": [bare]}])["NetworkAcls"]
    assert left == []
    assert refusal(ec2.delete_vpc, VpcId=bare)[0] == "InvalidVpcID.NotFound"


def test_subnet_and_group_in_use(platform: Platform) -> None:
    ec2 = platform.client("ec2")
    group = ec2.create_security_group(GroupName="used", Description="x", VpcId=platform.vpc)["GroupId"]
    card = ec2.create_network_interface(SubnetId=platform.subnets[0], Groups=[group])["NetworkInterface"]
    assert refusal(ec2.delete_subnet, SubnetId=platform.subnets[0])[0] == "DependencyViolation"
    assert refusal(ec2.delete_security_group, GroupId=group)[0] == "DependencyViolation"
    ec2.delete_network_interface(NetworkInterfaceId=card["NetworkInterfaceId"])
    other = ec2.create_security_group(GroupName="names it", Description="x", VpcId=platform.vpc)["GroupId"]
    rule = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 2, "UserIdGroupPairs": [{"GroupId": group}]}
    ec2.authorize_security_group_ingress(GroupId=other, IpPermissions=[rule])
    assert refusal(ec2.delete_security_group, GroupId=group)[0] == "DependencyViolation"
    ec2.revoke_security_group_ingress(GroupId=other, IpPermissions=[rule])
    ec2.delete_security_group(GroupId=group)
    ec2.delete_subnet(SubnetId=platform.subnets[0])


def test_duplicates_and_conflicts(platform: Platform) -> None:
    ec2 = platform.client("ec2")
    ec2.create_security_group(GroupName="twice", Description="x", VpcId=platform.vpc)
    group = {"GroupName": "twice", "Description": "x", "VpcId": platform.vpc}
    assert refusal(ec2.create_security_group, **group)[0] == "InvalidGroup.Duplicate"
    assert refusal(ec2.create_subnet, VpcId=platform.vpc, CidrBlock="10.42.0.0/25")[0] == "InvalidSubnet.Conflict"
    assert refusal(ec2.create_subnet, VpcId=platform.vpc, CidrBlock="10.99.0.0/24")[0] == "InvalidSubnet.Range"
    zone = {"VpcId": platform.vpc, "CidrBlock": "10.42.20.0/24", "AvailabilityZone": "eu-west-1a"}
    assert refusal(ec2.create_subnet, **zone)[0] == "InvalidParameterValue"
    ec2.create_launch_template(LaunchTemplateName="lt", LaunchTemplateData={"InstanceType": "m6i.large"})
    template = {"LaunchTemplateName": "lt", "LaunchTemplateData": {"InstanceType": "m6i.large"}}
    assert refusal(ec2.create_launch_template, **template)[0] == "InvalidLaunchTemplateName.AlreadyExistsException"


def gateway(platform: Platform) -> str:
    ec2 = platform.client("ec2")
    identity = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(VpcId=platform.vpc, InternetGatewayId=identity)
    return str(identity)


def test_no_group_is_named_like_an_identifier(platform: Platform) -> None:
    ec2 = platform.client("ec2")
    code, words = refusal(ec2.create_security_group, GroupName="sg-demo", Description="x", VpcId=platform.vpc)
    assert (code, "sg-*" in words) == ("InvalidParameterValue", True)
    assert ec2.create_security_group(GroupName="demo-sg-", Description="x", VpcId=platform.vpc)["GroupId"]


def test_a_refresh_skips_nothing_where_the_image_is_a_parameter(platform: Platform) -> None:
    ec2, autoscaling = platform.client("ec2"), platform.client("autoscaling")
    parameter = "/aws/service/eks/optimized-ami/1.35/amazon-linux-2023/x86_64/standard/recommended/image_id"
    data = {"ImageId": f"resolve:ssm:{parameter}", "InstanceType": "m6i.large"}
    ec2.create_launch_template(LaunchTemplateName="own", LaunchTemplateData=data)
    autoscaling.create_auto_scaling_group(
        AutoScalingGroupName="own",
        MinSize=2,
        MaxSize=2,
        VPCZoneIdentifier=",".join(platform.subnets),
        LaunchTemplate={"LaunchTemplateName": "own", "Version": "$Latest"},
    )
    start = autoscaling.start_instance_refresh
    code, _words = refusal(start, AutoScalingGroupName="own", Preferences={"SkipMatching": True})
    assert code == "ValidationError"
    start(AutoScalingGroupName="own", Preferences={"SkipMatching": False})
    (refresh,) = autoscaling.describe_instance_refreshes(AutoScalingGroupName="own")["InstanceRefreshes"]
    assert refresh["InstancesToUpdate"] == 2


def test_nat_gateway_passes_its_states(platform: Platform) -> None:
    ec2 = platform.client("ec2")
    internet = gateway(platform)
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    specification = [{"ResourceType": "natgateway", "Tags": [{"Key": "Name", "Value": "nat"}]}]
    platform.aws.settings(seconds={"nat_gateway": 30})
    made = ec2.create_nat_gateway(SubnetId=platform.subnets[0], AllocationId=address, TagSpecifications=specification)[
        "NatGateway"
    ]
    nat = made["NatGatewayId"]
    assert made["State"] == "pending"
    assert refusal(ec2.delete_subnet, SubnetId=platform.subnets[0])[0] == "DependencyViolation"
    assert refusal(ec2.release_address, AllocationId=address)[0] == "InvalidIPAddress.InUse"
    code, _ = refusal(ec2.detach_internet_gateway, VpcId=platform.vpc, InternetGatewayId=internet)
    assert code == "DependencyViolation"
    second = {"SubnetId": platform.subnets[1], "AllocationId": address}
    assert refusal(ec2.create_nat_gateway, **second)[0] == "Resource.AlreadyAssociated"
    tags = ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": [nat]}])["Tags"]
    assert [(tag["ResourceType"], tag["Value"]) for tag in tags] == [("natgateway", "nat")]
    named = [{"Name": "tag:Name", "Values": ["nat"]}]
    (found,) = ec2.describe_nat_gateways(Filter=named)["NatGateways"]
    assert found["NatGatewayAddresses"][0]["AllocationId"] == address
    assert ec2.describe_nat_gateways(Filter=[{"Name": "tag:Name", "Values": ["other"]}])["NatGateways"] == []
    platform.aws.settings(profile="instant")
    fast = ec2.create_nat_gateway(
        SubnetId=platform.subnets[1], AllocationId=ec2.allocate_address(Domain="vpc")["AllocationId"]
    )["NatGateway"]["NatGatewayId"]
    assert ec2.describe_nat_gateways(NatGatewayIds=[fast])["NatGateways"][0]["State"] == "available"
    ec2.delete_nat_gateway(NatGatewayId=fast)
    assert ec2.describe_nat_gateways(NatGatewayIds=[fast])["NatGateways"][0]["State"] == "deleted"
    free = [item for item in ec2.describe_addresses()["Addresses"] if "AssociationId" not in item]
    assert len(free) == 1
    ec2.delete_subnet(SubnetId=platform.subnets[1])


def test_nat_gateway_fails_without_internet_gateway(platform: Platform) -> None:
    ec2 = platform.client("ec2")
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    nat = ec2.create_nat_gateway(SubnetId=platform.subnets[0], AllocationId=address)["NatGateway"]["NatGatewayId"]
    (found,) = ec2.describe_nat_gateways(NatGatewayIds=[nat])["NatGateways"]
    assert (found["State"], found["FailureCode"]) == ("failed", "Gateway.NotAttached")


def test_regional_nat_gateway(platform: Platform) -> None:
    ec2 = platform.client("ec2")
    gateway(platform)
    nat = ec2.create_nat_gateway(VpcId=platform.vpc, AvailabilityMode="regional")["NatGateway"]["NatGatewayId"]
    (found,) = ec2.describe_nat_gateways(NatGatewayIds=[nat])["NatGateways"]
    assert (found["AvailabilityMode"], found["State"]) == ("regional", "available")
    zones = {item["AvailabilityZone"] for item in found["NatGatewayAddresses"]}
    assert zones == {"us-east-1a", "us-east-1b", "us-east-1c"}
    table = ec2.create_route_table(VpcId=platform.vpc)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat)
    routes = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]
    assert nat in [route.get("NatGatewayId") for route in routes]
    both = {"SubnetId": platform.subnets[0], "AvailabilityMode": "regional"}
    assert refusal(ec2.create_nat_gateway, **both)[0] == "InvalidParameter"


def test_interface_endpoint(platform: Platform) -> None:
    ec2 = platform.client("ec2")
    service = "com.amazonaws.us-east-1.sts"
    wanted = {"VpcId": platform.vpc, "ServiceName": service, "VpcEndpointType": "Interface"}
    assert refusal(ec2.create_vpc_endpoint, **wanted, SubnetIds=platform.subnets)[0] == "InvalidParameter"
    ec2.modify_vpc_attribute(VpcId=platform.vpc, EnableDnsHostnames={"Value": True})
    group = ec2.create_security_group(GroupName="ep", Description="x", VpcId=platform.vpc)["GroupId"]
    made = ec2.create_vpc_endpoint(**wanted, SubnetIds=platform.subnets[:2], SecurityGroupIds=[group])["VpcEndpoint"]
    assert made["State"].lower() == "pending"
    identity = made["VpcEndpointId"]
    (found,) = ec2.describe_vpc_endpoints(VpcEndpointIds=[identity])["VpcEndpoints"]
    assert found["State"] == "available"
    assert found["PrivateDnsEnabled"] is True
    cards = ec2.describe_network_interfaces(NetworkInterfaceIds=found["NetworkInterfaceIds"])["NetworkInterfaces"]
    assert {card["SubnetId"] for card in cards} == set(platform.subnets[:2])
    assert {item["GroupId"] for card in cards for item in card["Groups"]} == {group}
    assert refusal(ec2.delete_security_group, GroupId=group)[0] == "DependencyViolation"
    assert refusal(ec2.create_vpc_endpoint, **wanted, SubnetIds=platform.subnets[2:])[0] == "InvalidParameter"
    ec2.modify_vpc_endpoint(
        VpcEndpointId=identity, AddSubnetIds=platform.subnets[2:], RemoveSubnetIds=platform.subnets[:1]
    )
    (found,) = ec2.describe_vpc_endpoints(VpcEndpointIds=[identity])["VpcEndpoints"]
    cards = ec2.describe_network_interfaces(NetworkInterfaceIds=found["NetworkInterfaceIds"])["NetworkInterfaces"]
    assert {card["SubnetId"] for card in cards} == set(platform.subnets[1:])
    ec2.delete_vpc_endpoints(VpcEndpointIds=[identity])
    assert ec2.describe_vpc_endpoints()["VpcEndpoints"] == []
    assert ec2.describe_network_interfaces()["NetworkInterfaces"] == []
    unknown = {"VpcId": platform.vpc, "ServiceName": "com.amazonaws.eu-west-1.sts", "VpcEndpointType": "Interface"}
    assert refusal(ec2.create_vpc_endpoint, **unknown)[0] == "InvalidServiceName"


def test_gateway_endpoint_follows_its_route_tables(platform: Platform) -> None:
    ec2 = platform.client("ec2")
    tables = [ec2.create_route_table(VpcId=platform.vpc)["RouteTable"]["RouteTableId"] for _ in range(2)]
    service = "com.amazonaws.us-east-1.s3"
    wanted = {"VpcId": platform.vpc, "ServiceName": service, "VpcEndpointType": "Gateway"}
    identity = ec2.create_vpc_endpoint(**wanted, RouteTableIds=tables[:1])["VpcEndpoint"]["VpcEndpointId"]
    assert refusal(ec2.create_vpc_endpoint, **wanted, RouteTableIds=tables[:1])[0] == "RouteAlreadyExists"

    def routed() -> list[bool]:
        found = ec2.describe_route_tables(RouteTableIds=tables)["RouteTables"]
        by_id = {table["RouteTableId"]: table["Routes"] for table in found}
        return [any(route.get("GatewayId") == identity for route in by_id[table]) for table in tables]

    assert routed() == [True, False]
    ec2.modify_vpc_endpoint(VpcEndpointId=identity, AddRouteTableIds=tables[1:], RemoveRouteTableIds=tables[:1])
    assert routed() == [False, True]
    ec2.delete_vpc_endpoints(VpcEndpointIds=[identity])
    assert routed() == [False, False]


def test_vpc_parts_that_the_platform_uses(platform: Platform) -> None:
    ec2 = platform.client("ec2")
    ec2.associate_vpc_cidr_block(VpcId=platform.vpc, CidrBlock="100.64.0.0/16")
    subnet = ec2.create_subnet(VpcId=platform.vpc, CidrBlock="100.64.0.0/18", AvailabilityZone="us-east-1a")
    identity = subnet["Subnet"]["SubnetId"]
    reservation = ec2.create_subnet_cidr_reservation(SubnetId=identity, Cidr="100.64.0.0/20", ReservationType="prefix")
    listed = ec2.get_subnet_cidr_reservations(SubnetId=identity)["SubnetIpv4CidrReservations"]
    wanted = reservation["SubnetCidrReservation"]["SubnetCidrReservationId"]
    assert [item["SubnetCidrReservationId"] for item in listed] == [wanted]
    acl = ec2.create_network_acl(VpcId=platform.vpc)["NetworkAcl"]
    ec2.create_network_acl_entry(
        NetworkAclId=acl["NetworkAclId"],
        RuleNumber=100,
        Protocol="6",
        RuleAction="deny",
        Egress=False,
        CidrBlock="0.0.0.0/0",
        PortRange={"From": 22, "To": 22},
    )
    default = ec2.describe_network_acls(
        Filters=[{"Name": "vpc-id", "Values": [platform.vpc]}, {"Name": "default", "Values": ["true"]}]
    )["NetworkAcls"]
    (association,) = [item for item in default[0]["Associations"] if item["SubnetId"] == identity]
    ec2.replace_network_acl_association(
        AssociationId=association["NetworkAclAssociationId"], NetworkAclId=acl["NetworkAclId"]
    )
    assert refusal(ec2.delete_network_acl, NetworkAclId=acl["NetworkAclId"])[0] == "DependencyViolation"
    assert refusal(ec2.delete_network_acl, NetworkAclId=default[0]["NetworkAclId"])[0] == "InvalidParameterValue"
    ec2.delete_subnet(SubnetId=identity)
    ec2.delete_network_acl(NetworkAclId=acl["NetworkAclId"])


@pytest.fixture
def balancer(platform: Platform) -> tuple[Platform, Any]:
    gateway(platform)
    made = platform.client("elbv2").create_load_balancer(Name="edge", Subnets=platform.subnets)["LoadBalancers"][0]
    return platform, made


def test_load_balancer(balancer: tuple[Platform, Any]) -> None:
    platform, made = balancer
    elbv2, ec2 = platform.client("elbv2"), platform.client("ec2")
    assert made["State"]["Code"] == "provisioning"
    assert made["CanonicalHostedZoneId"] == "Z35SXDOTRQ7X7K"
    arn = made["LoadBalancerArn"]
    found = elbv2.describe_load_balancers(LoadBalancerArns=[arn])["LoadBalancers"][0]
    assert (found["State"]["Code"], found["DNSName"]) == ("active", made["DNSName"])
    attributes = {
        item["Key"]: item["Value"]
        for item in elbv2.describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"]
    }
    assert attributes["idle_timeout.timeout_seconds"] == "60"
    assert attributes["routing.http.drop_invalid_header_fields.enabled"] == "false"
    cards = ec2.describe_network_interfaces(Filters=[{"Name": "description", "Values": ["ELB app/edge/*"]}])
    assert {card["SubnetId"] for card in cards["NetworkInterfaces"]} == set(platform.subnets)
    assert refusal(elbv2.create_load_balancer, Name="edge", Subnets=platform.subnets)[0] == "DuplicateLoadBalancerName"
    one = {"Name": "one", "Subnets": platform.subnets[:1]}
    assert refusal(elbv2.create_load_balancer, **one)[0] == "InvalidConfigurationRequest"
    protection = [{"Key": "deletion_protection.enabled", "Value": "true"}]
    elbv2.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=protection)
    assert refusal(elbv2.delete_load_balancer, LoadBalancerArn=arn)[0] == "OperationNotPermitted"
    protection[0]["Value"] = "false"
    elbv2.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=protection)
    elbv2.delete_load_balancer(LoadBalancerArn=arn)
    assert ec2.describe_network_interfaces()["NetworkInterfaces"] == []


def test_listener_rules_take_several_paths(balancer: tuple[Platform, Any]) -> None:
    platform, made = balancer
    elbv2 = platform.client("elbv2")
    fixed = [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}]
    listener = elbv2.create_listener(
        LoadBalancerArn=made["LoadBalancerArn"], Protocol="HTTP", Port=80, DefaultActions=fixed
    )["Listeners"][0]
    group = elbv2.create_target_group(Name="app", Protocol="HTTP", Port=80, VpcId=platform.vpc, TargetType="ip")
    target = group["TargetGroups"][0]["TargetGroupArn"]
    elbv2.create_rule(
        ListenerArn=listener["ListenerArn"],
        Priority=10,
        Conditions=[{"Field": "path-pattern", "Values": ["/app", "/app/*"]}],
        Actions=[{"Type": "forward", "TargetGroupArn": target}],
    )
    rules = elbv2.describe_rules(ListenerArn=listener["ListenerArn"])["Rules"]
    assert ["/app", "/app/*"] in [condition["Values"] for rule in rules for condition in rule["Conditions"]]
    assert refusal(elbv2.delete_target_group, TargetGroupArn=target)[0] == "ResourceInUse"


def test_load_balancer_time(platform: Platform) -> None:
    gateway(platform)
    platform.aws.settings(seconds={"load_balancer": 30})
    elbv2 = platform.client("elbv2")
    elbv2.create_load_balancer(Name="slow", Subnets=platform.subnets)
    assert elbv2.describe_load_balancers()["LoadBalancers"][0]["State"]["Code"] == "provisioning"


def test_regions_and_zones(aws: Harness) -> None:
    ec2 = aws.client("ec2")
    enabled = [region["RegionName"] for region in ec2.describe_regions()["Regions"]]
    assert len(enabled) == 17
    status = {item["RegionName"]: item["OptInStatus"] for item in ec2.describe_regions(AllRegions=True)["Regions"]}
    assert status["af-south-1"] == "not-opted-in"
    assert status["us-east-1"] == "opt-in-not-required"
    assert refusal(aws.client("ec2", region="af-south-1").describe_vpcs)[0] == "AuthFailure"
    aws.settings(opted_in_regions=["af-south-1"])
    assert aws.client("ec2", region="af-south-1").describe_vpcs()["Vpcs"]
    zones = {zone["ZoneName"]: zone["ZoneId"] for zone in ec2.describe_availability_zones()["AvailabilityZones"]}
    assert zones["us-east-1e"] == "use1-az3"
    offerings = ec2.describe_instance_type_offerings(
        LocationType="availability-zone", Filters=[{"Name": "instance-type", "Values": ["m6i.large"]}]
    )["InstanceTypeOfferings"]
    assert {item["Location"] for item in offerings} >= {"us-east-1a", "us-east-1b", "us-east-1c"}


def test_regions_are_apart(platform: Platform) -> None:
    elsewhere = platform.aws.client("ec2", region="eu-west-1").describe_vpcs()["Vpcs"]
    assert platform.vpc not in [vpc["VpcId"] for vpc in elsewhere]


def test_a_request_that_comes_again_with_its_token_makes_nothing_more(platform: Platform) -> None:
    ec2 = platform.client("ec2")
    given = {"VpcId": platform.vpc, "ClientToken": "one"}
    made = [ec2.create_network_acl(**given)["NetworkAcl"]["NetworkAclId"] for _ in range(2)]
    assert made[0] == made[1]
    other = ec2.create_network_acl(VpcId=platform.vpc, ClientToken="two")["NetworkAcl"]["NetworkAclId"]
    found = ec2.describe_network_acls(Filters=[{"Name": "default", "Values": ["false"]}])["NetworkAcls"]
    assert {acl["NetworkAclId"] for acl in found} == {made[0], other}
    assert refusal(ec2.create_network_acl, VpcId="vpc-0", ClientToken="one")[0] == "IdempotentParameterMismatch"


@pytest.mark.parametrize("how", ["closed", "error"])
def test_an_answer_is_lost_once_after_its_write(aws: Harness, how: str) -> None:
    ec2 = aws.client("ec2")
    aws.settings(lost_answers=["CreateVpc"], lost_by=how)
    with pytest.raises((ClientError, ConnectionClosedError)):
        ec2.create_vpc(CidrBlock="10.9.0.0/16")
    ec2.create_vpc(CidrBlock="10.8.0.0/16")
    blocks = [vpc["CidrBlock"] for vpc in ec2.describe_vpcs()["Vpcs"]]
    assert (blocks.count("10.9.0.0/16"), blocks.count("10.8.0.0/16")) == (1, 1)

"""What an auditor expects of a network: each test breaks it by hand, sees the plan, and sees it green again."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.slipway.platform.plugins.module_utils._boxes.network.box import BOX
from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Impossible

from .conftest import Emulator
from .life import Life
from .network import WRITES, named, vpc_of

ANYWHERE = "0.0.0.0/0"


@pytest.fixture
def life(emulator: Emulator) -> Life:
    life = Life(emulator, BOX, WRITES, flow_logs_kms_key="")
    life.run(check_mode=False)
    return life


def ec2(life: Life) -> Any:
    return life.emulator.client("ec2")


def of_vpc(life: Life, operation: str, key: str, **more: str) -> list[dict[str, Any]]:
    filters = [{"Name": "vpc-id", "Values": [vpc_of(life.emulator)["VpcId"]]}]
    filters += [{"Name": name.replace("_", "-"), "Values": [value]} for name, value in more.items()]
    found: list[dict[str, Any]] = getattr(ec2(life), operation)(Filters=filters)[key]
    return found


def rules_of(acl: dict[str, Any], *, egress: bool) -> list[tuple[int, str, str, int | None]]:
    """Number, action, block and first port of an ACL's rules, without the last that denies all."""
    return [
        (entry["RuleNumber"], entry["RuleAction"], entry["CidrBlock"], entry.get("PortRange", {}).get("From"))
        for entry in sorted(acl["Entries"], key=lambda entry: entry["RuleNumber"])
        if entry["Egress"] is egress and entry["RuleNumber"] < 32767
    ]


def test_flow_logs_are_written(life: Life) -> None:
    log = ec2(life).describe_flow_logs()["FlowLogs"][0]
    ec2(life).delete_flow_logs(FlowLogIds=[log["FlowLogId"]])
    assert life.turn() == ["create flow_log demo"]
    log = ec2(life).describe_flow_logs()["FlowLogs"][0]
    assert (log["TrafficType"], log["LogGroupName"]) == ("ALL", "/aws/vpc/demo/flow-logs")


def test_the_role_of_the_flow_logs_may_write_them_alone(life: Life) -> None:
    iam = life.emulator.client("iam")
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    iam.put_role_policy(RoleName="demo-flow-logs", PolicyName="more", PolicyDocument=json.dumps(everything))
    trust = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    iam.update_assume_role_policy(RoleName="demo-flow-logs", PolicyDocument=document)
    assert life.turn() == ["update iam_role demo-flow-logs policies.more,trust_policy.Statement"]
    trust = iam.get_role(RoleName="demo-flow-logs")["Role"]["AssumeRolePolicyDocument"]["Statement"][0]
    assert trust["Principal"]["Service"] in ("vpc-flow-logs.amazonaws.com", ["vpc-flow-logs.amazonaws.com"])
    assert "aws:SourceAccount" in trust["Condition"]["StringEquals"]


def test_the_default_security_group_is_empty(life: Life) -> None:
    group = of_vpc(life, "describe_security_groups", "SecurityGroups", group_name="default")[0]
    assert (group["IpPermissions"], group["IpPermissionsEgress"]) == ([], [])
    everything = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": ANYWHERE}]}]
    ec2(life).authorize_security_group_ingress(GroupId=group["GroupId"], IpPermissions=everything)
    ec2(life).authorize_security_group_egress(GroupId=group["GroupId"], IpPermissions=everything)
    assert life.turn() == [
        "update vpc demo default_security_group_rules.egress.all -,default_security_group_rules.ingress.all -"
    ]
    group = of_vpc(life, "describe_security_groups", "SecurityGroups", group_name="default")[0]
    assert (group["IpPermissions"], group["IpPermissionsEgress"]) == ([], [])


def test_the_default_network_acl_is_empty(life: Life) -> None:
    acl = of_vpc(life, "describe_network_acls", "NetworkAcls", default="true")[0]
    assert rules_of(acl, egress=False) == rules_of(acl, egress=True) == []
    ec2(life).create_network_acl_entry(
        NetworkAclId=acl["NetworkAclId"],
        RuleNumber=100,
        Protocol="-1",
        RuleAction="allow",
        Egress=False,
        CidrBlock=ANYWHERE,
    )
    assert life.turn() == ["update vpc demo default_network_acl_rules.ingress.100"]


def test_the_main_route_table_leads_nowhere(life: Life) -> None:
    tables = of_vpc(life, "describe_route_tables", "RouteTables")
    table = next(table for table in tables if any(item["Main"] for item in table["Associations"]))
    gateway = named(life.emulator, "describe_internet_gateways", "InternetGateways", "demo")["InternetGatewayId"]
    ec2(life).create_route(RouteTableId=table["RouteTableId"], DestinationCidrBlock=ANYWHERE, GatewayId=gateway)
    assert life.turn() == ["update vpc demo main_route_table_routes.0.0.0.0/0"]


@pytest.mark.parametrize(("name", "denied"), [("demo-public", [22]), ("demo-private", [22, 3389])])
def test_network_acls_deny_remote_logins(life: Life, name: str, denied: list[int]) -> None:
    acl = named(life.emulator, "describe_network_acls", "NetworkAcls", name)
    expected = [(90 + position, "deny", ANYWHERE, port) for position, port in enumerate(denied)]
    assert rules_of(acl, egress=False) == [*expected, (100, "allow", ANYWHERE, None)]
    ec2(life).delete_network_acl_entry(NetworkAclId=acl["NetworkAclId"], RuleNumber=90, Egress=False)
    ec2(life).create_network_acl_entry(
        NetworkAclId=acl["NetworkAclId"],
        RuleNumber=50,
        Protocol="6",
        RuleAction="allow",
        Egress=False,
        CidrBlock=ANYWHERE,
        PortRange={"From": 22, "To": 22},
    )
    assert life.turn() == [f"update network_acl {name} ingress.50,ingress.90"]
    acl = named(life.emulator, "describe_network_acls", "NetworkAcls", name)
    assert rules_of(acl, egress=False) == [*expected, (100, "allow", ANYWHERE, None)]


def test_every_subnet_is_under_one_of_our_network_acls(life: Life) -> None:
    default = of_vpc(life, "describe_network_acls", "NetworkAcls", default="true")[0]
    assert default["Associations"] == []
    acl = named(life.emulator, "describe_network_acls", "NetworkAcls", "demo-public")
    association = acl["Associations"][0]["NetworkAclAssociationId"]
    ec2(life).replace_network_acl_association(AssociationId=association, NetworkAclId=default["NetworkAclId"])
    assert life.turn() == ["update network_acl demo-public subnets"]
    assert of_vpc(life, "describe_network_acls", "NetworkAcls", default="true")[0]["Associations"] == []


def test_no_subnet_gives_public_addresses(life: Life) -> None:
    subnet = named(life.emulator, "describe_subnets", "Subnets", "demo-public-a")["SubnetId"]
    ec2(life).modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": True})
    assert life.turn() == ["update subnet demo-public-a map_public_ip_on_launch"]
    subnets = of_vpc(life, "describe_subnets", "Subnets")
    assert [subnet["MapPublicIpOnLaunch"] for subnet in subnets] == [False] * 6


@pytest.mark.parametrize("service", ["s3", "sts"])
def test_endpoints_have_policies(life: Life, service: str) -> None:
    endpoint = named(life.emulator, "describe_vpc_endpoints", "VpcEndpoints", f"demo-{service}")
    ec2(life).modify_vpc_endpoint(VpcEndpointId=endpoint["VpcEndpointId"], ResetPolicy=True)
    changes = life.turn()
    assert len(changes) == 1
    assert changes[0].startswith(f"update vpc_endpoint demo-{service} policy.Statement")
    endpoint = named(life.emulator, "describe_vpc_endpoints", "VpcEndpoints", f"demo-{service}")
    statement = json.loads(endpoint["PolicyDocument"])["Statement"][0]
    assert statement["Condition"] == {"StringEquals": {"aws:PrincipalAccount": ["123456789012"]}}


def test_endpoints_are_open_to_the_vpc_alone(life: Life) -> None:
    group = named(life.emulator, "describe_security_groups", "SecurityGroups", "demo-endpoints")
    everything = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": ANYWHERE}]}]
    ec2(life).authorize_security_group_ingress(GroupId=group["GroupId"], IpPermissions=everything)
    assert life.turn() == ["update security_group_rules demo-endpoints ingress.all -"]


def test_endpoints_changed_by_hand_are_set_right(life: Life) -> None:
    endpoint = named(life.emulator, "describe_vpc_endpoints", "VpcEndpoints", "demo-sts")
    ec2(life).modify_vpc_endpoint(
        VpcEndpointId=endpoint["VpcEndpointId"],
        PrivateDnsEnabled=False,
        RemoveSubnetIds=endpoint["SubnetIds"][:1],
    )
    gateway = named(life.emulator, "describe_vpc_endpoints", "VpcEndpoints", "demo-s3")
    tables = gateway["RouteTableIds"][:1]
    ec2(life).modify_vpc_endpoint(VpcEndpointId=gateway["VpcEndpointId"], RemoveRouteTableIds=tables)
    assert life.turn() == [
        "update vpc_endpoint demo-s3 route_tables",
        "update vpc_endpoint demo-sts private_dns_enabled,subnets",
    ]


def test_dns_is_on(life: Life) -> None:
    vpc_id = vpc_of(life.emulator)["VpcId"]
    ec2(life).modify_vpc_attribute(VpcId=vpc_id, EnableDnsHostnames={"Value": False})
    assert life.turn() == ["update vpc demo dns_hostnames"]
    ec2(life).modify_vpc_attribute(VpcId=vpc_id, EnableDnsSupport={"Value": False})
    assert "dns_support" in life.turn()[0]


def test_routes_changed_by_hand_are_set_right(life: Life) -> None:
    table = named(life.emulator, "describe_route_tables", "RouteTables", "demo-private-a")
    gateway = named(life.emulator, "describe_internet_gateways", "InternetGateways", "demo")["InternetGatewayId"]
    route = {"RouteTableId": table["RouteTableId"], "GatewayId": gateway}
    ec2(life).replace_route(DestinationCidrBlock=ANYWHERE, **route)
    ec2(life).create_route(DestinationCidrBlock="10.9.0.0/16", **route)
    association = next(item for item in table["Associations"] if not item["Main"])
    ec2(life).disassociate_route_table(AssociationId=association["RouteTableAssociationId"])
    assert life.turn() == [
        "update route_table demo-private-a routes.0.0.0.0/0,routes.10.9.0.0/16,subnets",
    ]


def test_what_was_deleted_by_hand_is_made_again(life: Life) -> None:
    gateway = named(life.emulator, "describe_nat_gateways", "NatGateways", "demo")["NatGatewayId"]
    ec2(life).delete_nat_gateway(NatGatewayId=gateway)
    acl = named(life.emulator, "describe_subnets", "Subnets", "demo-private-a")["SubnetId"]
    reservation = ec2(life).get_subnet_cidr_reservations(SubnetId=acl)["SubnetIpv4CidrReservations"][0]
    ec2(life).delete_subnet_cidr_reservation(SubnetCidrReservationId=reservation["SubnetCidrReservationId"])
    assert life.turn() == [
        "update subnet demo-private-a prefix_reservation",
        "create nat_gateway demo",
        *[f"update route_table demo-private-{zone} routes.0.0.0.0/0" for zone in "abc"],
    ]


def test_names_removed_by_hand_come_back(life: Life) -> None:
    subnet = named(life.emulator, "describe_subnets", "Subnets", "demo-private-a")["SubnetId"]
    endpoint = named(life.emulator, "describe_vpc_endpoints", "VpcEndpoints", "demo-sts")["VpcEndpointId"]
    resources = [vpc_of(life.emulator)["VpcId"], subnet, endpoint]
    ec2(life).delete_tags(Resources=resources, Tags=[{"Key": "Name"}])
    assert life.turn() == [
        "update vpc demo tags.Name",
        "update subnet demo-private-a tags.Name",
        "update vpc_endpoint demo-sts tags.Name",
    ]


def test_tags_of_controllers_are_left_alone(life: Life) -> None:
    subnet = named(life.emulator, "describe_subnets", "Subnets", "demo-private-a")["SubnetId"]
    tags = [{"Key": "kubernetes.io/cluster/demo", "Value": "shared"}, {"Key": "team", "Value": "web"}]
    ec2(life).create_tags(Resources=[subnet], Tags=tags)
    assert life.turn(ignore_tags=["team"]) == []
    assert life.turn() == ["update subnet demo-private-a tags.team"]


def test_a_vpc_of_others_is_refused_or_adopted(emulator: Emulator) -> None:
    life = Life(emulator, BOX, WRITES, flow_logs_kms_key="")
    client = emulator.client("ec2")
    vpc_id = client.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    client.create_tags(Resources=[vpc_id], Tags=[{"Key": "Name", "Value": "demo"}])
    with pytest.raises(Impossible, match="vpc 'demo' exists without the tag slipway:platform=demo; set platform_adopt"):
        life.run(check_mode=False)
    assert [call["operation"] for call in emulator.writes()] == ["CreateVpc", "CreateTags"]
    changes = life.turn(adopt=True)
    assert changes[0].startswith("update vpc demo default_names.")
    assert changes[0].endswith("dns_hostnames,tags.slipway:platform")
    assert vpc_of(emulator)["VpcId"] == vpc_id
    client.create_tags(Resources=[vpc_id], Tags=[{"Key": "slipway:platform", "Value": "other"}])
    with pytest.raises(Impossible, match="vpc 'demo' belongs to the platform 'other'"):
        life.run(check_mode=True)

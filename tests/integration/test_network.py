"""A life of the module network."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.slipway.platform.plugins.module_utils._boxes.kms_keys.box import BOX as KMS_KEYS
from ansible_collections.slipway.platform.plugins.module_utils._boxes.network.box import BOX
from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Impossible, Refusal

from .conftest import Emulator
from .life import Life
from .network import WRITES, named, vpc_of

ZONES = ["eu-west-1a", "eu-west-1b", "eu-west-1c"]


@pytest.fixture
def life(emulator: Emulator) -> Life:
    return Life(emulator, BOX, WRITES, flow_logs_kms_key="")


def names(emulator: Emulator, operation: str, key: str) -> list[str]:
    filters = [{"Name": "tag:slipway:platform", "Values": ["demo"]}]
    member = "Filter" if operation == "describe_nat_gateways" else "Filters"
    found = getattr(emulator.client("ec2"), operation)(**{member: filters})[key]
    standing = [entry for entry in found if entry.get("State") != "deleted"]
    return sorted(tag["Value"] for entry in standing for tag in entry["Tags"] if tag["Key"] == "Name")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            {"availability_zones": [*ZONES[:2], "us-east-1a"]},
            f"availability_zones[2] is 'us-east-1a'; zones of the region eu-west-1 are {', '.join(ZONES)}.",
        ),
        ({"availability_zones": ZONES[:2]}, f"availability_zones is {ZONES[:2]}; exactly three zones are allowed."),
        ({"nat_kind": "both"}, "nat_kind is 'both'; allowed are single, per_az, regional, none."),
        ({"flow_log": False}, None),
    ],
)
def test_bad_input_is_refused_before_the_first_write(life: Life, options: dict[str, Any], sentence: str | None) -> None:
    with pytest.raises(Refusal) as refused:
        life.run(check_mode=False, **options)
    assert str(refused.value) == sentence or str(refused.value).startswith(
        "flow_log is False; it is unknown, allowed are"
    )
    assert life.emulator.writes() == []


def test_life(life: Life) -> None:
    created = life.turn()
    assert len(created) == 25
    assert created[:3] == ["create vpc demo", "create internet_gateway demo", "create subnet demo-private-a"]
    assert created[-3:] == [
        "create log_group /aws/vpc/demo/flow-logs",
        "create iam_role demo-flow-logs",
        "create flow_log demo",
    ]
    assert names(life.emulator, "describe_nat_gateways", "NatGateways") == ["demo"]
    deleted = life.turn(state="absent")
    assert sorted(deleted) == sorted(change.replace("create", "delete") for change in created)
    assert life.turn(state="absent") == []
    assert len(life.turn()) == 25


def test_each_kind_of_nat_becomes_another(life: Life) -> None:
    life.turn()
    assert life.turn(nat_kind="per_az") == [
        *[f"create elastic_ip demo-{zone}" for zone in "abc"],
        *[f"create nat_gateway demo-{zone}" for zone in "abc"],
        *[f"update route_table demo-private-{zone} routes.0.0.0.0/0" for zone in "abc"],
        "delete nat_gateway demo",
        "delete elastic_ip demo",
    ]
    interrupted = life.run(check_mode=True, nat_kind="regional").plan.as_list()
    assert {change["effect"] for change in interrupted if change["kind"] == "route_table"} == {"interrupts"}
    assert "create nat_gateway demo-regional" in life.turn(nat_kind="regional")
    needed = [{"service": service} for service in ("ec2", "ecr.api", "ecr.dkr", "eks", "eks-auth", "sts")]
    changes = life.turn(nat_kind="none", interface_endpoints=needed)
    assert changes[-1] == "delete nat_gateway demo-regional"
    assert "update route_table demo-private-a routes.0.0.0.0/0" in changes
    assert life.turn(interface_endpoints=needed)[0] == "create elastic_ip demo"


def test_a_single_nat_gateway_stays_where_it_stands(life: Life) -> None:
    life.turn(availability_zones=ZONES)
    home = named(life.emulator, "describe_nat_gateways", "NatGateways", "demo")["SubnetId"]
    assert life.turn(availability_zones=ZONES[::-1]) == []
    assert named(life.emulator, "describe_nat_gateways", "NatGateways", "demo")["SubnetId"] == home


def test_endpoints_come_change_and_go(life: Life) -> None:
    life.turn()
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*", "Principal": "*"}],
    }
    assert life.turn(interface_endpoints=[{"service": "sts", "policy": policy}, {"service": "logs"}]) == [
        "create vpc_endpoint demo-logs",
        "update vpc_endpoint demo-sts policy.Statement",
        "delete vpc_endpoint demo-ecr-api",
        "delete vpc_endpoint demo-ecr-dkr",
    ]
    assert life.turn(interface_endpoints=[], gateway_endpoints=[{"service": "dynamodb"}]) == [
        "create vpc_endpoint demo-dynamodb",
        "delete vpc_endpoint demo-logs",
        "delete vpc_endpoint demo-s3",
        "delete vpc_endpoint demo-sts",
        "delete security_group_rules demo-endpoints",
        "delete security_group demo-endpoints",
    ]


def test_a_tag_reaches_everything_and_goes_again(life: Life) -> None:
    life.turn()
    tagged = life.turn(tags={"Owner": "me"})
    assert len(tagged) == 24
    assert all(change.endswith(" tags.Owner") for change in tagged)
    assert vpc_of(life.emulator)["Tags"].count({"Key": "Owner", "Value": "me"}) == 1
    assert len(life.turn()) == 24


def test_a_block_for_pods_comes_with_its_subnets(life: Life) -> None:
    life.turn()
    changes = life.turn(pod_cidr_block="100.64.0.0/16")
    assert changes == [
        "create vpc_cidr_block demo-pods",
        *[f"update subnet demo-private-{zone} prefix_reservation" for zone in "abc"],
        *[f"create subnet demo-pods-{zone}" for zone in "abc"],
        *[f"update route_table demo-private-{zone} subnets" for zone in "abc"],
        "update network_acl demo-private subnets",
        "update security_group_rules demo-endpoints ingress.tcp 443 HTTPS from the VPC",
    ]
    subnet = named(life.emulator, "describe_subnets", "Subnets", "demo-pods-a")
    assert {"Key": "kubernetes.io/role/cni", "Value": "1"} in subnet["Tags"]
    with pytest.raises(
        Impossible, match=r"cidr_block of vpc cidr block 'demo-pods' is '100.64.0.0/16' and cannot become"
    ):
        life.run(check_mode=True, pod_cidr_block="100.65.0.0/16")
    assert len(life.turn(state="absent", pod_cidr_block="100.64.0.0/16")) == 29


def test_flow_logs_change(life: Life) -> None:
    life.turn()
    assert life.turn(flow_logs_traffic_type="REJECT", flow_logs_retention_in_days=30) == [
        "update log_group /aws/vpc/demo/flow-logs retention_in_days",
        "replace flow_log demo traffic_type",
    ]
    assert life.turn(flow_logs=False) == [
        "delete flow_log demo",
        "delete iam_role demo-flow-logs",
        "delete log_group /aws/vpc/demo/flow-logs",
    ]


def test_routes_of_others(life: Life) -> None:
    ec2 = life.emulator.client("ec2")
    hub = ec2.create_transit_gateway()["TransitGateway"]["TransitGatewayId"]
    life.turn()
    assert life.turn(routes=[{"cidr_block": "10.8.0.0/16", "target": hub}]) == [
        f"update route_table demo-private-{zone} routes.10.8.0.0/16" for zone in "abc"
    ]
    assert len(life.turn()) == 3


def test_another_block_is_refused(life: Life) -> None:
    life.turn()
    with pytest.raises(Impossible) as refused:
        life.run(check_mode=False, cidr_block="10.1.0.0/16")
    assert str(refused.value) == (
        "cidr_block of vpc 'demo' is '10.0.0.0/16' and cannot become '10.1.0.0/16': AWS fixes it when the VPC is made, "
        "destroy the platform first or keep it."
    )


def test_the_key_of_the_flow_logs(emulator: Emulator) -> None:
    life = Life(emulator, BOX, WRITES)
    with pytest.raises(Impossible, match="kms key 'demo-flow-logs' does not exist"):
        life.run(check_mode=True)
    key = {"use": "flow-logs", "description": "Flow logs", "services": ["logs"]}
    Life(emulator, KMS_KEYS, {}, keys=[key]).run(check_mode=False)
    life.turn()
    groups = emulator.client("logs").describe_log_groups(logGroupNamePrefix="/aws/vpc/demo")["logGroups"]
    assert ":key/" in groups[0]["kmsKeyId"]
    assert groups[0]["retentionInDays"] == 90


def test_slow_gateways_are_waited_for(life: Life) -> None:
    life.emulator.set(seconds={"nat_gateway": 0.5, "vpc_endpoint": 0.3})
    created = life.turn()
    assert len(life.turn(state="absent")) == len(created)


def test_calls_of_an_unchanged_run(life: Life) -> None:
    life.turn()
    assert life.last is not None
    life.emulator.forget()
    life.run(check_mode=False, known={"account": life.last.known["account"]})
    operations = sorted(call["operation"] for call in life.emulator.calls())
    assert operations == sorted(
        [
            "DescribeVpcs",
            "DescribeVpcAttribute",
            "DescribeVpcAttribute",
            "DescribeSubnets",
            "GetSubnetCidrReservations",
            "GetSubnetCidrReservations",
            "GetSubnetCidrReservations",
            "DescribeInternetGateways",
            "DescribeNatGateways",
            "DescribeAddresses",
            "DescribeRouteTables",
            "DescribeNetworkAcls",
            "DescribeSecurityGroups",
            "DescribeVpcEndpoints",
            "DescribeFlowLogs",
            "DescribeLogGroups",
            "ListTagsForResource",
            "GetRole",
            "ListAttachedRolePolicies",
            "ListRolePolicies",
            "GetRolePolicy",
        ]
    )

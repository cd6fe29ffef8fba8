"""What stands in a VPC that is to go: leftovers of controllers go with it, what others made keeps it."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.slipway.platform.plugins.module_utils._boxes.network.box import BOX
from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Impossible

from .conftest import Emulator
from .life import Life
from .network import WRITES, named, vpc_of


@pytest.fixture
def life(emulator: Emulator) -> Life:
    life = Life(emulator, BOX, WRITES, flow_logs_kms_key="")
    life.run(check_mode=False)
    return life


def group(life: Life, name: str, **tags: str) -> str:
    ec2 = life.emulator.client("ec2")
    pairs = [{"Key": key.replace("__", "/"), "Value": value} for key, value in tags.items()]
    made = ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc_of(life.emulator)["VpcId"])
    if pairs:
        ec2.create_tags(Resources=[made["GroupId"]], Tags=pairs)
    group_id: str = made["GroupId"]
    return group_id


def interface(life: Life, description: str, *groups: str) -> str:
    ec2 = life.emulator.client("ec2")
    subnet = named(life.emulator, "describe_subnets", "Subnets", "demo-private-a")["SubnetId"]
    made: dict[str, Any] = ec2.create_network_interface(
        SubnetId=subnet, Description=description, **({"Groups": list(groups)} if groups else {})
    )["NetworkInterface"]
    identifier: str = made["NetworkInterfaceId"]
    return identifier


def test_leftovers_of_controllers_go(life: Life) -> None:
    ec2 = life.emulator.client("ec2")
    first = group(life, "k8s-traffic-demo", **{"elbv2.k8s.aws__cluster": "demo"})
    second = group(life, "k8s-web", **{"kubernetes.io__cluster__demo": "owned"})
    pair = [{"GroupId": second}]
    ec2.authorize_security_group_ingress(
        GroupId=first, IpPermissions=[{"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "UserIdGroupPairs": pair}]
    )
    pair = [{"GroupId": first}]
    ec2.authorize_security_group_ingress(
        GroupId=second, IpPermissions=[{"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "UserIdGroupPairs": pair}]
    )
    left = interface(life, "aws-K8S-i-0123456789abcdef0")
    assert life.turn() == []
    changes = life.turn(state="absent")
    assert f"delete network_interface {left}" in changes
    assert {"delete security_group k8s-traffic-demo", "delete security_group k8s-web"} <= set(changes)
    assert changes[-1] == "delete vpc demo"
    assert life.turn(state="absent") == []


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (
            lambda life: group(life, "database"),
            (
                "vpc 'demo' cannot be deleted: security group 'database', which the platform did not make, is in it; "
                "whoever made it has to delete it first."
            ),
        ),
        (
            lambda life: group(life, "k8s-web", **{"elbv2.k8s.aws__cluster": "other"}),
            (
                "vpc 'demo' cannot be deleted: security group 'k8s-web', which the platform did not make, is in it; "
                "whoever made it has to delete it first."
            ),
        ),
        (
            lambda life: group(life, "demo-nodes", **{"slipway:platform": "demo", "slipway:component": "eks"}),
            (
                "vpc 'demo' cannot be deleted: security group 'demo-nodes' of the component eks still stands in it; "
                "delete that first."
            ),
        ),
    ],
)
def test_what_others_made_keeps_the_vpc(life: Life, make: Any, sentence: str) -> None:
    make(life)
    life.emulator.forget()
    with pytest.raises(Impossible) as refused:
        life.run(check_mode=False, state="absent")
    assert str(refused.value) == sentence
    assert life.emulator.writes() == []


def test_an_interface_of_others_keeps_the_vpc(life: Life) -> None:
    left = interface(life, "firewall")
    with pytest.raises(Impossible, match=f"network interface {left}, which the platform did not make, is in it"):
        life.run(check_mode=True, state="absent")


def test_what_earlier_tasks_of_a_check_run_delete_counts_as_gone(life: Life) -> None:
    nodes = group(life, "demo-nodes", **{"slipway:platform": "demo", "slipway:component": "eks"})
    interface(life, "aws-K8S-i-0123456789abcdef0", nodes)
    known = {"security_group": {"demo-nodes": {"state": "deleted"}}}
    planned = life.run(check_mode=True, state="absent", known=known).plan.as_list()
    assert len(planned) == 25
    assert "demo-nodes" not in {change["name"] for change in planned}
    assert "network_interface" not in {change["kind"] for change in planned}, "the CNI's go with their group"


def test_interfaces_of_others_in_a_group_that_goes_keep_the_vpc(life: Life) -> None:
    nodes = group(life, "demo-nodes", **{"slipway:platform": "demo", "slipway:component": "eks"})
    left = interface(life, "firewall", nodes)
    with pytest.raises(Impossible, match=f"network interface {left}, which the platform did not make, is in it"):
        life.run(check_mode=True, state="absent", known={"security_group": {"demo-nodes": {"state": "deleted"}}})

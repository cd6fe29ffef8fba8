"""A VPC that others made: used, tagged where that is allowed, and otherwise left alone."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.slipway.platform.plugins.module_utils._boxes.network.box import BOX
from ansible_collections.slipway.platform.plugins.module_utils._boxes.security_groups.box import BOX as SECURITY_GROUPS
from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Impossible

from .conftest import Emulator
from .life import Life
from .network import WRITES
from .test_security_groups import EVERYTHING

ZONES = ["eu-west-1a", "eu-west-1b", "eu-west-1c"]
PRIVATE = [f"corporate-{zone[-1]}" for zone in ZONES]


def make_vpc(emulator: Emulator) -> str:
    """A VPC called `corporate` with three private subnets by name and three public ones by a tag."""
    ec2 = emulator.client("ec2")
    vpc_id: str = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    ec2.create_tags(Resources=[vpc_id], Tags=[{"Key": "Name", "Value": "corporate"}])
    for position, zone in enumerate(ZONES):
        for block, key, value in (
            (f"10.0.{position * 32}.0/19", "Name", PRIVATE[position]),
            (f"10.0.{200 + position}.0/24", "tier", "public"),
        ):
            subnet = ec2.create_subnet(VpcId=vpc_id, CidrBlock=block, AvailabilityZone=zone)["Subnet"]["SubnetId"]
            ec2.create_tags(Resources=[subnet], Tags=[{"Key": key, "Value": value}])
    return vpc_id


@pytest.fixture
def vpc(emulator: Emulator) -> str:
    return make_vpc(emulator)


def existing(**changed: Any) -> dict[str, Any]:
    return {"vpc": "corporate", "private_subnets": PRIVATE, "public_subnet_tags": {"tier": "public"}, **changed}


@pytest.fixture
def life(emulator: Emulator, vpc: str) -> Life:
    return Life(emulator, BOX, WRITES, kind="existing", existing=existing())


def tags_of(life: Life, resource: str) -> dict[str, str]:
    filters = [{"Name": "resource-id", "Values": [resource]}]
    return {tag["Key"]: tag["Value"] for tag in life.emulator.client("ec2").describe_tags(Filters=filters)["Tags"]}


def test_it_is_tagged_and_nothing_else(life: Life, vpc: str) -> None:
    changes = life.turn()
    assert changes == [
        "update vpc_tags demo entries.slipway:shared/demo",
        *[
            f"update subnet_tags demo-private-{zone} "
            "entries.karpenter.sh/discovery,entries.kubernetes.io/role/internal-elb,entries.slipway:shared/demo"
            for zone in "abc"
        ],
        *[
            f"update subnet_tags demo-public-{zone} entries.kubernetes.io/role/elb,entries.slipway:shared/demo"
            for zone in "abc"
        ],
    ]
    assert {call["operation"] for call in life.emulator.writes()} <= {"CreateTags"}
    assert tags_of(life, vpc) == {"Name": "corporate", "slipway:shared/demo": "demo"}
    assert len(life.turn(state="absent")) == 7
    assert tags_of(life, vpc) == {"Name": "corporate"}
    assert life.turn(state="absent") == []


def test_later_tasks_find_it(life: Life, vpc: str) -> None:
    groups = [{"name": "nodes", "description": "Nodes", "rules": {"egress": [EVERYTHING]}}]
    other = Life(life.emulator, SECURITY_GROUPS, {}, groups=groups)
    with pytest.raises(Impossible, match="vpc 'demo' does not exist and no earlier task of this run makes it"):
        other.run(check_mode=True)
    known = life.run(check_mode=True).known
    assert len(other.run(check_mode=True, known=known).plan.changes) == 2
    life.turn()
    other.run(check_mode=False)
    found = life.emulator.client("ec2").describe_security_groups(
        Filters=[{"Name": "group-name", "Values": ["demo-nodes"]}]
    )
    assert found["SecurityGroups"][0]["VpcId"] == vpc


def test_it_is_not_tagged_where_that_is_not_allowed(life: Life, vpc: str) -> None:
    assert life.turn(existing=existing(tag=False)) == []
    assert tags_of(life, vpc) == {"Name": "corporate"}
    known = life.run(check_mode=False, existing=existing(tag=False)).known
    assert known["vpc"]["demo"]["id"] == vpc
    assert sorted(known["subnet"])[0] == "demo-private-a"


def test_tags_removed_by_hand_come_back(life: Life, vpc: str) -> None:
    life.turn()
    life.emulator.client("ec2").delete_tags(Resources=[vpc], Tags=[{"Key": "slipway:shared/demo"}])
    assert life.turn() == ["update vpc_tags demo entries.slipway:shared/demo"]


def test_tags_of_the_owner_and_of_another_platform_stay(life: Life) -> None:
    ec2 = life.emulator.client("ec2")
    subnet = ec2.describe_subnets(Filters=[{"Name": "tag:Name", "Values": PRIVATE[:1]}])["Subnets"][0]["SubnetId"]
    ec2.create_tags(Resources=[subnet], Tags=[{"Key": "kubernetes.io/role/internal-elb", "Value": ""}])
    life.turn()
    other = Life(life.emulator, BOX, WRITES, platform_name="other", kind="existing", existing=existing())
    other.turn()
    assert life.turn() == []
    found = tags_of(life, subnet)
    assert found["kubernetes.io/role/internal-elb"] == ""
    assert found["karpenter.sh/discovery"] == "demo"
    other.turn(state="absent")
    assert tags_of(life, subnet) == {key: value for key, value in found.items() if key != "slipway:shared/other"}
    life.turn(state="absent")
    assert tags_of(life, subnet) == {"Name": PRIVATE[0], "kubernetes.io/role/internal-elb": ""}


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"vpc": "other"}, "existing.vpc is 'other'; 0 VPCs of the region go by it, exactly one is needed."),
        (
            {"vpc": None, "vpc_tags": {"team": "web"}},
            "existing.vpc is tags {'team': 'web'}; 0 VPCs of the region go by it, exactly one is needed.",
        ),
        (
            {"private_subnets": [*PRIVATE[:2], "corporate-d"]},
            "existing.private_subnets has 'corporate-d'; 0 subnets of the VPC go by it, exactly one is needed.",
        ),
        (
            {"private_subnets": PRIVATE[:2]},
            (
                "existing.private_subnets lie in eu-west-1a, eu-west-1b; three subnets in three of "
                "eu-west-1a, eu-west-1b, eu-west-1c are needed."
            ),
        ),
        (
            {"private_subnets": [], "private_subnet_tags": {"tier": "public"}},
            "max_nodes is 60; at most 3 nodes of 110 pods fit into existing.private_subnets.",
        ),
    ],
)
def test_what_is_not_there_is_refused(life: Life, changed: dict[str, Any], sentence: str) -> None:
    life.emulator.forget()
    with pytest.raises(Impossible) as refused:
        life.run(check_mode=False, existing=existing(**changed))
    assert str(refused.value) == sentence
    assert life.emulator.writes() == []


def test_a_vpc_of_a_platform_is_refused(emulator: Emulator) -> None:
    Life(emulator, BOX, WRITES, flow_logs_kms_key="").run(check_mode=False)
    life = Life(emulator, BOX, WRITES, kind="existing", existing=existing(vpc="demo"))
    with pytest.raises(
        Impossible, match="that VPC was made for the platform 'demo', one that no platform owns is needed"
    ):
        life.run(check_mode=False)

"""The whole site while AWS is slow to show what was written, throttles and fails: every run still comes to its end."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from sandbox.resources import resources
from tests.integration.conftest import Emulator

from .plays import ROOT, Run, play

THROTTLED = {"RequestLimitExceeded", "SlowDown", "Throttling", "ThrottlingException"}
FAILED = {"InternalError", "InternalFailure"}
INVENTORY: dict[str, Any] = yaml.safe_load((ROOT / "inventories/sandbox/group_vars/all.yml").read_text("utf-8"))
CHANGED = {
    "platform_tags": {"Team": "platform"},
    "vpc_interface_endpoints": [{"service": service} for service in ("ecr.api", "ecr.dkr", "sts", "ec2")],
    "nodegroups_groups": [{**group, "labels": {"team": "platform"}} for group in INVENTORY["nodegroups_groups"]],
}


def run(emulator: Emulator, name: str = "site.yml", **variables: Any) -> Run:
    with emulator.weathered():
        return play(emulator, name, variables=variables).assert_good()


@pytest.mark.parametrize("weather", [True])
def test_life_of_a_platform_in_bad_weather(emulator: Emulator) -> None:
    made = run(emulator)
    assert {change["action"] for change in made.changes()} == {"create"}
    codes = {call["error_code"] for call in emulator.calls()}
    assert codes & THROTTLED, "nothing was throttled"
    assert codes & FAILED, "nothing failed"
    again = run(emulator)
    assert again.changes() == []
    assert again.changed() == 0

    changed = run(emulator, **CHANGED)
    lines = {(change["action"], change["kind"]) for change in changed.changes()}
    assert lines >= {
        ("create", "vpc_endpoint"),
        ("update", "vpc"),
        ("update", "eks_cluster"),
        ("update", "eks_nodegroup"),
    }
    ec2, eks = emulator.client("ec2"), emulator.client("eks")
    (vpc,) = ec2.describe_vpcs(Filters=[{"Name": "tag:slipway:platform", "Values": ["demo"]}])["Vpcs"]
    assert {"Key": "Team", "Value": "platform"} in vpc["Tags"]
    services = {endpoint["ServiceName"].rpartition(".")[2] for endpoint in ec2.describe_vpc_endpoints()["VpcEndpoints"]}
    assert "ec2" in services
    for name in eks.list_nodegroups(clusterName="demo")["nodegroups"]:
        group = eks.describe_nodegroup(clusterName="demo", nodegroupName=name)["nodegroup"]
        assert group["labels"]["team"] == "platform"

    run(emulator, "destroy.yml", destroy_confirm="demo")
    assert resources(emulator.url) == {}

"""The site in a VPC that others made, whole and layer by layer."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.resources import resources
from tests.integration.conftest import Emulator
from tests.integration.test_network_existing import existing, make_vpc

from .plays import Run, play

CONFIRM = ("-e", "destroy_confirm=demo")


def run(emulator: Emulator, *arguments: str, name: str = "site.yml", tag: bool = True, **variables: Any) -> Run:
    chosen = {"vpc_kind": "existing", "vpc_existing": existing(tag=tag), **variables}
    return play(emulator, name, *arguments, variables=chosen)


@pytest.mark.parametrize(
    ("tag", "layers"),
    [(True, ["eks", "nodegroups", "buckets"]), (False, ["vpc,eks", "vpc,nodegroups", "buckets"])],
    ids=["tagged", "not tagged"],
)
def test_each_layer_alone(emulator: Emulator, tag: bool, layers: list[str]) -> None:
    """A tag is enough alone. Where the network must not be tagged, the role vpc has to come along to tell of it."""
    make_vpc(emulator)
    before = resources(emulator.url)
    run(emulator, tag=tag).assert_good()
    standing = resources(emulator.url)
    emulator.forget()
    for layer in layers:
        assert run(emulator, "--tags", layer, tag=tag).assert_good().changes() == []
    assert emulator.writes() == []
    assert resources(emulator.url) == standing
    run(emulator, *CONFIRM, name="destroy.yml", tag=tag).assert_good()
    after = resources(emulator.url)
    assert after.keys() == before.keys()
    assert [vpc["VpcId"] for vpc in after["eu-west-1"]["vpc"]] == [vpc["VpcId"] for vpc in before["eu-west-1"]["vpc"]]


def test_a_network_without_tags_is_not_found_by_others(emulator: Emulator) -> None:
    make_vpc(emulator)
    emulator.forget()
    refused = run(emulator, "--tags", "eks", tag=False)
    assert refused.code == 2
    assert refused.sentences == ["vpc 'demo' does not exist and no earlier task of this run makes it (role vpc does)."]
    assert {call["service"] for call in emulator.writes()} == {"kms"}


def test_the_block_of_a_vpc_that_is_not_made_stands_in_no_way(emulator: Emulator) -> None:
    make_vpc(emulator)
    blocks = dict.fromkeys(("vpc_cidr_block", "eks_service_ipv4_cidr"), "10.9.0.0/16")
    assert run(emulator, "--check", "--tags", "vpc,eks", **blocks).assert_good().changes()

"""Variables: unknown ones are refused, and refusals name the variable that feeds an option."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Refusal
from ansible_collections.slipway.platform.plugins.module_utils._platform_check.variables import (
    name_of,
    refuse_unknown,
    sources,
)

ROLES = ("dns", "eks", "vpc")
KNOWN = ("vpc_cidr_block", "vpc_availability_zones", "eks_version", "platform_name")


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        (
            "vpc_cidr_blok",
            "10.0.0.0/16",
            "vpc_cidr_blok is '10.0.0.0/16'; it is unknown, perhaps vpc_cidr_block is meant.",
        ),
        ("vpc_cidr", [1], "vpc_cidr is [1]; it is unknown, perhaps vpc_cidr_block is meant."),
        ("eks_verison", 1, "eks_verison is 1; it is unknown, perhaps eks_version is meant."),
        ("dns_zebra", None, "dns_zebra is not set; it is unknown, no role has a variable of this name."),
        ("eks_token", "abc", "eks_token is 'hidden'; it is unknown, no role has a variable of this name."),
    ],
)
def test_unknown_variables_are_refused(name: str, value: Any, sentence: str) -> None:
    with pytest.raises(Refusal) as refused:
        refuse_unknown({"platform_name": "demo", name: value}, KNOWN, ROLES)
    assert str(refused.value) == sentence


def test_other_variables_are_nobodys_business() -> None:
    others = {"ansible_host": "x", "_eks_private": 1, "__vpc_answer": 2, "my_dns_thing": 3, "eks_version": 4}
    refuse_unknown(others, KNOWN, ROLES)
    with pytest.raises(Refusal, match="eks_versoin is 5; it is unknown, perhaps eks_version is meant"):
        refuse_unknown({**others, "eks_versoin": 5}, KNOWN, ROLES)


def test_sources_are_the_variables_that_templates_name_first() -> None:
    options = {
        "cidr_block": "{{ vpc_cidr_block }}",
        "version": "{{ (platform_lock | default({})).kubernetes }}",
        "release": "{{ platform_lock.kubernetes }}",
        "keys": [{"use": "eks", "services": "{{ eks_services }}"}],
        "tags": {"Owner": "{{ platform_owner | default('') }}"},
        "count": 3,
    }
    assert sources(options) == {
        "cidr_block": "vpc_cidr_block",
        "version": "platform_lock",
        "release": "platform_lock.kubernetes",
        "keys[0].services": "eks_services",
        "tags.Owner": "platform_owner",
    }


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("cidr_block", "vpc_cidr_block"),
        ("cidr_block_size", "cidr_block_size"),
        ("groups[1].subnets[0]", "vpc_groups[1].subnets[0]"),
        ("groups.spot.size", "vpc_groups.spot.size"),
        ("keys[0].use", "keys[0].use"),
        ("keys[0].services[1]", "eks_services[1]"),
    ],
)
def test_a_refusal_names_the_variable_and_the_path_inside_it(path: str, name: str) -> None:
    by_path = {"cidr_block": "vpc_cidr_block", "groups": "vpc_groups", "keys[0].services": "eks_services"}
    assert name_of(path, by_path) == name

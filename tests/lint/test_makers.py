"""The role that a message names for a missing key, role or group is the one that makes it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.slipway.platform.plugins.module_utils._aws.account import Account
from ansible_collections.slipway.platform.plugins.module_utils._aws.ec2.security_groups import SECURITY_GROUP
from ansible_collections.slipway.platform.plugins.module_utils._aws.iam.instance_profiles import INSTANCE_PROFILE
from ansible_collections.slipway.platform.plugins.module_utils._aws.iam.roles import IAM_ROLE
from ansible_collections.slipway.platform.plugins.module_utils._aws.kms.keys import KMS_KEY
from ansible_collections.slipway.platform.plugins.module_utils._boxes.network.box import BOX as NETWORK
from ansible_collections.slipway.platform.plugins.module_utils._core.box import Kind
from ansible_collections.slipway.platform.plugins.module_utils._core.options import checked
from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Ref

from .tree import ROLES, ROOT, load, tasks

KINDS = {kind.name: kind for kind in (KMS_KEY, IAM_ROLE, INSTANCE_PROFILE, SECURITY_GROUP)}
OPTIONS = {"kms_keys": ("keys", "use", "kms_key"), "iam_roles": ("roles", "name", "iam_role")}
OPTIONS["security_groups"] = ("groups", "name", "security_group")
ACCOUNT = Account("123456789012", "eu-west-1", zones={f"eu-west-1{zone}": f"euw1-az{zone}" for zone in "abc"})


def made(role: str) -> Iterator[tuple[str, str]]:
    """Kind and name, without the platform's in front, of what a role makes."""
    defaults: dict[str, Any] = {}
    for path in sorted(ROOT.glob(f"roles/{role}/defaults/**/*.yml")):
        defaults |= load(path) or {}
    for path in sorted(ROOT.glob(f"roles/{role}/tasks/*.yml")):
        for task in tasks(load(path)):
            for module, (option, key, kind) in OPTIONS.items():
                for entry in task.get(f"slipway.platform.{module}", {}).get(option, []):
                    variable = re.fullmatch(r"\{\{ (\w+) \}\}", entry[key])
                    yield kind, defaults[variable[1]] if variable else entry[key]
                    if entry.get("instance_profile"):
                        yield "instance_profile", entry[key]
            if "slipway.platform.network" in task:
                spec = NETWORK.parse(checked(NETWORK.specification, {"platform_name": "x"}), ACCOUNT)
                for resource in NETWORK.declare(spec, {}):
                    yield resource.ref.kind, resource.ref.name.removeprefix("x-")


def maker(kind: Kind, name: str) -> str:
    said = str(kind.missing(Ref(kind.name, f"x-{name}"), "x"))
    match = re.search(r"\(role (\w+) does\)", said)
    return match[1] if match else ""


@pytest.mark.parametrize("role", ROLES)
def test_what_a_role_makes_is_said_to_be_made_by_it(role: str) -> None:
    wrong = {
        f"{kind} {name}": maker(KINDS[kind], name)
        for kind, name in made(role)
        if kind in KINDS and maker(KINDS[kind], name) != role
    }
    assert wrong == {}


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_said_to_be_made_that_is_not(kind: str) -> None:
    names = KINDS[kind].made_by
    assert isinstance(names, dict)
    assert {(role, name) for name, role in names.items()} <= {
        (role, name) for role in ROLES for found, name in made(role) if found == kind
    }

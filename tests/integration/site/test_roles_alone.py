"""Roles as their READMEs show them: no play of ours, no extra variable, no region in the environment."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox.resources import resources
from tests.github.server import Github, serving
from tests.integration.conftest import ACCOUNT, REGION, Emulator

from .plays import PLAYBOOK, ROOT, Run, environment

ELSEWHERE: dict[str, str | None] = {"AWS_REGION": "eu-central-1", "AWS_DEFAULT_REGION": "eu-central-1"}
NOWHERE: dict[str, str | None] = {"AWS_REGION": None, "AWS_DEFAULT_REGION": None}


@pytest.fixture
def github() -> Iterator[Github]:
    with serving(Github()) as fake:
        yield fake


class Place:
    """A folder of a user's with a play of their own beside nothing else of ours."""

    def __init__(self, emulator: Emulator, folder: Path) -> None:
        self._emulator = emulator
        self._folder = folder

    def run(self, role: str, *arguments: str, changed: dict[str, str | None] | None = None, **variables: Any) -> Run:
        """The example in the README of a role; `variables` are added to those that it sets."""
        (example,) = yaml.safe_load(
            (ROOT / "roles" / role / "README.md").read_text(encoding="utf-8").split("```yaml\n")[1].split("```")[0]
        )
        if variables:
            example["vars"] |= variables
        play = self._folder / "play.yml"
        play.write_text(yaml.safe_dump([example]), encoding="utf-8")
        done = subprocess.run(
            [str(PLAYBOOK), str(play), "-i", "platform,", *arguments],
            cwd=self._folder,
            env=environment(self._emulator, **{**NOWHERE, **(changed or {})}),
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        return Run(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def place(emulator: Emulator, tmp_path: Path) -> Place:
    return Place(emulator, tmp_path)


def test_vpc_alone(emulator: Emulator, place: Place) -> None:
    planned = place.run("vpc", "--check").assert_good().changes("platform")
    assert emulator.writes() == []
    assert place.run("vpc", changed=ELSEWHERE).assert_good().changes("platform") == planned
    assert set(resources(emulator.url)) == {"global", REGION}, "the variable counts, not the environment"
    assert place.run("vpc").assert_good().changed("platform") == 0
    place.run("vpc", vpc_state="absent").assert_good()
    assert resources(emulator.url) == {}


def test_buckets_alone(emulator: Emulator, place: Place) -> None:
    place.run("buckets").assert_good()
    names = {bucket["Name"] for bucket in emulator.client("s3").list_buckets()["Buckets"]}
    assert names == {f"demo-{ACCOUNT}-{REGION}-{use}" for use in ("application", "logs", "terraform")}
    place.run("buckets", buckets_state="absent").assert_good()
    assert resources(emulator.url) == {}


def planned_version(run: Run) -> Any:
    (cluster,) = [change for change in run.assert_good().changes("platform") if change["kind"] == "eks_cluster"]
    return next(field["after"] for field in cluster["fields"] if field["path"] == "version")


def test_eks_and_nodegroups_alone(emulator: Emulator, place: Place) -> None:
    """The lock is seen, by every way in which users set its entries."""
    place.run("vpc").assert_good()
    lock = yaml.safe_load((ROOT / "group_vars/all/lock.yml").read_text(encoding="utf-8"))["platform_lock"]
    assert planned_version(place.run("eks", "--check")) == lock["kubernetes"]
    assert planned_version(place.run("eks", "--check", platform_lock={"kubernetes": "1.34"})) == "1.34"
    place.run("eks", platform_lock_overrides={"kubernetes": "1.34"}).assert_good()
    eks = emulator.client("eks", REGION)
    assert eks.describe_cluster(name="demo")["cluster"]["version"] == "1.34"
    place.run("nodegroups").assert_good()
    assert eks.list_nodegroups(clusterName="demo")["nodegroups"] == ["demo-on-demand", "demo-spot"]
    for role in ("nodegroups", "eks", "vpc"):
        place.run(role, **{f"{role}_state": "absent"}).assert_good()
    assert resources(emulator.url) == {}


def test_github_alone(emulator: Emulator, place: Place, github: Github) -> None:
    variables = {"github_api_url": github.url, "github_kms_key": "arn:aws:kms:eu-west-1:123456789012:key/1"}
    place.run("github", changed={"GITHUB_TOKEN": "ghp_good"}, **variables).assert_good()
    roles = emulator.client("iam").list_roles()["Roles"]
    assert {f"demo-github-shop-{name}" for name in ("build", "image", "plan")} <= {role["RoleName"] for role in roles}


@pytest.mark.parametrize("role", ["dns", "edge_waf", "platform_addons"])
def test_a_role_that_is_not_there_yet_does_nothing_by_default(emulator: Emulator, place: Place, role: str) -> None:
    assert place.run(role).assert_good().changed("platform") == 0
    assert emulator.calls() == []

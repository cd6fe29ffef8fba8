"""The whole site: what the plan of the empty account says is what the run makes, and nothing is left at the end."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from sandbox.resources import resources
from tests.integration.conftest import Emulator

from .plays import Run, play

CONFIRM = ("-e", "destroy_confirm=demo")


def text(changes: list[Any]) -> str:
    return json.dumps(changes, indent=1)


def leave_interface(emulator: Emulator) -> None:
    """One that the CNI made for a node that is gone since."""
    ec2 = emulator.client("ec2")

    def named(operation: str, key: str, name: str) -> dict[str, Any]:
        found: dict[str, Any] = getattr(ec2, operation)(Filters=[{"Name": "tag:Name", "Values": [name]}])[key][0]
        return found

    ec2.create_network_interface(
        SubnetId=named("describe_subnets", "Subnets", "demo-private-a")["SubnetId"],
        Groups=[named("describe_security_groups", "SecurityGroups", "demo-nodes")["GroupId"]],
        Description="aws-K8S-i-0123456789abcdef0",
    )


def summary(run: Run) -> list[str]:
    """First lines of the summaries, beside the JSON that others parse."""
    json.loads(run.output)
    return [line for line in run.errors.splitlines() if line.startswith("demo: ")]


def test_a_run_that_fails_says_what_it_did_and_what_it_left(emulator: Emulator) -> None:
    emulator.client("s3").create_bucket(
        Bucket="demo-123456789012-eu-west-1-logs", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    run = play(emulator, "site.yml", "--tags", "buckets")
    assert run.code == 2
    assert summary(run) == ["demo: 1 created"]


def test_life_of_a_platform(emulator: Emulator) -> None:
    """Plan of the empty account, creation, second run, plan of the destruction, destruction, and that again."""
    planned = play(emulator, "site.yml", "--check", "--diff").assert_good()
    assert emulator.writes() == [], "the check run wrote"
    assert resources(emulator.url) == {}
    made = play(emulator).assert_good()
    assert text(planned.changes()) == text(made.changes()), "the check run planned other changes"
    assert {change["action"] for change in made.changes()} == {"create"}
    assert summary(planned) == [f"demo: {len(made.changes())} to create"]
    assert summary(made) == [f"demo: {len(made.changes())} created"]
    standing = resources(emulator.url)
    assert standing
    emulator.forget()

    for arguments in ((), ("--check",)):
        again = play(emulator, "site.yml", *arguments).assert_good()
        assert again.changes() == []
        assert again.changed() == 0
        assert summary(again) == [f"demo: {'nothing to change' if arguments else 'nothing changed'}"]
        assert emulator.writes() == []
    assert resources(emulator.url) == standing

    leave_interface(emulator)
    standing = resources(emulator.url)
    emulator.forget()
    planned = play(emulator, "destroy.yml", *CONFIRM, "--check").assert_good()
    assert emulator.writes() == []
    assert resources(emulator.url) == standing
    gone = play(emulator, "destroy.yml", *CONFIRM).assert_good()
    assert text(planned.changes()) == text(gone.changes())
    assert {change["name"] for change in gone.changes()} >= {"demo"}
    assert resources(emulator.url) == {}
    emulator.forget()
    repeated = play(emulator, "destroy.yml", *CONFIRM).assert_good()
    assert repeated.changes() == []
    assert emulator.writes() == []


def test_it_runs_in_the_controller(emulator: Emulator) -> None:
    """Without a place for remote files, an ordinary module run would fail."""
    run = play(emulator, changed={"ANSIBLE_REMOTE_TMP": "/proc/nowhere"}).assert_good()
    assert run.changes()


def test_modules_run_the_ordinary_way_report_the_same_plan(emulator: Emulator) -> None:
    here = play(emulator, "site.yml", "--check").assert_good()
    there = play(emulator, "site.yml", "--check", variables={"slipway_in_process": False}).assert_good()
    assert here.changes()
    assert text(here.changes()) == text(there.changes())
    assert emulator.writes() == []


def test_a_tag_is_enough_alone(emulator: Emulator) -> None:
    play(emulator).assert_good()
    before = resources(emulator.url)
    emulator.forget()
    owner = {"platform_tags": {"Owner": "team"}}
    run = play(emulator, "site.yml", "--tags", "buckets", variables=owner).assert_good()
    kinds = {change["kind"] for change in run.changes()}
    assert "s3_bucket" in kinds
    assert kinds <= {"s3_bucket", "kms_key"}
    assert {call["service"] for call in emulator.writes()} <= {"s3", "kms"}
    assert resources(emulator.url).keys() == before.keys()


def test_two_hosts_are_two_platforms(emulator: Emulator, tmp_path: Path) -> None:
    inventory = two_hosts(tmp_path)
    for play_name, arguments in (("site.yml", ()), ("site.yml", ())):
        run = play(emulator, play_name, "--forks", "2", *arguments, inventory=str(inventory)).assert_good()
    assert [run.changed(host) for host in ("first", "second")] == [0, 0]
    eks = emulator.client("eks")
    assert sorted(eks.list_clusters()["clusters"]) == ["first", "second"]
    confirm = ("-e", '{"destroy_confirm": "{{ platform_name }}"}')
    play(emulator, "destroy.yml", "--forks", "2", *confirm, inventory=str(inventory)).assert_good()
    assert resources(emulator.url) == {}


def two_hosts(folder: Path) -> Path:
    """The sandbox's inventory with two hosts in place of one."""
    from .plays import ROOT

    inventory = folder / "inventory"
    inventory.mkdir()
    (inventory / "hosts.yml").write_text("all:\n  hosts:\n    first:\n    second:\n", encoding="utf-8")
    os.symlink(ROOT / "inventories" / "sandbox" / "group_vars", inventory / "group_vars")
    return inventory


@pytest.mark.parametrize("name", ["site", "destroy"])
def test_plays_of_the_installed_collection_see_the_lock(emulator: Emulator, name: str) -> None:
    confirm = CONFIRM if name == "destroy" else ()
    run = play(emulator, f"slipway.platform.{name}", "--check", *confirm).assert_good()
    assert bool(run.changes()) is (name == "site")

"""The site with nodes in Auto Scaling groups of its own, and the way from one kind of groups to the other."""

from __future__ import annotations

from typing import Any

from sandbox.resources import resources
from tests.integration.conftest import Emulator

from .plays import Run, play
from .test_truth import CONFIRM, text

REASON = (
    "the nodes of both kinds have one role, and EKS takes its access back with the last managed node group; keep "
    "nodegroups_kind as it was, or first delete all nodes by nodegroups_state absent."
)


def run(emulator: Emulator, kind: str, *arguments: str, **variables: Any) -> Run:
    return play(emulator, "site.yml", *arguments, variables={"nodegroups_kind": kind, **variables})


def test_life_with_auto_scaling_groups(emulator: Emulator) -> None:
    planned = run(emulator, "self_managed", "--check").assert_good()
    assert emulator.writes() == []
    made = run(emulator, "self_managed").assert_good()
    assert text(planned.changes()) == text(made.changes())
    assert {"autoscaling_group", "access_entry"} <= {change["kind"] for change in made.changes()}
    emulator.forget()
    assert run(emulator, "self_managed").assert_good().changes() == []
    for arguments in (("--check",), ()):
        refused = run(emulator, "managed", "--tags", "nodegroups", *arguments)
        assert refused.sentences == [f"Auto Scaling groups demo-on-demand, demo-spot stand: {REASON}"]
    assert emulator.writes() == []
    gone = play(emulator, "destroy.yml", *CONFIRM).assert_good()
    assert "autoscaling_group" in {change["kind"] for change in gone.changes()}
    assert resources(emulator.url) == {}


def test_from_managed_groups_to_the_others(emulator: Emulator) -> None:
    run(emulator, "managed").assert_good()
    emulator.forget()
    for arguments in (("--check",), ()):
        refused = run(emulator, "self_managed", "--tags", "nodegroups", *arguments)
        assert refused.sentences == [f"Managed node groups demo-on-demand, demo-spot stand: {REASON}"]
    assert emulator.writes() == []
    run(emulator, "managed", "--tags", "nodegroups", nodegroups_state="absent").assert_good()
    made = run(emulator, "self_managed", "--tags", "nodegroups").assert_good()
    assert "autoscaling_group" in {change["kind"] for change in made.changes()}
    assert run(emulator, "self_managed").assert_good().changes() == []

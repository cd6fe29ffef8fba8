"""Runs a module's box as its users do, and judges every run by witnesses that are not ours.

The witnesses are the emulator's log of calls and `sandbox.resources`, which reads the account with boto3; inside a
cluster (`clusters.py`) the API server's audit log and the kubernetes client.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol

import pytest

from ansible_collections.slipway.platform.plugins.module_utils._core.box import Box
from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Impossible, Outcome
from ansible_collections.slipway.platform.plugins.module_utils._core.run import Runner
from ansible_collections.slipway.platform.plugins.module_utils._platform_check.boxes import BOXES
from tests.outside import outside

MODULES = {id(box): name for name, box in BOXES.items()}
"""Of the boxes that are a module's."""


class World(Protocol):
    """What a box changes, with its witnesses."""

    def connection(self) -> Any:
        """What the box's provider would connect to."""

    def environment(self) -> Mapping[str, str]:
        """What a program has to be given to connect to it, beside this process's own."""

    def forget(self) -> None:
        """The calls so far count no more."""

    def writes(self) -> list[dict[str, Any]]:
        """Calls since then that wrote or tried to, with the `operation` of each."""

    def resources(self) -> Any:
        """All that stands, read by a witness that is not ours."""

    def weathered(self) -> AbstractContextManager[None]:
        """Bad weather for what a test runs, where the test asks for it; the witnesses read in clear weather."""


class Life[W: World]:
    """One box on one platform.

    :param writes: write operation of AWS -> the kinds of change that it may belong to.
    :param common: options of every turn.
    """

    def __init__(self, emulator: W, box: Box, writes: Mapping[str, set[str]], **common: Any) -> None:
        self.emulator = emulator
        self.box = box
        self.table = writes
        self.common = {"platform_name": "demo", **common}
        self.last: Outcome | None = None

    def run(self, *, check_mode: bool, connection: Any = None, **options: Any) -> Outcome:
        """One run, as a task of its own playbook."""
        asked = connection or self.emulator.connection()
        return Runner(self.box, {**self.common, **options}, asked, check_mode=check_mode).run()

    def turn(self, **options: Any) -> list[str]:
        """Check run, run, run again; returns the changes as "action kind name path,path".

        The check run writes nothing; its changes are the run's, byte for byte; each write belongs to a predicted change
        and each change was written; the account differs only if a change was predicted; the second run plans and writes
        nothing. The first check run of each module (`--out-of-process`: every one) is made out of process, too.
        """
        before = self.emulator.resources()
        self.emulator.forget()
        with self.emulator.weathered():
            planned = self.run(check_mode=True, **options)
        if id(self.box) in MODULES:
            given = {**self.common, **options}
            outside.compare(MODULES[id(self.box)], given, planned.plan.as_list(), self.emulator.environment())
        assert self.emulator.writes() == [], "the check run wrote"
        with self.emulator.weathered():
            self.last = self.run(check_mode=False, **options)
        changes = self.last.plan.as_list()
        assert json.dumps(planned.plan.as_list()) == json.dumps(changes), "the check run planned other changes"
        self._judge(changes)
        after = self.emulator.resources()
        if not changes:
            assert after == before, "the account changed without a plan"
        self.emulator.forget()
        with self.emulator.weathered():
            again = self.run(check_mode=False, **options)
        assert again.plan.as_list() == [], "the second run found something to do"
        assert self.emulator.writes() == [], "the second run wrote"
        assert self.emulator.resources() == after
        return [_line(change) for change in changes]

    def _judge(self, changes: list[dict[str, Any]]) -> None:
        kinds = {change["kind"] for change in changes}
        written: set[str] = set()
        for call in self.emulator.writes():
            operation = call["operation"]
            assert operation in self.table, f"{operation} is no write of this box"
            belongs = self.table[operation] & kinds
            assert belongs, f"{operation} belongs to no predicted change: {sorted(kinds)}"
            written |= belongs
        assert written == kinds, f"predicted but not written: {sorted(kinds - written)}"


def _line(change: Mapping[str, Any]) -> str:
    paths = ",".join(entry["path"] for entry in change["fields"]) if change["action"] in ("update", "replace") else ""
    return f"{change['action']} {change['kind']} {change['name']} {paths}".strip()


def expect_cluster_missing(life: Life) -> None:
    """Without a cluster a plan is impossible, and there is nothing to delete."""
    with pytest.raises(Impossible) as refused:
        life.run(check_mode=True)
    said = str(refused.value)
    assert said == "eks cluster 'demo' does not exist and no earlier task of this run makes it (role eks does)."
    assert life.turn(state="absent") == []

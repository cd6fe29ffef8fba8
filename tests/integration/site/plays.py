"""Runs a play as its users do, `ansible-playbook` in a process of its own, and reads what it reported."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.integration.conftest import Emulator

ROOT = Path(__file__).resolve().parent.parent.parent.parent
PLAYBOOK = Path(sys.executable).with_name("ansible-playbook")


@dataclass(frozen=True)
class Run:
    """One finished process.

    :param output: what the callback ansible.posix.json printed.
    :param errors: standard error: warnings and errors in words.
    """

    code: int
    output: str
    errors: str

    @cached_property
    def report(self) -> dict[str, Any]:
        report: dict[str, Any] = json.loads(self.output[self.output.index("{") :])
        return report

    @property
    def tasks(self) -> list[tuple[str, str, dict[str, Any]]]:
        """(task, host, result) in order."""
        return [
            (task["task"]["name"], host, result)
            for play in self.report["plays"]
            for task in play["tasks"]
            for host, result in task["hosts"].items()
        ]

    def changes(self, host: str = "demo") -> list[Any]:
        """The plan of a host over all tasks, in order."""
        return [change for _, name, result in self.tasks if name == host for change in result.get("changes") or []]

    @property
    def sentences(self) -> list[str]:
        """Messages of the tasks that failed."""
        return [result["msg"] for _, _, result in self.tasks if result.get("failed")]

    def changed(self, host: str = "demo") -> int:
        return int(self.report["stats"][host]["changed"])

    def assert_good(self) -> Run:
        assert self.code == 0, self.sentences if self.output else self.errors
        return self


def environment(emulator: Emulator, **changed: str | None) -> dict[str, str]:
    """Environment of a run against the emulator; None takes a variable away."""
    values: dict[str, str | None] = {
        **os.environ,
        "AWS_ENDPOINT_URL": emulator.url,
        "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
        "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json",
        "ANSIBLE_NOCOLOR": "1",
        **changed,
    }
    return {name: value for name, value in values.items() if value is not None}


def play(
    emulator: Emulator,
    name: str = "site.yml",
    *arguments: str,
    variables: Mapping[str, Any] | None = None,
    inventory: str = "inventories/sandbox",
    changed: Mapping[str, str | None] | None = None,
) -> Run:
    """Runs a play of the checkout to its end; `variables` are extra variables with their types."""
    command: Sequence[str] = [str(PLAYBOOK), name, "-i", inventory, *arguments]
    if variables:
        command = [*command, "-e", json.dumps(dict(variables))]
    process = subprocess.run(
        command,
        cwd=ROOT,
        env=environment(emulator, **(changed or {})),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    return Run(process.returncode, process.stdout, process.stderr)

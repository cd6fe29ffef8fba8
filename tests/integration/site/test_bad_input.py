"""Wrong input stops the run before its first write, with one sentence. The table is bad_input.yml."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.conftest import Emulator

from .plays import Run, play

TABLE: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("bad_input.yml").read_text(encoding="utf-8"))
KEYS = {"rule", "play", "variables", "environment", "sentence"}
DAY = "2026-11-23"
"""The sandbox's calendar: the support of Kubernetes versions is a matter of dates."""


def name(case: Mapping[str, Any]) -> str:
    return f"{case['rule']}: {next(iter(case.get('variables') or case.get('environment') or {'': ''}))}".rstrip(": ")


def run(emulator: Emulator, case: Mapping[str, Any]) -> Run:
    return play(
        emulator,
        case.get("play", "site.yml"),
        variables=case.get("variables"),
        changed=case.get("environment"),
    )


@pytest.fixture(scope="module")
def runs(running: Emulator) -> list[Run]:
    """A process for each case, two at a time."""
    running.inner("reset", "POST")
    running.set(date=DAY)
    running.forget()
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda case: run(running, case), TABLE))
    assert running.writes() == []
    running.set(date=None)
    return answers


def test_the_table_is_as_long_as_it_should_be() -> None:
    assert len(TABLE) >= 40
    assert len({case["rule"] for case in TABLE}) >= 25
    assert [case for case in TABLE if not set(case) <= KEYS] == []


@pytest.mark.parametrize("position", range(len(TABLE)), ids=[name(case) for case in TABLE])
def test_one_sentence_stops_the_run(runs: list[Run], position: int) -> None:
    """Exactly that sentence, exit code 2, nothing written (see `runs`), no traceback."""
    case, answer = TABLE[position], runs[position]
    assert answer.sentences == [case["sentence"]]
    assert answer.code == 2
    assert len([task for task, _, _ in answer.tasks if "alidat" in task]) == len(answer.tasks), "a later task ran"
    assert "Traceback" not in answer.output + answer.errors

"""A run that is interrupted leaves no process behind, and the next one goes on from there."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
import uuid

import psutil
import pytest

from tests.integration.conftest import Emulator

from .plays import PLAYBOOK, ROOT, environment, play

MARK = "SLIPWAY_TEST_RUN"
MOMENTS = 4


def of_run(mark: str) -> list[str]:
    """Processes that carry the mark of a run in their environment."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK) == mark and process.status() != psutil.STATUS_ZOMBIE:
                found.append(" ".join(process.cmdline()))
        except psutil.Error:
            continue
    return found


def interrupted(emulator: Emulator, after: float) -> bool:
    """Starts the site, and sends what Control-C sends after so many seconds; False if it had ended by then."""
    mark = uuid.uuid4().hex
    process = subprocess.Popen(
        [str(PLAYBOOK), "site.yml", "-i", "inventories/sandbox"],
        cwd=ROOT,
        env=environment(emulator, **{MARK: mark}),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        process.wait(after)
        return False
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGINT)
        process.wait(60)
    end = time.monotonic() + 10
    while (left := of_run(mark)) and time.monotonic() < end:
        time.sleep(0.1)
    assert left == [], f"left after {after:.2f} s"
    return True


@pytest.fixture(scope="module")
def seconds(running: Emulator) -> float:
    """How long the site takes here."""
    started = time.monotonic()
    play(running).assert_good()
    return time.monotonic() - started


def test_the_next_run_goes_on(seconds: float, emulator: Emulator, series: int) -> None:
    drawn = random.Random(series)
    sent = 0
    while sent < MOMENTS:
        sent += interrupted(emulator, drawn.uniform(0.1, seconds))
    play(emulator).assert_good()
    emulator.forget()
    assert play(emulator).assert_good().changes() == []
    assert emulator.writes() == []

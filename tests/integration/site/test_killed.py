"""A run that is killed writes nothing more: neither in process nor out of it."""

from __future__ import annotations

import os
import signal
import subprocess
import time

import pytest

from tests.integration.conftest import Emulator

from .plays import PLAYBOOK, ROOT, environment

BEFORE = 8
"""Writes after which the run is killed: in the middle of the network, which comes after the key of its logs."""


@pytest.mark.parametrize("in_process", ["true", "false"])
def test_after_the_kill_no_write_comes(emulator: Emulator, in_process: str) -> None:
    """Only the process group of the run gets the signal; Ansible's workers are in groups of their own."""
    process = subprocess.Popen(
        [str(PLAYBOOK), "site.yml", "-i", "inventories/sandbox", "-e", f"slipway_in_process={in_process}", "-t", "vpc"],
        cwd=ROOT,
        env=environment(emulator),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        while len(emulator.writes()) < BEFORE:
            assert process.poll() is None, "the run ended before it was killed"
            time.sleep(0.01)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(30)
    time.sleep(0.5)  # a call that was under way is over
    after = emulator.writes()
    time.sleep(5)
    assert emulator.writes() == after
    assert "CreateFlowLogs" not in {call["operation"] for call in after}, "the network stood before the kill"

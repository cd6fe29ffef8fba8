"""make demo interrupted before its closing screen: the sandbox is stopped and no process is left.

All in one place: each demo meets what the one before has left on the disk, and one that is let be comes to its end.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time

import pytest

from sandbox.state import CHECKOUT
from tests.integration.sandbox.place import Place


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(tmp_path_factory.mktemp("demo") / "sandbox")


def demo(place: Place) -> subprocess.Popen[bytes]:
    """In a session of its own, which stands for a terminal: Ctrl-C reaches make and all that it runs."""
    return subprocess.Popen(
        ["make", "demo"],
        cwd=CHECKOUT,
        env={**os.environ, "SLIPWAY_SANDBOX": str(place.state.folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def test_interrupted_at_a_random_moment(place: Place, moment: int) -> None:
    process = demo(place)
    try:
        time.sleep(random.Random(moment).uniform(0.3, 25.0))
        os.killpg(process.pid, signal.SIGINT)
    except ProcessLookupError:
        pass  # the demo had already come to its end
    output, _ = process.communicate(timeout=90)
    if b"Look around:" in output:
        place.command("down")
    else:
        assert process.returncode != 0
    assert place.processes() == [], output.decode()
    assert not place.state.environment.exists()


def test_the_next_demo_comes_to_its_end(place: Place) -> None:
    output, _ = demo(place).communicate(timeout=240)
    try:
        assert b"Look around:" in output, output.decode()
        assert len(place.nodes()) == 5
    finally:
        place.command("down")
    assert place.processes() == []

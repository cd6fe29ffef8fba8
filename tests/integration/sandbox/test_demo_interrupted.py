"""make demo interrupted before its closing screen: the sandbox is stopped and no process is left."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from pathlib import Path

from sandbox.state import CHECKOUT
from tests.integration.sandbox.place import Place


def test_interrupted_at_a_random_moment(tmp_path: Path, moment: int) -> None:
    place = Place(tmp_path / "sandbox")
    environment = {**os.environ, "SLIPWAY_SANDBOX": str(place.state.folder)}
    # A session of its own stands for a terminal: Ctrl-C reaches make and all that it runs.
    process = subprocess.Popen(
        ["make", "demo"],
        cwd=CHECKOUT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
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

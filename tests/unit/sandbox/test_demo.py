"""What the demo does with the program that prepares the images beside it, by stand-ins for that program."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from sandbox import demo, lifecycle
from sandbox.state import State


@pytest.mark.parametrize(
    ("printed", "stands", "error"),
    [
        ('{"stands": true, "error": null}', True, None),
        ('{"stands": false, "error": null}', False, None),
        ('{"stands": false, "error": "cosign cannot be built: no"}', None, "^cosign cannot be built: no$"),
        ("", None, "^the images were not prepared$"),
    ],
)
def test_the_outcome_is_awaited(
    printed: str, stands: bool | None, error: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lifecycle, "wait_ready", lambda state, say: None)
    command = [sys.executable, "-c", f"import time; time.sleep(0.2); print({printed!r}, flush=True)"]
    with demo._running(command, dict(os.environ)) as process:
        if error:
            with pytest.raises(lifecycle.SandboxError, match=error):
                demo._stand(process, State(tmp_path))
        else:
            assert demo._stand(process, State(tmp_path)) is stands


def test_what_runs_beside_the_demo_ends_with_it(tmp_path: Path) -> None:
    """With what it has started in turn, as a compiler; nothing of it is waited for longer than the patience."""
    script = f"sleep 600 & echo $! >{tmp_path}/pid; echo ready; wait"
    with pytest.raises(KeyboardInterrupt), demo._running(["sh", "-c", script], dict(os.environ)) as process:  # noqa: PT012
        assert process.stdout
        process.stdout.readline()
        raise KeyboardInterrupt
    assert process.poll() is not None
    started = int((tmp_path / "pid").read_text())
    for _ in range(100):
        status = Path(f"/proc/{started}/stat")
        if not status.exists() or status.read_text().split()[2] == "Z":
            return
        time.sleep(0.05)
    pytest.fail("a process of the program is left")

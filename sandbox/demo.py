"""make demo and make destroy: the playbooks of the checkout, run against the sandbox."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from sandbox import lifecycle, supervisor, tools
from sandbox.cli import say
from sandbox.state import CHECKOUT, State

INVENTORY = "inventories/sandbox"
RECAP = re.compile(r"^\S+\s*:\s+ok=\d+\s+changed=(\d+)\s+unreachable=(\d+)\s+failed=(\d+)")
COLOR = re.compile(r"\x1b\[[0-9;]*m")
EXPORT = re.compile(r"^export (\w+)=(.*)$")
PATIENCE = 5.0


def environment(state: State) -> dict[str, str]:
    """This process's environment with what the file to source sets, and the sandbox's mark: a playbook that is still
    at work when the sandbox is stopped ends with it.
    """
    found = {name: value for name, value in os.environ.items() if name not in ("AWS_PROFILE", "AWS_SESSION_TOKEN")}
    for line in state.environment.read_text().splitlines():
        if match := EXPORT.match(line):
            found[match.group(1)] = shlex.split(match.group(2))[0]
    folders = (Path(sys.executable).parent, *tools.folders())
    found["PATH"] = ":".join((*map(str, folders), found.get("PATH", "")))
    found[supervisor.MARK] = str(state.folder)
    return found


@contextlib.contextmanager
def _running(command: list[str], values: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    # In a session of its own, so that it is this process that answers Ctrl-C, and ends it with all its workers.
    process = subprocess.Popen(
        command,
        cwd=CHECKOUT,
        env=values,
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
        process.wait()
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(PATIENCE)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def play(name: str, state: State, *arguments: str) -> tuple[float, int]:
    """Run a playbook of the checkout and show its output.

    :returns: seconds, and the sum of changed tasks over all hosts
    :raises SandboxError: when it fails
    """
    command = [str(Path(sys.executable).with_name("ansible-playbook")), name, "-i", INVENTORY, *arguments]
    started, changed = time.monotonic(), 0
    values = environment(state)
    if sys.stdout.isatty():
        values["ANSIBLE_FORCE_COLOR"] = "true"
    with _running(command, values) as process:
        assert process.stdout
        for line in process.stdout:
            print(line, end="", flush=True)
            if match := RECAP.match(COLOR.sub("", line)):
                changed += int(match.group(1))
    if process.returncode:
        raise lifecycle.SandboxError(
            f"{name} failed with exit code {process.returncode}; the sandbox's logs: {state.log}"
        )
    return time.monotonic() - started, changed


def _stand(preparing: subprocess.Popen[str], state: State) -> bool:
    """Whether what image.yml takes stands; waits until `sandbox.images` knows."""
    assert preparing.stdout
    outcome = json.loads(
        preparing.stdout.readline().strip() or '{"stands": false, "error": "the images were not prepared"}'
    )
    if outcome["error"]:
        raise lifecycle.SandboxError(outcome["error"])
    lifecycle.wait_ready(state, say)
    return bool(outcome["stands"])


def main(state: State) -> int:
    """From nothing to the closing screen. Until that stands the sandbox is ours: whatever goes wrong, it is stopped."""
    from sandbox import screen
    from sandbox.images.one_stage import size

    try:
        say("sandbox: starting")
        started = time.monotonic()
        if not lifecycle.up(state, say, {"profile": "demo"}):
            lifecycle.reset(state)
        say(f"sandbox: ready after {time.monotonic() - started:.1f} s")
        # What only the images need is made while the platform is built, by what that leaves of the processors.
        images = ["nice", "-n", "10", sys.executable, "-m", "sandbox.images"]
        with _running(images, environment(state)) as preparing:
            say(f"first run: ansible-playbook site.yml -i {INVENTORY}")
            first = play("site.yml", state)
            say("second run: the same again")
            second = play("site.yml", state)
            figures = [("site.yml", *first), ("site.yml again", *second)]
            one_stage = None
            if _stand(preparing, state):
                say(f"image: ansible-playbook image.yml -i {INVENTORY}, and the same again")
                figures += [("image.yml", *play("image.yml", state)), ("image.yml again", *play("image.yml", state))]
                preparing.wait()
                one_stage = size(say=say)
        screen.show(state, environment(state), figures, one_stage)
    except BaseException:
        with lifecycle.uninterrupted():
            lifecycle.down(state)
        raise
    changed = {name: tasks for name, _seconds, tasks in figures if name.endswith(" again") and tasks}
    for name, tasks in changed.items():
        say(f"{name} changed {tasks} tasks, where it should change nothing")
    return 1 if changed else 0


def platform_names(state: State) -> list[str]:
    """Names of the platforms of the sandbox's inventory, where a host and its platform have the same name."""
    command = [str(Path(sys.executable).with_name("ansible-inventory")), "-i", INVENTORY, "--list"]
    done = subprocess.run(command, cwd=CHECKOUT, env=environment(state), capture_output=True, text=True, check=True)
    return list(json.loads(done.stdout)["_meta"]["hostvars"])


def destroy(state: State, platform: str | None) -> int:
    """Run destroy.yml; the platform's name is the confirmation that it asks for."""
    lifecycle.urls(state)
    names = platform_names(state)
    if platform is None and len(names) != 1:
        raise lifecycle.SandboxError(f"which platform of {', '.join(names)}? make destroy platform=NAME")
    name = platform or names[0]
    seconds, changed = play("destroy.yml", state, "-e", f"destroy_confirm={name}")
    say(f"{name} is torn down: {seconds:.1f} s, changed={changed}; what is left: python -m sandbox resources")
    return 0

"""The sandbox's processes under supervisor: its configuration, its XML-RPC client, and the sweep after it has ended."""

from __future__ import annotations

import configparser
import contextlib
import http.client
import io
import os
import subprocess
import sys
import time
import xmlrpc.client
from pathlib import Path
from typing import Any, cast

import psutil
from supervisor.xmlrpc import SupervisorTransport

from sandbox.state import CHECKOUT, State, private, write

# In the environment of every process of a sandbox: by it the sweep knows which are whose.
MARK = "SLIPWAY_SANDBOX_PROCESS"
GROUP = "sandbox"
PROGRAMS = ("aws", "kubernetes", "registry")


def configuration(state: State, commands: dict[str, list[str]]) -> str:
    """supervisord.conf for these programs."""
    parser = configparser.RawConfigParser()
    parser["unix_http_server"] = {"file": _escape(state.socket), "chmod": "0700"}
    parser["supervisord"] = {
        "logfile": _escape(state.log / "supervisord.log"),
        "pidfile": _escape(state.folder / "supervisord.pid"),
        "childlogdir": _escape(state.log),
        "directory": _escape(CHECKOUT),
        "identifier": "slipway",
    }
    factory = "supervisor.rpcinterface:make_main_rpcinterface"
    parser["rpcinterface:supervisor"] = {"supervisor.rpcinterface_factory": factory}
    # One group: supervisor stops its groups one after the other, a second each.
    parser[f"group:{GROUP}"] = {"programs": ",".join(commands)}
    for name, command in commands.items():
        parser[f"program:{name}"] = {
            # The kernel ends a program when supervisor ends, in whatever way that happens.
            "command": " ".join(map(_quote, ("setpriv", "--pdeathsig", "KILL", "--", *command))),
            "redirect_stderr": "true",
            "stdout_logfile": f"{_escape(state.log / name)}.log",
            # An emulator that starts again has an empty account: let it be seen as down instead.
            "autorestart": "true" if name == "kubernetes" else "false",
            "startsecs": "0",
            "stopwaitsecs": "10",
        }
    text = io.StringIO()
    parser.write(text)
    return text.getvalue()


def _quote(word: str) -> str:
    """As shlex reads it; no space may stand before a semicolon, which begins a comment."""
    return '"' + _escape(word).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _escape(value: object) -> str:
    return str(value).replace("%", "%%")


def start(state: State, commands: dict[str, list[str]]) -> None:
    """Start supervisor as a daemon of its own; its socket answers when this returns."""
    file = state.folder / "supervisord.conf"
    private(state.folder)
    private(state.socket.parent)
    state.log.mkdir(parents=True, exist_ok=True)
    write(file, configuration(state, commands))
    environment = {**os.environ, MARK: str(state.folder), "PYTHONUNBUFFERED": "1"}
    # A session of its own from the first moment: Ctrl-C on the terminal is answered by us, not by supervisor.
    done = subprocess.run(
        [sys.executable, "-m", "supervisor.supervisord", "-c", str(file)],
        env=environment,
        start_new_session=True,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
    )
    if done.returncode:
        raise OSError(f"supervisor does not start: {done.stdout.strip()} {done.stderr.strip()}")


def client(state: State) -> Any:
    """Supervisor's RPC interface, as xmlrpc.client builds it (untyped)."""
    transport = SupervisorTransport(None, None, f"unix://{state.socket}")
    return xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport).supervisor


def alive(state: State) -> bool:
    if not state.socket.exists():
        return False
    try:
        return bool(client(state).getState()["statename"] == "RUNNING")
    except (OSError, http.client.HTTPException, xmlrpc.client.Error):
        return False


def programs(state: State) -> list[dict[str, Any]]:
    """What supervisor says of each program: name, statename, pid, start, spawnerr."""
    return cast(list[dict[str, Any]], client(state).getAllProcessInfo())


def stop_program(state: State, name: str) -> None:
    client(state).stopProcess(f"{GROUP}:{name}")


def start_program(state: State, name: str) -> None:
    client(state).startProcess(f"{GROUP}:{name}")


def stop(state: State) -> None:
    """End supervisor and its programs, then everything that still carries this sandbox's mark."""
    if alive(state):
        with contextlib.suppress(OSError, http.client.HTTPException, xmlrpc.client.Error):
            client(state).shutdown()
        deadline = time.monotonic() + 10
        while marked(state) and time.monotonic() < deadline:
            time.sleep(0.05)
    sweep(state)


def marked(state: State) -> list[psutil.Process]:
    """Processes of this sandbox, by the mark in their environment."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.pid != os.getpid() and process.environ().get(MARK) == str(state.folder):
                found.append(process)
    return [process for process in found if _runs(process)]


def _runs(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def sweep(state: State) -> None:
    """Kill what carries the mark; again, since a process may be starting another one just then."""
    for _ in range(50):
        left = marked(state)
        if not left:
            return
        for process in left:
            with contextlib.suppress(psutil.Error):
                process.kill()
        time.sleep(0.05)
    raise OSError(f"processes do not end: {[process.pid for process in left]}")


def tail(path: Path, lines: int = 5) -> str:
    try:
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""

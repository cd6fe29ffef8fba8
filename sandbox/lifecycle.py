"""Start, stop, reset, snapshot and restore one sandbox."""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import urllib3

from sandbox import guard, supervisor, tools
from sandbox.aws.settings import ACCESS_KEY_ID, SECRET_ACCESS_KEY
from sandbox.images import example
from sandbox.kubernetes.audit import Audit
from sandbox.state import State, free_ports, private, shell_environment, write

START_SECONDS = 60.0
SETTLE_SECONDS = 60.0
START_REGISTRY = 'until test -x "$0"; do sleep 0.2; done; exec "$0" serve "$1"'
DEFAULT_SETTINGS: dict[str, Any] = {"control_planes": True}
_http = urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(connect=2.0, read=30.0))


class SandboxError(Exception):
    """What the user is told in one line."""


@contextlib.contextmanager
def uninterrupted() -> Iterator[None]:
    """Not to be interrupted: what stops processes must come to its end."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(number, signal.SIG_IGN) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def call(
    method: str, url: str, body: object = None, seconds: float = 30.0, secret: str | None = None
) -> dict[str, Any]:
    """One JSON request to a part of the sandbox.

    :param secret: of control calls
    :raises SandboxError: when it does not answer, or refuses
    """
    try:
        answer = _http.request(
            method, url, json=body, timeout=seconds, headers=guard.bearer(secret) if secret else None
        )
    except urllib3.exceptions.HTTPError as error:
        raise SandboxError(f"no answer from {url}: {error}") from error
    if answer.status >= 300:
        raise SandboxError(f"{method} {url}: {answer.status} {answer.data.decode(errors='replace')[:300]}")
    return cast(dict[str, Any], json.loads(answer.data)) if answer.data[:1] == b"{" else {}


def urls(state: State) -> dict[str, str]:
    """URLs of the sandbox that runs here: aws, kubernetes, registry.

    :raises SandboxError: when none runs
    """
    found = state.read().get("urls")
    if not found or not supervisor.alive(state):
        raise SandboxError(f"no sandbox runs in {state.folder} (start it: make sandbox-up)")
    return cast(dict[str, str], found)


def control(
    state: State, method: str, part: str, path: str, body: object = None, seconds: float = 30.0
) -> dict[str, Any]:
    """One control call to "aws" or "kubernetes" of the sandbox that runs here.

    :raises SandboxError: when none runs, it does not answer, or refuses
    """
    return call(method, urls(state)[part] + path, body, seconds, state.secret())


def up(state: State, say: Callable[[str], None], settings: dict[str, Any] | None = None) -> bool:
    """Start the sandbox; nothing when it runs. Interrupted or failed, it leaves no process.

    The registry is of no use to a platform: where it is still to be built, it starts when it stands.

    :param settings: laid over settings.json
    :returns: whether it was started by this call
    """
    with state.locked():
        if state.read() and supervisor.alive(state):
            wait_ready(state, say)
            if settings:
                control(state, "PUT", "aws", "/_sandbox/settings", settings)
            return False
        tools.ensure(say, "platform")
        try:
            for attempt in (1, 2, 3):
                _start(state, settings or {})
                try:
                    wait_ready(state, say)
                    return True
                except SandboxError:  # most likely, another sandbox took a port between our look and our use
                    if attempt == 3:
                        raise
                    supervisor.stop(state)
        except BaseException:
            with uninterrupted():
                supervisor.stop(state)
                state.forget()
            raise
    return True


def _start(state: State, settings: dict[str, Any]) -> None:
    supervisor.stop(state)
    state.forget()
    standing = json.loads(state.settings.read_text()) if state.settings.exists() else {}
    write(state.settings, json.dumps({**DEFAULT_SETTINGS, **standing, **settings}, indent=2))
    ports = dict(zip(supervisor.PROGRAMS, free_ports(3), strict=True))
    addresses = {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
    description = {"ports": ports, "urls": addresses, "socket": str(state.socket)}
    write(state.description, json.dumps(description, indent=2))
    credentials = {"access_key_id": ACCESS_KEY_ID, "secret_access_key": SECRET_ACCESS_KEY}
    write(state.environment, shell_environment(state, addresses, credentials, tools.folders()))
    state.secret()
    private(state.registry)
    registry = {
        "version": 0.1,
        "log": {"level": "warn", "accesslog": {"disabled": True}},
        "storage": {
            "filesystem": {"rootdirectory": str(state.registry)},
            "delete": {"enabled": True},
            "cache": {"blobdescriptor": "inmemory"},
            "maintenance": {"uploadpurging": {"enabled": False}},
        },
        "http": {"addr": f"127.0.0.1:{ports['registry']}"},
    }
    write(state.folder / "registry.yml", json.dumps(registry, indent=2))  # JSON is YAML
    python = [sys.executable, "-m"]
    folder = str(state.folder)
    supervisor.start(
        state,
        {
            "aws": [
                *python,
                "sandbox.aws",
                f"--port={ports['aws']}",
                "--state-dir",
                folder,
                "--settings",
                str(state.settings),
            ],
            "kubernetes": [
                *python,
                "sandbox.kubernetes",
                "--aws",
                addresses["aws"],
                "--state-dir",
                folder,
                f"--port={ports['kubernetes']}",
            ],
            "registry": ["sh", "-c", START_REGISTRY, str(tools.place("registry")), str(state.folder / "registry.yml")],
        },
    )


PROBES = {"aws": "/_sandbox/ready", "kubernetes": "/ready", "registry": "/v2/"}
CONTROLLED = ("aws", "kubernetes")


def wait_ready(state: State, say: Callable[[str], None]) -> None:
    """Until every program answers, but for one that still has to be built.

    :raises SandboxError: when one has ended or takes too long
    """
    addresses, secret = urls(state), state.secret()
    waiting = {name: addresses[name] + path for name, path in PROBES.items()}
    if not tools.stands("registry"):
        del waiting["registry"]
    started = told = time.monotonic()
    while waiting:
        for name, url in list(waiting.items()):
            with contextlib.suppress(SandboxError):
                call("GET", url, seconds=1.0, secret=secret if name in CONTROLLED else None)
                del waiting[name]
        for program in supervisor.programs(state):
            if program["name"] in waiting and program["statename"] in ("EXITED", "FATAL", "BACKOFF"):
                text = supervisor.tail(state.log / f"{program['name']}.log")
                raise SandboxError(f"{program['name']} ended at its start:\n{text}")
        now = time.monotonic()
        if waiting and now - started > START_SECONDS:
            raise SandboxError(f"not ready after {START_SECONDS:.0f} s: {', '.join(waiting)}; see {state.log}")
        if now - told > 3:
            told = now
            say(f"  waiting for {', '.join(waiting)}: {now - started:.0f} s, usually 3")
        time.sleep(0.05)


def down(state: State) -> None:
    """Stop the sandbox and everything that it started; nothing when it does not run."""
    with state.locked(), uninterrupted():
        supervisor.stop(state)
        state.forget()


def _agent_status(state: State, seconds: float = 30.0) -> dict[str, Any]:
    return control(state, "GET", "kubernetes", "/status", seconds=seconds)


def settle(state: State) -> None:
    """Wait until the agent has gone through a whole round that began after this call."""
    first = _agent_status(state)["rounds"]
    deadline = time.monotonic() + SETTLE_SECONDS
    while _agent_status(state)["rounds"] < first + 2:
        if time.monotonic() > deadline:
            raise SandboxError(f"the Kubernetes agent does not settle; see {state.log / 'kubernetes.log'}")
        time.sleep(0.05)


def reset(state: State) -> None:
    """Back to the empty account: no resource, no control plane, no image. Settings stay."""
    with state.locked():
        control(state, "POST", "aws", "/_sandbox/reset", {})
        settle(state)
        with _registry_stopped(state):
            shutil.rmtree(state.registry, ignore_errors=True)
        state.forget_example()
        if state.images.is_dir():
            example.prepare(state)


@contextlib.contextmanager
def _registry_stopped(state: State) -> Iterator[None]:
    supervisor.stop_program(state, "registry")
    try:
        yield
    finally:
        state.registry.mkdir(parents=True, exist_ok=True)
        supervisor.start_program(state, "registry")
    wait_ready(state, lambda _: None)


def snapshot(state: State, name: str) -> None:
    """Keep account, clusters and images under a name. Control planes stand still for a few seconds."""
    folder = state.snapshot(name)
    with state.locked():
        control(state, "POST", "kubernetes", "/snapshot", {"name": name}, seconds=120)
        with _registry_stopped(state):
            shutil.copytree(state.registry, folder / "registry", dirs_exist_ok=True)


def restore(state: State, name: str) -> None:
    """Go back to a snapshot, then wait until its control planes answer again."""
    folder = state.snapshot(name)
    if not folder.exists():
        raise SandboxError(f"no snapshot '{name}' in {state.snapshots}")
    with state.locked():
        control(state, "POST", "kubernetes", "/restore", {"name": name}, seconds=120)
        with _registry_stopped(state):
            shutil.rmtree(state.registry, ignore_errors=True)
            shutil.copytree(folder / "registry", state.registry)
        settle(state)
        deadline = time.monotonic() + SETTLE_SECONDS
        while not all(cluster["ready"] for cluster in _agent_status(state)["clusters"]):
            if time.monotonic() > deadline:
                raise SandboxError(f"control planes do not come back; see {state.log / 'kubernetes'}")
            time.sleep(0.2)


def audit(state: State, cluster: str | None = None, region: str | None = None) -> Audit:
    """The log of who wrote what in a cluster that runs here.

    :param cluster: its name; by default the only one
    """
    clusters = _agent_status(state)["clusters"]
    found = [
        entry["audit_log"]
        for entry in clusters
        if entry["name"] == (cluster or entry["name"]) and entry["region"] == (region or entry["region"])
    ]
    if len(found) != 1:
        places = ", ".join(f"{entry['name']} in {entry['region']}" for entry in clusters) or "none"
        raise SandboxError(f"{len(found)} control planes are meant; those that run: {places}")
    return Audit(Path(found[0]))


def status(state: State) -> dict[str, Any]:
    """What runs: programs with state, pid and MiB; clusters with endpoint."""
    if not state.read() or not supervisor.alive(state):
        return {"running": False, "folder": str(state.folder)}
    found = state.read()
    sizes = {process.pid: process.memory_info().rss >> 20 for process in supervisor.marked(state)}
    programs = [
        {
            "name": program["name"],
            "state": program["statename"],
            "pid": program["pid"],
            "memory_mib": sizes.get(program["pid"], 0),
        }
        for program in supervisor.programs(state)
    ]
    clusters: list[Any] = []
    with contextlib.suppress(SandboxError):
        clusters = _agent_status(state, seconds=2)["clusters"]
    return {
        "running": True,
        "folder": str(state.folder),
        "urls": found["urls"],
        "programs": programs,
        "clusters": clusters,
        "processes": len(sizes),
        "memory_mib": sum(sizes.values()),
    }

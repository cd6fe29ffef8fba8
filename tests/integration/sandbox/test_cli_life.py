"""Start and stop: idempotent, side by side, interrupted and killed at any moment, and never a process left."""

from __future__ import annotations

import json
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import lifecycle, tools
from tests.integration.sandbox.place import Cluster, Place, until


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    found = Place(tmp_path / "sandbox")
    yield found
    found.command("down")
    assert found.processes() == []


def test_up_twice_is_one_sandbox_and_down_twice_none(place: Place) -> None:
    place.command("up")
    before = {process.pid for process in place.processes()}
    _, told = place.command("up")
    assert "runs already" in told
    assert {process.pid for process in place.processes()} == before
    place.command("down")
    assert place.processes() == []
    place.command("down")
    assert not place.state.environment.exists()


def test_two_side_by_side_know_nothing_of_each_other(place: Place, tmp_path: Path) -> None:
    other = Place(tmp_path / "other")
    place.command("up")
    other.command("up")
    try:
        place.client("sqs").create_queue(QueueName="mine")
        assert "QueueUrls" not in other.client("sqs").list_queues()
        assert not set(place.state.read()["ports"].values()) & set(other.state.read()["ports"].values())
    finally:
        other.command("down")
    assert "QueueUrls" in place.client("sqs").list_queues()


def test_settings_are_shown_changed_and_kept_over_a_reset(place: Place) -> None:
    place.command("up", "profile=demo")
    assert json.loads(place.command("settings")[0])["profile"] == "demo"
    changed = json.loads(place.command("settings", "seconds.cluster=7", "date=2027-01-01")[0])
    assert changed["seconds"]["cluster"] == 7
    assert changed["date"] == "2027-01-01"
    _, told = place.command("settings", "nonsense=1", code=1)
    assert "nonsense" in told


def test_writes_are_told_and_reads_only_on_request(place: Place) -> None:
    place.command("up")
    place.client("sqs").create_queue(QueueName="mine")
    place.client("sqs").list_queues()
    writes = [json.loads(line)["operation"] for line in place.command("writes")[0].splitlines()]
    everything = [json.loads(line)["operation"] for line in place.command("writes", "--all")[0].splitlines()]
    assert writes == ["CreateQueue"]
    assert everything == ["CreateQueue", "ListQueues"]


def test_images_go_with_a_reset(place: Place) -> None:
    place.command("up")
    (place.state.registry / "docker").mkdir()
    place.command("reset")
    assert not (place.state.registry / "docker").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("attempt", range(4))
def test_up_interrupted_at_any_moment_leaves_nothing(place: Place, number: signal.Signals, attempt: int) -> None:
    process = place.start("up")
    time.sleep(random.Random(f"{number}{attempt}").uniform(0.1, 1.6))
    process.send_signal(number)
    process.communicate(timeout=60)
    if process.returncode != 0:
        assert place.processes() == []
    place.command("up")
    place.command("status")


@pytest.mark.parametrize("victim", ["supervisord", "sandbox.kubernetes"])
def test_whoever_is_killed_no_control_plane_outlives_its_sandbox(place: Place, victim: str) -> None:
    place.command("up")
    Cluster(place, "demo").wait()
    until(lambda: len(place.of_clusters()) == 5, "five programs run")
    before = place.of_clusters()
    killed = [process for process in place.processes() if any(victim in word for word in process.cmdline())]
    assert len(killed) == 1
    killed[0].kill()
    until(lambda: not before.keys() & place.of_clusters().keys(), "its control plane is gone", 10)
    if victim == "supervisord":
        until(lambda: place.processes() == [], "everything is gone", 10)


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> tuple[Path, Path]:
    """A cache of programs that lacks the registry: where it is to stand, and where it stands."""
    cached = {module.name: module.cache() for module in tools.MODULES}
    built = tools.place("registry")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    for module in tools.MODULES:
        module.cache().parent.mkdir(parents=True, exist_ok=True)
        if module.name != "registry":
            module.cache().symlink_to(cached[module.name])
    tools.place("registry").parent.mkdir()
    return tools.place("registry"), built


def test_a_program_that_cannot_start_is_told_with_its_last_words(place: Place, registry: tuple[Path, Path]) -> None:
    registry[0].write_text("#!/bin/sh\necho no luck today\nexit 3\n")
    registry[0].chmod(0o755)
    _, told = place.command("up", code=1)
    assert "registry ended at its start:\nno luck today" in told
    assert place.processes() == []


def test_a_registry_that_is_still_being_built_starts_when_it_stands(place: Place, registry: tuple[Path, Path]) -> None:
    lifecycle.up(place.state, print)
    try:
        address = f"{lifecycle.urls(place.state)['registry']}/v2/"
        with pytest.raises(lifecycle.SandboxError, match="no answer"):
            lifecycle.call("GET", address)
        registry[0].symlink_to(registry[1])
        lifecycle.wait_ready(place.state, print)
        assert lifecycle.call("GET", address) == {}
    finally:
        lifecycle.down(place.state)


@pytest.mark.parametrize("name", ["etcd", "kwok", *tools.KUBERNETES])
def test_a_program_tells_the_version_by_which_it_would_be_taken_from_path(name: str) -> None:
    module = next(module for module in tools.MODULES if name in module.programs.values())
    assert tools.tells(tools.program(name), name, module.version)
    assert not tools.tells(tools.program(name), name, module.version + "0")


def test_what_differs_from_a_pristine_account_is_told(place: Place) -> None:
    place.command("up")
    assert json.loads(place.command("resources")[0]) == {}
    place.client("sqs").create_queue(QueueName="mine")
    assert "mine" in place.command("resources")[0]

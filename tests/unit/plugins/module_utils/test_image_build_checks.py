"""What a started image is told about, with an engine that answers from a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Impossible
from ansible_collections.slipway.platform.plugins.module_utils._pipeline.image_build.checks import Starter
from ansible_collections.slipway.platform.plugins.module_utils._pipeline.image_build.model import parse

from .test_image_build_model import TODAY, parameters

IMAGE = parse(parameters(writable_directories=["/tmp"], ready_seconds=4, stop_seconds=5), TODAY)
GOOD = "Name:\ttini\nState:\tS (sleeping)\nPid:\t1\nUid:\t10001\t10001\t10001\t10001\nCapEff:\t0\n"


class Podman:
    """An engine. What is not set is what a good image does.

    :param ready: exit status and output of the probe, with a read-only root and without.
    :param writable: directories in which a file can be made.
    :param states: of the container, one for each time that it is asked for.
    """

    def __init__(
        self,
        *,
        start: tuple[int, bytes] = (0, b""),
        ready: Sequence[tuple[int, bytes]] = ((0, b""),),
        writable: Sequence[str] = ("/tmp",),
        states: Sequence[str] = ("running 0", "exited 0"),
    ) -> None:
        self.start, self.writable, self.logs = start, writable, b"one\ntwo\n"
        self.ready, self.states = list(ready), list(states)
        self.commands: list[list[str]] = []

    def __call__(self, command: Sequence[str], environment: Mapping[str, str]) -> tuple[int, bytes, bytes]:
        self.commands.append(list(command))
        verb = command[1]
        if verb == "run":
            return self.start[0], b"", self.start[1]
        if verb == "logs":
            return 0, self.logs, b""
        if verb == "inspect":
            return 0, (self.states.pop(0) if len(self.states) > 1 else self.states[0]).encode(), b""
        if verb == "exec":
            return self.inside(command[5], command[7:])
        return 0, b"", b""

    def inside(self, script: str, arguments: Sequence[str]) -> tuple[int, bytes, bytes]:
        if "/dev/tcp" in script:
            status, output = self.ready.pop(0) if len(self.ready) > 1 else self.ready[0]
            return status, output, b"cannot exec"
        if "mktemp" in script:
            return 0, "".join(f"{path}\n" for path in arguments if path in self.writable).encode(), b""
        return 0, GOOD.encode(), b""


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)


def failures(podman: Podman, engine: str = "buildah") -> list[str]:
    return Starter(replace(IMAGE, engine=engine), podman, ["podman"], {}).failures("image", ["/tmp", "/var/tmp"])


def test_a_good_image() -> None:
    podman = Podman()
    assert failures(podman) == []
    (run,) = (command for command in podman.commands if command[1] == "run")
    strict = ["--read-only", "--read-only-tmpfs=false", "--cap-drop=all", "--network=none"]
    assert set(strict) <= set(run)
    assert "--security-opt=no-new-privileges" in run
    assert podman.commands[-1][:3] == ["podman", "rm", "--force"]
    name = next(word for word in run if word.startswith("--name=")).removeprefix("--name=")
    assert podman.commands[-1][3] == name


def test_docker_knows_no_tmpfs_option() -> None:
    podman = Podman()
    assert failures(podman, "docker") == []
    (run,) = (command for command in podman.commands if command[1] == "run")
    assert "--read-only" in run
    assert "--read-only-tmpfs=false" not in run


@pytest.mark.parametrize(
    ("podman", "sentence"),
    [
        (
            Podman(writable=["/tmp", "/var/tmp"]),
            "/var/tmp is writable while the image runs, but it is none of writable_directories.",
        ),
        (
            Podman(writable=[]),
            "/tmp is one of writable_directories, but the image's user cannot write to it.",
        ),
        (
            Podman(states=["exited 1"]),
            "The application ended with status 1 while it was checked: two.",
        ),
        (
            Podman(states=["running 0", "exited 137"]),
            "The application did not end within 5 seconds of SIGTERM.",
        ),
        (
            Podman(ready=[(1, b"503\n")]),
            "The application was not ready within 4 seconds: GET /readyz on port 8080 answered 503.",
        ),
        (
            Podman(ready=[(1, b"\n"), (0, b"")]),
            (
                "The application only works while its root file system is writable; name the directories it writes to "
                "in writable_directories."
            ),
        ),
        (
            Podman(ready=[(137, b"")], states=["exited 9"]),
            "The application ended with status 9 before it was ready: two.",
        ),
    ],
)
def test_one_sentence(podman: Podman, sentence: str) -> None:
    assert failures(podman) == [sentence]
    started = [command for command in podman.commands if command[1] == "run"]
    removed = [command for command in podman.commands if command[1] == "rm"]
    assert len(started) == len(removed)


def test_an_engine_that_does_not_start_it() -> None:
    podman = Podman(start=(126, b"Error: runc: permission denied\n"))
    with pytest.raises(Impossible, match=r"^The image cannot be started: Error: runc: permission denied\.$"):
        failures(podman)
    assert podman.commands[-1][1] == "rm"


def test_an_image_that_cannot_be_looked_into() -> None:
    with pytest.raises(Impossible, match=r"^The started image cannot be looked into: cannot exec\.$"):
        failures(Podman(ready=[(126, b"")]))

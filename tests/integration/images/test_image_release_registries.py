"""Registries that ask for a password, refuse, are down, or die in the middle of a release."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Impossible, Outcome

from . import layouts
from .registries import ECR_HTPASSWD, HTPASSWD, PASSWORD, USER, RegistryServer, execute, free_port
from .release import Release, registry
from .test_image_release import ARTIFACTS, KINDS


@pytest.fixture
def closed(tmp_path: Path) -> Iterator[RegistryServer]:
    """A registry that asks for user and password."""
    server = RegistryServer(tmp_path / "closed", HTPASSWD).start()
    yield server
    server.stop()


def refused(release: Release, **changed: Any) -> str:
    """The sentence of a run that fails."""
    with pytest.raises(Impossible) as impossible:
        release.run(**changed)
    return str(impossible.value)


def kinds(outcome: Outcome) -> list[str]:
    return [change["kind"] for change in outcome.plan.as_list()]


def test_with_user_and_password(release: Release, closed: RegistryServer) -> None:
    seen: list[str] = []

    def watching(command: Sequence[str], environment: Mapping[str, str]) -> tuple[int, bytes, bytes]:
        seen.append(" ".join(command))
        return execute(command, environment)

    given = [registry(closed, username=USER, password=PASSWORD)]
    done = release.run(registries=given, execute=watching)
    assert closed.tags("team/app")[0] == "1.2.3"
    assert kinds(release.run(registries=given)) == []
    for text in (
        *seen,
        json.dumps(done.answer),
        json.dumps(done.plan.as_list()),
        release.body("release.json").decode(),
    ):
        assert PASSWORD not in text
        assert base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode() not in text
        assert release.options["signing_key_password"] not in text


def test_with_a_file_of_credentials(release: Release, closed: RegistryServer, tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    token = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    file.write_text(json.dumps({"auths": {closed.address: {"auth": token}}}))
    release.run(registries=[registry(closed, authentication_file=str(file))])
    assert closed.tags("team/app")[0] == "1.2.3"


def test_ecr_is_given_the_callers_token(release: Release, tmp_path: Path) -> None:
    server = RegistryServer(tmp_path / "ecr", ECR_HTPASSWD).start()
    try:
        host = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
        given = registry(server, kind="ecr", host=host, repository="demo/app", endpoint=server.address)
        done = release.run(registries=[given])
        assert done.answer["references"] == [f"{host}/demo/app@{done.answer['digest']}"]
        assert server.tags("demo/app")[0] == "1.2.3"
    finally:
        server.stop()


@pytest.mark.parametrize(
    ("user", "who"),
    [({}, "this caller"), ({"username": USER, "password": "wrong"}, f"user '{USER}'")],
)
def test_unauthorized(
    release: Release, first: RegistryServer, closed: RegistryServer, user: dict[str, str], who: str
) -> None:
    assert refused(release, registries=[registry(first), registry(closed, **user)]) == (
        f"The registry '{closed.address}' does not allow {who} to look at {closed.address}/team/app: unauthorized: "
        "authentication required; set username and password, or authentication_file, of an account that may."
    )
    assert (first.writes(), release.objects()) == ([], sorted(ARTIFACTS))


def test_a_registry_that_is_down_is_seen_before_the_first_push(release: Release, first: RegistryServer) -> None:
    address = f"127.0.0.1:{free_port()}"
    down = {**registry(first), "host": address}
    for check_mode in (True, False):
        sentence = refused(release, registries=[registry(first), down], check_mode=check_mode)
        assert sentence == f"The registry '{address}' cannot be reached: connection refused."
    assert (first.writes(), release.objects()) == ([], sorted(ARTIFACTS))


def test_a_registry_that_may_be_read_but_not_pushed_to(release: Release, first: RegistryServer, tmp_path: Path) -> None:
    """A registry in its read-only mode answers everything but uploads."""
    server = RegistryServer(tmp_path / "read-only", read_only=True).start()
    try:
        sentence = refused(release, registries=[registry(first), registry(server)])
        assert sentence.startswith(f"The registry '{server.address}' failed to push to {server.address}/team/app: 405")
    finally:
        server.stop()
    assert first.tags("team/app") == []
    assert release.objects() == sorted(ARTIFACTS)


def test_a_tag_of_somebody_else(
    release: Release, first: RegistryServer, second: RegistryServer, tmp_path: Path
) -> None:
    other = layouts.layout(tmp_path / "other", content=b"other")
    source, target = f"oci:{other['layout']}", f"docker://{second.address}/team/app:1.2.3"
    assert execute(["skopeo", "copy", "--dest-tls-verify=false", source, target], {})[0] == 0
    before = len(second.writes())
    sentence = refused(release, registries=[registry(first), registry(second)])
    assert sentence == (
        f"{second.address}/team/app:1.2.3 exists with the digest {other['digest']}, but "
        f"{release.images[0]['digest']} is to be released; a tag is never moved, so give it a new version."
    )
    assert (first.writes(), len(second.writes()), release.objects()) == ([], before, sorted(ARTIFACTS))


def test_a_tag_with_the_same_digest_is_what_is_wanted(release: Release, first: RegistryServer) -> None:
    source, target = f"oci:{release.images[0]['layout']}", f"docker://{first.address}/team/app:1.2.3"
    how = ["--dest-tls-verify=false", "--preserve-digests"]
    assert execute(["skopeo", "copy", *how, source, target], {})[0] == 0
    assert kinds(release.run()) == KINDS[1:]


class Breaks:
    """Runs commands until one that fits comes: that one and all later ones meet what `breaking` does.

    :param after: how many fitting commands still go well.
    """

    def __init__(self, words: tuple[str, ...], breaking: Callable[[], None], after: int = 0) -> None:
        self._words = words
        self._breaking = breaking
        self._left = after

    def __call__(self, command: Sequence[str], environment: Mapping[str, str]) -> tuple[int, bytes, bytes]:
        if all(any(word in part for part in command) for word in self._words):
            if self._left == 0:
                self._breaking()
            self._left -= 1
        return execute(command, environment)


@pytest.mark.parametrize("word", ["copy", "attest", "sign"])
def test_a_registry_that_dies_in_the_middle(
    release: Release, first: RegistryServer, second: RegistryServer, word: str
) -> None:
    """No manifest is written; the next run makes what is missing and no more, as one planned it."""
    given = {"registries": [registry(first), registry(second)]}
    complete = kinds(release.run(check_mode=True, **given))
    dying = Breaks((word, second.address), second.stop)
    sentence = refused(release, **given, execute=dying)
    assert sentence == f"The registry '{second.address}' cannot be reached: connection refused."
    assert "release.json" not in release.objects()
    pushed = len(first.tags("team/app"))
    second.start()
    planned = release.run(check_mode=True, **given)
    done = release.run(**given)
    assert done.plan == planned.plan
    assert 0 < len(kinds(done)) < len(complete)
    assert ("image" in kinds(done)) == (word == "copy")
    assert len(first.tags("team/app")) >= pushed
    assert kinds(release.run(**given)) == []
    for server in (first, second):
        assert len(server.referrers("team/app", release.images[0]["digest"])) == 4, "nothing is signed twice"


class Interrupted(BaseException):
    """As a Control-C comes."""


@pytest.mark.parametrize("commands", [2, 5, 8, 10])
def test_runs_that_are_interrupted_twice_converge(release: Release, first: RegistryServer, commands: int) -> None:
    """Interrupted before and after a command that writes, twice; then a run that is left alone."""

    def interrupt() -> None:
        raise Interrupted

    count = 0

    def until(command: Sequence[str], environment: Mapping[str, str]) -> tuple[int, bytes, bytes]:
        nonlocal count
        count += 1
        if count > commands:
            interrupt()
        return execute(command, environment)

    for _ in range(2):
        count = 0
        with pytest.raises(Interrupted):
            release.run(execute=until)
        assert "release.json" not in release.objects()
    release.run()
    assert kinds(release.run()) == []
    assert os.listdir(release.folder / "temporary") == []


def test_what_comes_back_from_a_registry_is_compared(release: Release, first: RegistryServer) -> None:
    """A registry that gives back another layer than the one that was pushed."""

    def poisoned(command: Sequence[str], environment: Mapping[str, str]) -> tuple[int, bytes, bytes]:
        answer = execute(command, environment)
        if "copy" in command and command[-1].startswith("oci:"):
            blobs = Path(command[-1].removeprefix("oci:")) / "blobs" / "sha256"
            layer = max(blobs.iterdir(), key=lambda path: path.stat().st_size)
            layer.write_bytes(layer.read_bytes()[:-1] + b"x")
        return answer

    sentence = refused(release, execute=poisoned)
    assert sentence.startswith(f"What {first.address}/team/app gives back as sha256:")
    assert sentence.endswith(" is not what was scanned.")
    assert "release.json" not in release.objects()


def test_what_is_signed_is_verified_before_the_manifest_is_written(release: Release, first: RegistryServer) -> None:
    """A signature that the registry loses."""

    def forgetful(command: Sequence[str], environment: Mapping[str, str]) -> tuple[int, bytes, bytes]:
        return (0, b"", b"") if "sign" in command else execute(command, environment)

    image = release.images[0]["digest"]
    assert refused(release, execute=forgetful) == (
        f"Everything was made, but signature '{first.address}/team/app@{image}' still does not stand."
    )
    assert "release.json" not in release.objects()
    assert kinds(release.run()) == ["signature", "release_manifest"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of half a megabyte."""
    place = tmp_path / "small"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(place)], check=True)
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_is_seen_before_the_first_push(release: Release, first: RegistryServer, small_disk: Path) -> None:
    sentence = refused(release, parent=str(small_disk))
    assert re.sub(r"\d+ bytes left", "little left", sentence) == (
        f"The place for temporary files '{small_disk}' has little left, but {release.images[0]['size'] + 1_000_000} "
        "are needed to copy back what is pushed."
    )
    assert (first.tags("team/app"), release.objects()) == ([], sorted(ARTIFACTS))
    assert list(small_disk.iterdir()) == []
    (small_disk / "filler").write_bytes(b"x" * shutil.disk_usage(small_disk).free)
    assert refused(release, parent=str(small_disk)).endswith("No space left on device.")
    assert first.tags("team/app") == []

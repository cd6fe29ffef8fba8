"""Attacks on the emulator, by other users of the machine and by web pages, with bare HTTP."""

from __future__ import annotations

import http.client
import json
import os
import pickle
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox import guard, state
from sandbox.aws.front.harness import Harness
from sandbox.aws.front.state import state as memory
from sandbox.kubernetes import server
from sandbox.kubernetes.agent import Agent, Emulator
from sandbox.state import State, private, write


def ask(port: int, path: str, method: str = "GET", body: Any = None, **headers: str) -> tuple[int, dict[str, Any]]:
    """Status and body of a request with exactly these headers, and the usual Host unless one is given."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    text = None if body is None else json.dumps(body)
    try:
        connection.request(method, path, text, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        content = answer.read()
    finally:
        connection.close()
    return answer.status, json.loads(content) if content[:1] == b"{" else {}


@pytest.fixture
def place(tmp_path: Path) -> State:
    return State(tmp_path / "state")


@pytest.fixture
def agent(place: State) -> Iterator[int]:
    """Port of an agent without clusters."""
    known = Agent(Emulator("http://127.0.0.1:1", place.secret()), place, "http://127.0.0.1:1")
    found = server.serve(0, known.admits, known.routes)
    yield found.server_address[1]
    found.shutdown()
    found.server_close()


CONTROL = [
    ("GET", "ready"),
    ("GET", "writes?since=0"),
    ("DELETE", "writes"),
    ("GET", "settings"),
    ("PUT", "settings"),
    ("POST", "reset"),
    ("POST", "snapshot"),
    ("POST", "restore"),
    ("GET", "kubernetes"),
    ("PUT", "kubernetes/clusters"),
]


@pytest.mark.parametrize(("method", "path"), CONTROL)
def test_no_control_call_without_the_secret(aws: Harness, method: str, path: str) -> None:
    port = aws.server.port
    for headers in ({}, {"Authorization": "Bearer"}, {"Authorization": "Bearer wrong"}, {"Authorization": "Bearer é"}):
        status, told = ask(port, f"/_sandbox/{path}", method, {}, **headers)
        assert (status, told) == (403, {"error": "a control call needs the secret of the sandbox's folder"})


def test_every_control_call_is_tried_above() -> None:
    from sandbox.aws.front import inner
    from sandbox.aws.services.eks import control_planes

    paths = {(method, path.partition("?")[0]) for method, path in CONTROL}
    known = {(method, path.removeprefix("/_sandbox/")) for method, path in [*inner.PATHS, *control_planes.PATHS]}
    assert paths == known


def test_an_emulator_without_a_folder_takes_no_control_calls(aws: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "secret", None)
    for given in ("", "Bearer ", "Bearer None"):
        assert ask(aws.server.port, "/_sandbox/settings", Authorization=given)[0] == 403


@pytest.mark.parametrize("path", ["/_sandbox/settings", "/"])
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Host": "evil.example:20001"},
        {"Host": "evil.example"},
        {"Host": "127.0.0.1.evil.example"},
        {"Host": ""},
    ],
    ids=lambda headers: "-".join(next(iter(headers.items()))),
)
def test_no_web_page_reaches_emulator_or_agent(
    aws: Harness, agent: int, place: State, headers: dict[str, str], path: str
) -> None:
    known = guard.bearer(memory.secret or "")
    assert ask(aws.server.port, "/_sandbox/settings", **known)[0] == 200
    assert ask(aws.server.port, path, **known, **headers)[0] == 403
    assert ask(agent, "/status", **guard.bearer(place.secret())) == (200, {"rounds": 0, "clusters": []})
    assert ask(agent, "/status", **guard.bearer(place.secret()), **headers)[0] == 403


def test_a_page_cannot_use_a_presigned_url(aws: Harness) -> None:
    """The account's keys are known to all, so a page could sign; an image's address takes no header to be called."""
    url = aws.client("s3").generate_presigned_url("list_buckets")
    path = "/" + url.split("/", 3)[3]
    assert ask(aws.server.port, path)[0] == 200
    assert ask(aws.server.port, path, Sec_Fetch_Site="cross-site")[0] == 403


def test_a_bucket_may_stand_in_front_of_localhost(aws: Harness) -> None:
    aws.client("s3").create_bucket(Bucket="demo-bucket")
    for host in ("localhost", "localhost:80", "demo-bucket.localhost", "demo-bucket.localhost:80"):
        assert ask(aws.server.port, "/demo-bucket", Host=host) == (403, {})  # of S3, for lack of a signature


@pytest.mark.parametrize(
    "path", ["/ready", "/status", "/snapshot", "/restore", "/token/arn", "/token//arn", "/token/0/arn"]
)
def test_the_agent_answers_nobody_without_the_secret(agent: int, path: str) -> None:
    assert ask(agent, path, "POST", {"name": "a", "folder": "/"})[0] == 403
    assert ask(agent, path, "POST", {"name": "a"}, **guard.bearer("wrong"))[0] == 403


def test_a_clusters_ticket_opens_nothing_but_its_own_questions(agent: int, place: State) -> None:
    ticket = guard.ticket(place.secret(), "arn")
    review = {"spec": {"token": "k8s-aws-v1.a"}}
    # It gets as far as the emulator, which does not run here.
    assert ask(agent, f"/token/{ticket}/arn?timeout=30s", "POST", review)[0] == 500
    assert ask(agent, f"/token/{ticket}/another", "POST", review)[0] == 403
    assert ask(agent, "/status", **guard.bearer(ticket))[0] == 403


class Evil:
    def __init__(self, proof: Path) -> None:
        self.proof = proof

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.proof),)


PATHS = ["../evil", "/tmp/evil", ".", "..", "", "a/b", "a\n", "a" * 65]


@pytest.mark.parametrize("name", PATHS)
def test_a_path_is_no_name_of_a_snapshot(aws: Harness, tmp_path: Path, name: str) -> None:
    for call in ("snapshot", "restore"):
        with pytest.raises(ValueError, match="is no name for a snapshot"):
            aws.inner("POST", call, {"name": name})
    with pytest.raises(ValueError, match="is no name for a snapshot"):
        State(tmp_path).snapshot(name)


def test_no_pickle_is_loaded_from_a_path(aws: Harness, tmp_path: Path) -> None:
    file, proof = tmp_path / "aws", tmp_path / "proof"
    file.write_bytes(pickle.dumps(Evil(proof)))
    for body in ({"file": str(file)}, {"name": str(tmp_path)}, {"name": ["a"]}):
        with pytest.raises(ValueError, match="Error"):
            aws.inner("POST", "restore", body)
    assert not proof.exists()


def test_state_is_closed_to_others(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    folder.mkdir(mode=0o777)
    folder.chmod(0o777)
    found = State(folder)
    secret = found.secret()
    assert len(secret) >= 32
    assert found.secret() == secret
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()] == [0o600]
    found.forget()
    assert found.secret() != secret


def test_a_file_is_never_open_to_others_while_it_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = os.umask(0)
    modes: list[int] = []
    monkeypatch.setattr(Path, "replace", lambda self, target: modes.append(stat.S_IMODE(self.stat().st_mode)))
    monkeypatch.setattr(Path, "chmod", lambda *_: pytest.fail("it was open until then"))
    try:
        write(tmp_path / "file", "text")
    finally:
        os.umask(before)
    assert modes == [0o600]


def test_somebody_elses_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state.os, "getuid", lambda: 4711)
    with pytest.raises(PermissionError, match="belongs to user"):
        private(tmp_path)
    with pytest.raises(PermissionError, match="belongs to user"):
        State(tmp_path).secret()

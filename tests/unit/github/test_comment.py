"""One comment for each topic under a pull request."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.unit.github.actions import program

comment = program("comment")
MARK = "<!-- slipway.platform: plan -->"


class GitHub(ThreadingHTTPServer):
    """Issue comments of one pull request, number 7 of demo/app."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.comments: list[dict[str, Any]] = []
        self.calls: list[str] = []
        self.refuses = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def say(self, body: str, kind: str = "Bot") -> None:
        self.comments.append({"id": len(self.comments) + 1, "body": body, "user": {"type": kind}})


class Handler(BaseHTTPRequestHandler):
    server: GitHub

    def answer(self) -> None:
        length = int(self.headers["Content-Length"] or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        url = urlsplit(self.path)
        self.server.calls.append(self.command)
        if self.server.refuses:
            return self.send(self.server.refuses, {"message": "no"})
        assert self.headers["Authorization"] == "Bearer token"
        if self.command == "GET" and url.path == "/repos/demo/app/issues/7/comments":
            start = 100 * (int(parse_qs(url.query)["page"][0]) - 1)
            return self.send(200, self.server.comments[start : start + 100])
        if self.command == "POST" and url.path == "/repos/demo/app/issues/7/comments":
            self.server.say(body["body"])
            return self.send(201, self.server.comments[-1])
        assert (self.command, url.path.rpartition("/")[0]) == ("PATCH", "/repos/demo/app/issues/comments")
        found = self.server.comments[int(url.path.rpartition("/")[2]) - 1]
        found["body"] = body["body"]
        return self.send(200, found)

    def do_GET(self) -> None:
        self.answer()

    def do_POST(self) -> None:
        self.answer()

    def do_PATCH(self) -> None:
        self.answer()

    def send(self, code: int, data: Any) -> None:
        text = json.dumps(data).encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Nothing: the calls are recorded."""


@pytest.fixture
def github(monkeypatch: pytest.MonkeyPatch) -> Iterator[GitHub]:
    server = GitHub()
    for name, value in {"API_URL": server.url, "REPOSITORY": "demo/app"}.items():
        monkeypatch.setenv(f"GITHUB_{name}", value)
    monkeypatch.setenv("TOKEN", "token")
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def put(github: GitHub, report: str, topic: str = "plan") -> str:
    done: str = comment.put(7, report, topic)
    return done


def test_a_comment_is_written_once_and_then_anew(github: GitHub) -> None:
    assert [put(github, "one"), put(github, "one"), put(github, "two")] == ["written", "unchanged", "written anew"]
    assert [found["body"] for found in github.comments] == [f"{MARK}\ntwo"]


def test_each_topic_has_a_comment_of_its_own(github: GitHub) -> None:
    put(github, "one")
    put(github, "two", "scan of app")
    assert len(github.comments) == 2


def test_comments_of_people_are_let_alone(github: GitHub) -> None:
    github.say(f"{MARK}\nmade up", kind="User")
    github.say(f"quoting {MARK}")
    assert put(github, "one") == "written"
    assert [found["body"] for found in github.comments[:2]] == [f"{MARK}\nmade up", f"quoting {MARK}"]


def test_the_comment_is_found_behind_many_others(github: GitHub) -> None:
    for number in range(205):
        github.say(f"comment {number}", kind="User")
    put(github, "one")
    assert put(github, "two") == "written anew"
    assert len(github.comments) == 206


def test_a_report_that_is_too_long_ends_at_a_line(github: GitHub) -> None:
    put(github, "\n".join(f"| {number:06} |" for number in range(10_000)))
    (found,) = github.comments
    assert len(found["body"]) <= 65_536
    assert found["body"].endswith(" |\n\nThe rest stands in the summary of the job.\n")


@pytest.mark.parametrize(("code", "expected"), [(403, 0), (401, 0), (500, None)])
def test_a_token_that_may_only_read_is_no_error(
    github: GitHub, monkeypatch: pytest.MonkeyPatch, code: int, expected: int | None
) -> None:
    github.refuses = code
    for name, value in {"NUMBER": "7", "REPORT": "one", "TOPIC": "plan"}.items():
        monkeypatch.setenv(name, value)
    if expected is None:
        with pytest.raises(comment.urllib.error.HTTPError):
            comment.main()
    else:
        assert comment.main() == expected
    assert github.comments == []

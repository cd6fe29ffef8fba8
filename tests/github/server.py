"""A fake GitHub: stores what it is given, answers in GitHub's shapes, refuses what GitHub refuses, counts calls."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from . import conversations, environments, rulesets, settings
from .contract import request_errors, response_errors
from .registry import OPERATIONS, Refused
from .state import State, Token

PARTS = (conversations, environments, rulesets, settings)
"""Modules that register their operations when they are imported."""


@dataclass(frozen=True)
class Call:
    method: str
    path: str
    status: int
    body: Any = None

    @property
    def write(self) -> bool:
        return self.method != "GET"

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass
class Github:
    """The fake as its witness.

    :param violations: what requests and answers had that GitHub's description does not allow.
    :param last_writes: of the last turn of a life.
    :param trouble: (method, path) -> a refusal in place of an answer, or None; for tests of limits and outages.
    """

    state: State = field(default_factory=State)
    url: str = ""
    calls: list[Call] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    trouble: Callable[[str, str], Response | None] | None = None
    versions: set[str] = field(default_factory=set)
    last_writes: list[str] = field(default_factory=list)

    @property
    def writes(self) -> list[str]:
        return [str(call) for call in self.calls if call.write]

    def forget(self) -> None:
        self.calls.clear()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        request = Request(environ)
        path = environ["RAW_URI"].partition("?")[0]
        body = json.loads(request.data) if request.data else None
        response = self._answer(request, path, body)
        self.calls.append(Call(request.method, path, response.status_code, body))
        return response(environ, start_response)

    def _answer(self, request: Request, path: str, body: Any) -> Response:
        self.versions.add(request.headers.get("X-GitHub-Api-Version", ""))
        trouble = None if self.trouble is None else self.trouble(request.method, path)
        if trouble is not None:
            return trouble
        wrong = request_errors(request.method, path, request.args, body)
        if wrong:
            self.violations += wrong
            return _json(400, {"message": "; ".join(wrong)})
        try:
            status, answer = self._operate(request, path, body)
        except Refused as refusal:
            return _json(refusal.status, refusal.body, refusal.headers)
        self.violations += response_errors(request.method, path, status, answer)
        return _json(status, *_page(request, f"{self.url}{path}", answer))

    def _operate(self, request: Request, path: str, body: Any) -> tuple[int, Any]:
        token = self.state.tokens.get(request.headers.get("Authorization", "").removeprefix("Bearer "))
        if token is None:
            raise Refused(401, "Bad credentials")
        for method, pattern, operation in OPERATIONS:
            match = pattern.fullmatch(path)
            if match is not None and method == request.method:
                parts = [unquote(part) for part in match.groups()]
                self._authorize(request.method, path, token)
                return operation(self.state, body, *parts)
        raise Refused(404, "Not Found")

    def _authorize(self, method: str, path: str, token: Token) -> None:
        """A token without the right to administer sees 403 where it may read, and nothing of a hidden repository."""
        parts = path.split("/")
        if parts[1] != "repos":
            return
        name = "/".join(parts[2:4])
        if name.lower() not in self.state.repositories or name.lower() in token.hidden:
            raise Refused(404, "Not Found")
        administers = "/actions/permissions" in path or "/actions/oidc" in path
        if not token.administers and (method != "GET" or administers):
            wanted = {"X-Accepted-GitHub-Permissions": "administration=write"}
            raise Refused(403, "Resource not accessible by personal access token", headers=wanted)


def _page(request: Request, url: str, answer: Any) -> tuple[Any, dict[str, str]]:
    """One page of a list, whether it stands alone or beside `total_count`, and the link to the next one."""
    listed = isinstance(answer, list)
    key = None if listed or not isinstance(answer, dict) or "total_count" not in answer else [*answer][-1]
    if not listed and key is None:
        return answer, {}
    entries = answer if listed else answer[key]
    size, number = int(request.args.get("per_page", 30)), int(request.args.get("page", 1))
    page = entries[size * (number - 1) : size * number]
    headers = {}
    if len(entries) > size * number:
        rest = "&".join(f"{name}={value}" for name, value in request.args.items() if name != "page")
        headers["Link"] = f'<{url}?{rest}&page={number + 1}>; rel="next", <{url}?{rest}&page=99>; rel="last"'
    return (page if listed else {**answer, key: page}), headers


def _json(status: int, body: Any, headers: dict[str, str] | None = None) -> Response:
    text = "" if body is None else json.dumps(body)
    return Response(text, status=status, mimetype="application/json", headers=headers or {})


class _Silent(WSGIRequestHandler):
    """The calls are in `Github.calls`."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        return


@contextmanager
def serving(github: Github) -> Iterator[Github]:
    """The fake on a free port of the loopback interface."""
    server = make_server("127.0.0.1", 0, github, threaded=True, request_handler=_Silent)
    github.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield github
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

"""Operations of the fake GitHub by method and path, and how it refuses."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from .state import Repository, State

Operation = Callable[..., tuple[int, Any]]
OPERATIONS: list[tuple[str, re.Pattern[str], Operation]] = []


class Refused(Exception):
    """A refusal in GitHub's form."""

    def __init__(self, status: int, message: str, *errors: Any, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers or {}
        self.body: dict[str, Any] = {"message": message, "documentation_url": "https://docs.github.com/rest"}
        if errors:
            self.body["errors"] = list(errors)


def operation(method: str, path: str) -> Callable[[Operation], Operation]:
    """Registers a function for a method and a path of GitHub's description."""

    def register(function: Operation) -> Operation:
        OPERATIONS.append((method, re.compile(re.sub(r"\{\w+\}", "([^/]+)", path)), function))
        return function

    return register


REPOSITORY = "/repos/{owner}/{repo}"


def at(state: State, owner: str, name: str) -> Repository:
    return state.repositories[f"{owner}/{name}".lower()]


def invalid(*errors: Any) -> Refused:
    return Refused(422, "Validation Failed", *errors)

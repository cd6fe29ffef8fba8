"""Comments of pull requests and releases of the fake GitHub."""

from __future__ import annotations

from typing import Any

from .registry import REPOSITORY, Refused, at, invalid, operation
from .shapes import shaped
from .state import State

COMMENTS = f"{REPOSITORY}/issues/{{issue_number}}/comments"
COMMENT = f"{REPOSITORY}/issues/comments/{{comment_id}}"
RELEASES = f"{REPOSITORY}/releases"
LONGEST = 65_536


def comment(number: int, identifier: int, body: str, kind: str = "Bot") -> dict[str, Any]:
    """A comment under the pull request of that number, by a bot or a user."""
    user = shaped("simple-user", login="github-actions[bot]" if kind == "Bot" else "octocat", type=kind)
    url = f"https://api.github.com/repos/octo-org/shop/issues/{number}"
    return shaped("issue-comment", id=identifier, body=body, user=user, issue_url=url)


@operation("GET", COMMENTS)
def list_comments(state: State, body: Any, owner: str, repository: str, number: str) -> tuple[int, Any]:
    found = at(state, owner, repository).comments
    return 200, [entry for entry in found if entry["issue_url"].endswith(f"/issues/{number}")]


@operation("POST", COMMENTS)
def create_comment(state: State, body: Any, owner: str, repository: str, number: str) -> tuple[int, Any]:
    _bounded(body["body"])
    found = at(state, owner, repository).comments
    found.append(comment(int(number), next(state.numbers), body["body"]))
    return 201, found[-1]


@operation("PATCH", COMMENT)
def update_comment(state: State, body: Any, owner: str, repository: str, identifier: str) -> tuple[int, Any]:
    _bounded(body["body"])
    for entry in at(state, owner, repository).comments:
        if entry["id"] == int(identifier):
            entry["body"] = body["body"]
            return 200, entry
    raise Refused(404, "Not Found")


def _bounded(text: str) -> None:
    if not 1 <= len(text) <= LONGEST:
        raise invalid({"resource": "IssueComment", "field": "data", "code": "unprocessable"})


@operation("GET", f"{RELEASES}/tags/{{tag}}")
def get_release(state: State, body: Any, owner: str, repository: str, tag: str) -> tuple[int, Any]:
    for entry in at(state, owner, repository).releases:
        if entry["tag_name"] == tag:
            return 200, entry
    raise Refused(404, "Not Found")


@operation("POST", RELEASES)
def create_release(state: State, body: Any, owner: str, repository: str) -> tuple[int, Any]:
    found = at(state, owner, repository).releases
    if any(entry["tag_name"] == body["tag_name"] for entry in found):
        raise invalid({"resource": "Release", "code": "already_exists", "field": "tag_name"})
    found.append(shaped("release", id=next(state.numbers), **body))
    return 201, found[-1]

#!/usr/bin/env python3
"""Puts $REPORT under a pull request as one comment, which later runs write anew.

The comment is found by a mark that readers do not see. A token that may only read, such as GitHub hands to Dependabot,
is no error: the report stands in the summary of the job as well.
"""

from __future__ import annotations

import json
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

LONGEST = 65_536
"""Characters of a comment (GitHub's own limit)."""


class Api:
    """GitHub's REST API, for one repository."""

    def __init__(self, url: str, repository: str, token: str) -> None:
        self._url = f"{url.rstrip('/')}/repos/{repository}/issues"
        self._token = token

    def call(self, method: str, path: str, data: dict[str, Any] | None = None) -> Any:
        request = urllib.request.Request(  # noqa: S310 - the runner's own API
            f"{self._url}/{path}",
            method=method,
            data=None if data is None else json.dumps(data).encode(),
            headers={
                "Accept": "application/vnd.github+json",
                "Authorization": f"Bearer {self._token}",
                "Content-Type": "application/json",
                "User-Agent": "slipway.platform",
                "X-GitHub-Api-Version": "2022-11-28",
            },
        )
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return json.load(answer)

    def comments(self, number: int) -> Iterator[dict[str, Any]]:
        page = 1
        while found := self.call("GET", f"{number}/comments?per_page=100&page={page}"):
            yield from found
            page += 1


def text(report: str, mark: str) -> str:
    whole = f"{mark}\n{report}"
    if len(whole) <= LONGEST:
        return whole
    end = "\n\nThe rest stands in the summary of the job.\n"
    return whole[: LONGEST - len(end)].rsplit("\n", 1)[0] + end


def put(api: Api, number: int, report: str, topic: str) -> str:
    """What was done, in words."""
    mark = f"<!-- slipway.platform: {topic} -->"
    wanted = text(report, mark)
    for comment in api.comments(number):
        if comment["user"]["type"] == "Bot" and comment["body"].startswith(mark):
            if comment["body"] == wanted:
                return "unchanged"
            api.call("PATCH", f"comments/{comment['id']}", {"body": wanted})
            return "written anew"
    api.call("POST", f"{number}/comments", {"body": wanted})
    return "written"


def main() -> int:
    environment = os.environ
    api = Api(environment["GITHUB_API_URL"], environment["GITHUB_REPOSITORY"], environment["TOKEN"])
    try:
        done = put(api, int(environment["NUMBER"]), environment["REPORT"], environment["TOPIC"])
    except urllib.error.HTTPError as error:
        if error.code not in (401, 403):
            raise
        print(f"::notice title=Comment::The token may not comment ({error.code}); see the summary of the job.")
        return 0
    print(f"Comment: {done}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Puts $REPORT under a pull request as one comment, which later runs write anew.

The comment is found by a mark that readers do not see. A token that may only read, such as GitHub hands to Dependabot,
is no error: the report stands in the summary of the job as well.
"""

from __future__ import annotations

import os
import sys
import urllib.error
from collections.abc import Iterator
from typing import Any

import rest

LONGEST = 65_536
"""Characters of a comment (GitHub's own limit)."""


def comments(number: int) -> Iterator[dict[str, Any]]:
    page = 1
    while found := rest.call("GET", f"issues/{number}/comments?per_page=100&page={page}"):
        yield from found
        page += 1


def text(report: str, mark: str) -> str:
    whole = f"{mark}\n{report}"
    if len(whole) <= LONGEST:
        return whole
    end = "\n\nThe rest stands in the summary of the job.\n"
    return whole[: LONGEST - len(end)].rsplit("\n", 1)[0] + end


def put(number: int, report: str, topic: str) -> str:
    """What was done, in words."""
    mark = f"<!-- slipway.platform: {topic} -->"
    wanted = text(report, mark)
    for comment in comments(number):
        if comment["user"]["type"] == "Bot" and comment["body"].startswith(mark):
            if comment["body"] == wanted:
                return "unchanged"
            rest.call("PATCH", f"issues/comments/{comment['id']}", {"body": wanted})
            return "written anew"
    rest.call("POST", f"issues/{number}/comments", {"body": wanted})
    return "written"


def main() -> int:
    try:
        done = put(int(os.environ["NUMBER"]), os.environ["REPORT"], os.environ["TOPIC"])
    except urllib.error.HTTPError as error:
        if error.code not in (401, 403):
            raise
        print(f"::notice title=Comment::The token may not comment ({error.code}); see the summary of the job.")
        return 0
    print(f"Comment: {done}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

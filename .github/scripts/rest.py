"""GitHub's REST API for the repository of a run, as the runner's environment names it."""

from __future__ import annotations

import json
import os
import urllib.request
from typing import Any


def call(method: str, path: str, data: dict[str, Any] | None = None) -> Any:
    """The answer to a request, with the token $TOKEN. Raises urllib.error.HTTPError.

    :param path: below /repos/<owner>/<name>/.
    """
    request = urllib.request.Request(  # noqa: S310 - the runner's own API
        f"{os.environ['GITHUB_API_URL'].rstrip('/')}/repos/{os.environ['GITHUB_REPOSITORY']}/{path}",
        method=method,
        data=None if data is None else json.dumps(data).encode(),
        headers={
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {os.environ['TOKEN']}",
            "Content-Type": "application/json",
            "User-Agent": "slipway.platform",
            "X-GitHub-Api-Version": "2022-11-28",
        },
    )
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        return json.load(answer)

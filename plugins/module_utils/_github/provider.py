# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""GitHub as the engine sees it. It has no tags: what is declared by name is the platform's, nothing else is touched."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from ansible.module_utils.basic import env_fallback

from .._core.known import Known
from .._core.options import Options
from .._core.plan import Refusal, Value
from .._core.provider import Failure, Provider
from .client import HAS_URLLIB3, Github, GithubError

OPTIONS: dict[str, dict[str, Any]] = {
    "repository": {"type": "str", "required": True},
    "api_url": {"type": "str", "default": "https://api.github.com"},
    "token": {"type": "str", "no_log": True, "fallback": (env_fallback, ["GITHUB_TOKEN"])},
}
"""Options of every box on GitHub."""


class _Github(Provider):
    name = "GitHub"
    options: Options = OPTIONS
    errors = (GithubError,)
    libraries: Mapping[str, object] = {"urllib3": HAS_URLLIB3}

    def connect(self, module: Any, say: Callable[[str], None]) -> Github:
        return Github(module.params["api_url"], module.params["token"] or "", say=say)

    def subject(self, name: str, params: Mapping[str, Value]) -> str:
        return f"repository '{params['repository']}'"

    def prepared(self, params: Mapping[str, Value]) -> dict[str, Value]:
        """The token is one word, and goes to an address that nobody else reads."""
        _check_url(params["api_url"])
        token = params["token"]
        if not token:
            allowed = "set it, or GITHUB_TOKEN in the environment, to a token that administers the repository"
            raise Refusal("token", None, allowed)
        if not token.isascii() or not token.isprintable() or " " in token:
            raise Refusal("token", "...", "letters, digits and _ without spaces and line breaks are allowed")
        return dict(params)

    def failure(self, doing: str, error: Exception, known: Known) -> Failure:
        return Failure(f"{doing} failed at {error}")


def _check_url(url: str) -> None:
    parts = urlsplit(url)
    local = parts.hostname in ("127.0.0.1", "localhost", "::1")
    plain = parts.username is None and not parts.query and not parts.fragment
    if not parts.hostname or not plain or not (parts.scheme == "https" or (parts.scheme == "http" and local)):
        raise Refusal(
            "api_url", url, "an https address is allowed, for GitHub Enterprise Server 'https://<host>/api/v3'"
        )


GITHUB = _Github()

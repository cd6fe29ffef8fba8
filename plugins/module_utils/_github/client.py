# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calls to GitHub's REST API: one connection, its limits honoured, its error texts made useful."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any
from urllib.parse import quote, urlsplit
from urllib.request import getproxies, proxy_bypass

try:
    import urllib3

    HAS_URLLIB3 = True
except ImportError:  # the module says so in its own words
    HAS_URLLIB3 = False

from .._core import parent

VERSION = "2022-11-28"
"""Version of the API. Every GitHub Enterprise Server that is supported knows it."""

PATIENCE = 300.0
"""Seconds that a call may be put off in all by GitHub's limits; a longer wait is left to the user."""

_NEXT = re.compile(r'<([^>]+)>;\s*rel="next"')
_NOT_GITHUB = "an answer that is not GitHub's"
_AGAIN = {"GET", "PUT", "DELETE", "PATCH"}
"""Methods that may be repeated after an error of the server; what POST has made would stand twice."""

_PLANS = {
    r"secret scanning|advanced security|secret protection": "Set settings.secret_scanning and "
    "settings.secret_scanning_push_protection to false, or buy GitHub Secret Protection.",
    r"upgrade to|billing plan|not supported for.* plan": "The owner's plan does not offer this for private "
    "repositories; leave it out of the options, or take another plan.",
}
"""What GitHub's words say about its plans -> what to do; the status is that of other refusals."""


class GithubError(Exception):
    """A call that GitHub refused: `status` (0 if there was no answer), its own words, and what to do."""

    def __init__(self, status: int, method: str, path: str, words: str, advice: str = "") -> None:
        super().__init__(status, words)
        self.status = status
        self.call = f"{method} {path}"
        self.words = words
        self.advice = advice

    def __str__(self) -> str:
        answer = f"{self.status}: {self.words}" if self.status else self.words
        return f"{self.call}: {answer.rstrip('.')}.{' ' if self.advice else ''}{self.advice}"


class Github:
    """The API at one address with one token.

    :param say: prints a line of progress.
    :param sleep: waits that many seconds; `clock`: seconds since 1970, as GitHub counts them.
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        say: Callable[[str], None] = lambda text: None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._url = url.rstrip("/")
        self._sleep = sleep
        self._clock = clock
        self.say = say
        self.directories: dict[str, Any] = {}
        """Owner -> who is who there (see `directory`)."""
        self._headers = {
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {token}",
            "User-Agent": "slipway.platform",
            "X-GitHub-Api-Version": VERSION,
        }

    @cached_property
    def _pool(self) -> Any:
        return _pool(self._url)

    def get(self, *path: str, **query: str | int) -> Any:
        return self._call("GET", _path(path, query))[0]

    def optional(self, *path: str, **query: str | int) -> Any:
        """The answer of a read, or None where GitHub says that there is no such thing."""
        try:
            return self.get(*path, **query)
        except GithubError as error:
            if error.status == 404:
                return None
            raise

    def pages(self, *path: str, key: str | None = None, **query: str | int) -> Iterator[Any]:
        """The entries of a list, 100 a call; `key` names the list where the answer is a mapping."""
        where: str | None = _path(path, {**query, "per_page": 100})
        while where is not None:
            answer, headers = self._call("GET", where)
            yield from answer if key is None else answer[key]
            link = _NEXT.search(headers.get("Link", ""))
            where = None if link is None else self._below(link.group(1))

    def post(self, *path: str, body: Mapping[str, Any]) -> Any:
        return self._call("POST", _path(path), body)[0]

    def put(self, *path: str, body: Mapping[str, Any]) -> Any:
        return self._call("PUT", _path(path), body)[0]

    def patch(self, *path: str, body: Mapping[str, Any]) -> Any:
        return self._call("PATCH", _path(path), body)[0]

    def delete(self, *path: str) -> None:
        self._call("DELETE", _path(path))

    def _below(self, url: str) -> str:
        """The path of an address that GitHub gave; the token goes to no other host."""
        if not url.startswith(f"{self._url}/"):
            raise GithubError(0, "GET", url, f"the next page is not below {self._url}")
        return url.removeprefix(self._url)

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> tuple[Any, Mapping[str, str]]:
        data = None if body is None else json.dumps(body).encode()
        headers = self._headers if data is None else {**self._headers, "Content-Type": "application/json"}
        waited, attempt = 0.0, 0
        while True:
            if method != "GET":
                parent.check()
            answer = self._request(method, path, data, headers)
            pause = put_off(method, answer.status, answer.headers, attempt, self._clock())
            if pause is None or waited + pause > PATIENCE:
                break
            self._sleep(pause)
            waited, attempt = waited + pause, attempt + 1
        if 200 <= answer.status < 300:
            try:
                return (json.loads(answer.data) if answer.data else None), answer.headers
            except ValueError as error:
                raise GithubError(answer.status, method, path, _NOT_GITHUB, "Check api_url.") from error
        raise refused(method, path, answer.status, answer.headers, answer.data, self._clock())

    def _request(self, method: str, path: str, data: bytes | None, headers: Mapping[str, str]) -> Any:
        try:
            return self._pool.request(method, self._url + path, body=data, headers=headers, redirect=False)
        except urllib3.exceptions.HTTPError as error:
            reason = getattr(error, "reason", None) or error
            raise GithubError(0, method, path, str(reason), "Check api_url, the network and the proxy.") from error


def _pool(url: str) -> Any:
    """Connections, through the proxy of the environment where it names one; a failed connection is tried again."""
    parts = urlsplit(url)
    settings: dict[str, Any] = {
        "timeout": urllib3.Timeout(connect=10, read=60),
        # What the answers ask for is `put_off`'s; of POST and PATCH, urllib3 repeats only what was not sent.
        "retries": urllib3.Retry(
            connect=3, read=2, redirect=0, status=0, other=0, backoff_factor=0.5, respect_retry_after_header=False
        ),
    }
    proxy = None if proxy_bypass(parts.netloc) else getproxies().get(parts.scheme)
    return urllib3.PoolManager(**settings) if proxy is None else urllib3.ProxyManager(proxy, **settings)


def _path(parts: tuple[str, ...], query: Mapping[str, str | int] | None = None) -> str:
    """A path of these parts, each in one piece whatever it holds."""
    path = "".join("/" + quote(part, safe="") for part in parts)
    pairs = "&".join(f"{key}={quote(str(value), safe='')}" for key, value in (query or {}).items())
    return f"{path}?{pairs}" if pairs else path


def limited(status: int, headers: Mapping[str, str]) -> bool:
    """Whether a refusal is one of GitHub's limits rather than a right that is missing.

    Source: "Rate limits for the REST API", GitHub Docs.
    """
    spent = headers.get("x-ratelimit-remaining") == "0"
    return status == 429 or (status == 403 and ("retry-after" in headers or spent))


def put_off(method: str, status: int, headers: Mapping[str, str], attempt: int, now: float) -> float | None:
    """Seconds after which a call is to be made again, or None if it is not.

    :param headers: with keys of any case.
    """
    if limited(status, headers):
        after, reset = headers.get("retry-after", ""), headers.get("x-ratelimit-reset", "")
        if after.isdigit():
            return float(after)
        if headers.get("x-ratelimit-remaining") == "0" and reset.isdigit():
            return max(float(reset) - now, 0.0) + 1.0
        return float(60 * 2**attempt)
    if status in (500, 502, 503, 504) and method in _AGAIN and attempt < 3:
        return float(2**attempt)
    return None


def refused(
    method: str, path: str, status: int, headers: Mapping[str, str], data: bytes, now: float = 0.0
) -> GithubError:
    """GitHub's refusal in words, with what to do about it."""
    try:
        answer = json.loads(data)
        words = str(answer["message"])
    except (ValueError, KeyError, TypeError):
        answer, words = {}, _NOT_GITHUB
    details = [_detail(entry) for entry in answer.get("errors") or []]
    if details:
        words = f"{words.rstrip('.')}: {'; '.join(details)}"
    plan = next((advice for pattern, advice in _PLANS.items() if re.search(pattern, words, re.IGNORECASE)), "")
    return GithubError(status, method, path.partition("?")[0], words, plan or _advice(status, headers, now))


def _detail(entry: Any) -> str:
    """One of the errors of a 422: a text, or resource, field, code and message."""
    if not isinstance(entry, Mapping):
        return str(entry)
    about = ".".join(str(entry[key]) for key in ("resource", "field") if entry.get(key))
    return " ".join(text for text in (about, str(entry.get("message") or entry.get("code", ""))) if text)


def _advice(status: int, headers: Mapping[str, str], now: float) -> str:
    if limited(status, headers):
        reset = headers.get("x-ratelimit-reset", "")
        until = time.strftime("%H:%M:%S UTC", time.gmtime(int(reset))) if reset.isdigit() and int(reset) > now else ""
        return f"The limit of the token is used up; run again {f'after {until}' if until else 'in a while'}."
    wanted = headers.get("x-accepted-github-permissions", "")
    return {
        301: "The repository has moved; write its new name.",
        307: "The repository has moved; write its new name.",
        308: "The repository has moved; write its new name.",
        401: "The token is not valid, or has expired; set GITHUB_TOKEN to one that is.",
        403: f"Give the token the permission {wanted.replace('=', ': ')}."
        if wanted
        else "Give the token the permission Administration: write on the repository.",
        404: "It does not exist, or the token may not see it.",
        409: "The organization's own settings forbid it; change them there, or the option here.",
    }.get(status, "Try again later; GitHub's state is shown at githubstatus.com." if status >= 500 else "")

# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Requests to one cluster's API server: a pool of connections, a token, bad weather ridden out."""

from __future__ import annotations

import base64
import binascii
import json
import random
import re
import ssl
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote, urlsplit
from urllib.request import getproxies, proxy_bypass

try:
    import urllib3
    from urllib3.exceptions import HTTPError, SSLError

    HAS_URLLIB3 = True
except ImportError:  # the module says so in its own words
    HAS_URLLIB3 = False

from .errors import KubernetesError, refused
from .token import Token

PATIENCE = 60.0
"""Seconds for which a request is made again in all, where the API server does not answer, is busy or fails."""

FIRST_PATIENCE = 20.0
"""The same before the API server has ever answered, and for a caller whom the cluster does not admit (yet)."""

STARTING = 10.0
"""Seconds after an API server was away in which it may not know roles yet, and forbid what it later allows."""

PAGE = 500
PASSING = frozenset({429, 500, 502, 503, 504})
"""Statuses that may pass."""

Query = Mapping[str, str]

_CONNECTION = re.compile(r"^\w+\(host=[^)]*\): ")


class Client:
    """One API server with one token.

    :param certificate_authority: base64 of PEM, as EKS gives it.
    :param say: prints a line of progress.
    :param advise: what to do about an error, where that takes a question to AWS; asked when no answer comes, or none
        to this caller.
    """

    def __init__(
        self,
        cluster: str,
        endpoint: str,
        certificate_authority: str,
        token: Token,
        say: Callable[[str], None],
        advise: Callable[[KubernetesError], str],
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.cluster = cluster
        self._endpoint = endpoint.rstrip("/")
        self._token = token
        self._say = say
        self._advise = advise
        self._clock = clock
        self._sleep = sleep
        self._answered = False
        self._away: float | None = None
        self._pool = _pool(cluster, self._endpoint, certificate_authority)

    def get(self, path: str, **query: str) -> dict[str, Any]:
        return self._request("GET", path, query)

    def optional(self, path: str, **query: str) -> dict[str, Any] | None:
        """The answer of a read, or None where there is no such thing."""
        try:
            return self.get(path, **query)
        except KubernetesError as error:
            if error.status == 404:
                return None
            raise

    def items(self, path: str, **query: str) -> list[dict[str, Any]]:
        """All entries of a collection, 500 a request; begun anew where the API server has forgotten the next page."""
        entries: list[dict[str, Any]] = []
        page: dict[str, str] = {}
        while True:
            try:
                answer = self.get(path, **query, limit=str(PAGE), **page)
            except KubernetesError as error:
                if error.status == 410 and page:
                    entries, page = [], {}
                    continue
                raise
            entries += answer.get("items") or []
            following = (answer.get("metadata") or {}).get("continue")
            if not following:
                return entries
            page = {"continue": following}

    def apply(self, path: str, manifest: Mapping[str, Any], **query: str) -> dict[str, Any]:
        """Server-side apply; the answer is the object as it then stands, or would."""
        return self._request("PATCH", path, query, manifest, "application/apply-patch+yaml")

    def delete(self, path: str, uid: str) -> None:
        """Deletes exactly the object that was seen; what is gone is as good."""
        body = {"kind": "DeleteOptions", "apiVersion": "v1", "preconditions": {"uid": uid}}
        try:
            self._request("DELETE", path, {}, body)
        except KubernetesError as error:
            if error.status != 404:
                raise

    def _request(
        self,
        method: str,
        path: str,
        query: Query,
        body: Mapping[str, Any] | None = None,
        content_type: str = "application/json",
    ) -> dict[str, Any]:
        """Every method may be repeated: reads, applies and deletions by uid say the same twice."""
        pairs = "&".join(f"{key}={quote(value, safe='')}" for key, value in query.items())
        url = f"{self._endpoint}{path}?{pairs}" if pairs else f"{self._endpoint}{path}"
        payload = None if body is None else json.dumps(body).encode()
        start, attempt = self._clock(), 0
        while True:
            token = self._token.text()
            headers = {
                "Accept": "application/json",
                "Authorization": f"Bearer {token}",
                "Content-Type": content_type,
                "User-Agent": "slipway.platform",
            }
            try:
                answer = self._pool.request(method, url, body=payload, headers=headers, redirect=False)
            except HTTPError as failed:
                error = self._unanswered(failed)
                self._away = self._clock()
                pause: float | None = _backoff(attempt)
            else:
                self._answered = True
                if answer.status < 300:
                    return self._read(answer)
                error = refused(self.cluster, answer.status, answer.reason or "", answer.data)
                pause = self._put_off(method, error, answer.headers.get("Retry-After", ""), token, attempt)
            admitted = self._answered and error.status != 401
            if pause is None or self._clock() - start + pause > (PATIENCE if admitted else FIRST_PATIENCE):
                if error.status in (0, 401):
                    error.advice = self._advise(error)
                raise error
            if attempt == 2:
                why = f"{error.status} {error.reason}" if error.status else error.reason
                self._say(f"waiting for the API server of eks cluster '{self.cluster}': {why}")
            self._sleep(pause)
            attempt += 1

    def _read(self, answer: Any) -> dict[str, Any]:
        try:
            found = json.loads(answer.data)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            advice = "Something else answers there, such as a proxy; let the address pass by it."
            raise KubernetesError(self.cluster, answer.status, "what is not Kubernetes' language", advice=advice)
        return found

    def _put_off(self, method: str, error: KubernetesError, retry_after: str, token: str, attempt: int) -> float | None:
        """Seconds after which a refused request is made again, None if it is not."""
        if error.status == 401:  # the token is too old, or EKS does not know a new access entry yet
            self._token.refused(token)
            return 0.0 if attempt == 0 else _backoff(attempt)
        if error.status == 409 and method == "PATCH" and not error.conflicts and error.reason == "Conflict":
            return _backoff(attempt)  # somebody else wrote at the same time
        if error.lacks_right and self._away is not None and self._clock() - self._away < STARTING:
            return _backoff(attempt)
        if error.status not in PASSING:
            return None
        return float(retry_after) if retry_after.isdigit() and int(retry_after) else _backoff(attempt)

    def _unanswered(self, failed: Exception) -> KubernetesError:
        reason = getattr(failed, "reason", None) or failed
        if isinstance(reason, SSLError) and "CERTIFICATE_VERIFY_FAILED" in str(reason):
            raise KubernetesError(
                self.cluster,
                0,
                f"{self._endpoint} shows a certificate that is not of the cluster's authority",
                advice="Something else answers there, such as a proxy that opens TLS; let the address pass by it.",
            ) from failed
        return KubernetesError(self.cluster, 0, f"{self._endpoint}: {_text(reason)}")


def _text(reason: object) -> str:
    """What urllib3 says, without the connection in front."""
    return _CONNECTION.sub("", str(reason)) or type(reason).__name__


def _backoff(attempt: int) -> float:
    return min(0.25 * 2.0**attempt, 5.0) * random.uniform(0.5, 1.0)


def _pool(cluster: str, endpoint: str, certificate_authority: str) -> Any:
    """Connections that trust the cluster's authority alone, through the environment's proxy where it names one."""
    # Not `create_default_context`: from 3.13 on that insists on what certificates of older EKS clusters lack.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(cadata=base64.b64decode(certificate_authority).decode("ascii"))
    except (binascii.Error, UnicodeDecodeError, ValueError, ssl.SSLError) as error:
        raise KubernetesError(cluster, 0, "EKS names no usable certificate authority for it") from error
    parts = urlsplit(endpoint)
    settings: dict[str, Any] = {
        "ssl_context": context,
        "timeout": urllib3.Timeout(connect=5, read=60),
        "retries": False,
        "maxsize": 8,
    }
    proxy = None if proxy_bypass(parts.netloc) else getproxies().get(parts.scheme)
    return urllib3.PoolManager(**settings) if proxy is None else urllib3.ProxyManager(proxy, **settings)

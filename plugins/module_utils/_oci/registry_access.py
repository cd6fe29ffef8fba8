# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a registry lets a user push: an upload is begun and cancelled at once, before anything is pushed anywhere.

Sources: OCI distribution specification 1.1, "Pushing blobs"; the token protocol of the CNCF's distribution.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urljoin

from ansible.module_utils.urls import open_url

from .registries import HOSTS, Client, Registry, credentials, failure

DOCKER_HUB_API = "registry-1.docker.io"
"""Where Docker Hub, which is named docker.io, answers."""

SECONDS = 30
_PARAMETER = re.compile(r'(\w+)="([^"]*)"')


def check_push(client: Client) -> None:
    """:raises Impossible: if the registry does not answer, or does not let this user push."""
    registry = client.registry
    known = credentials(client)
    if known is None and registry.authentication_file:
        return  # a helper program has the credentials; skopeo asks it
    doing = f"push to {registry.name}"
    try:
        base = _base(registry)
        uploads = f"{base}{registry.repository}/blobs/uploads/"
        headers = {"Content-Length": "0", **_authorization(registry, base, known)}
        with _call(registry, "POST", uploads, headers) as answer:
            location = urljoin(uploads, answer.headers.get("Location", ""))
        _cancel(registry, location, headers)
    except HTTPError as error:
        raise failure(registry, doing, _words(error)) from error
    except (URLError, OSError) as error:
        raise failure(registry, doing, str(getattr(error, "reason", error))) from error


def _base(registry: Registry) -> str:
    """Beginning of all URLs of a registry; plain HTTP only where certificates are not asked for."""
    host = DOCKER_HUB_API if registry.endpoint == HOSTS["docker_hub"] else registry.endpoint
    base = f"https://{host}/v2/"
    try:
        _call(registry, "GET", base, {}).close()
    except HTTPError:
        return base
    except (URLError, OSError):
        if registry.tls_verify:
            raise
        return f"http://{host}/v2/"
    return base


def _authorization(registry: Registry, base: str, known: tuple[str, str] | None) -> dict[str, str]:
    """The header that the registry asks for."""
    basic = {}
    if known is not None:
        basic = {"Authorization": f"Basic {base64.b64encode(':'.join(known).encode()).decode()}"}
    try:
        _call(registry, "GET", base, {}).close()
    except HTTPError as error:
        challenge = error.headers.get("WWW-Authenticate", "")
        if error.code != 401 or not challenge.lower().startswith("bearer "):
            return basic
        wanted = dict(_PARAMETER.findall(challenge))
        query = {"scope": f"repository:{registry.repository}:pull,push"}
        if "service" in wanted:
            query["service"] = wanted["service"]
        with _call(registry, "GET", f"{wanted.get('realm', '')}?{urlencode(query)}", basic) as answer:
            given = json.loads(answer.read())
        return {"Authorization": f"Bearer {given.get('token') or given.get('access_token')}"}
    return basic


def _cancel(registry: Registry, location: str, headers: Mapping[str, str]) -> None:
    try:
        _call(registry, "DELETE", location, headers).close()
    except HTTPError:
        return  # not every registry can; an upload that nobody goes on with is forgotten


def _call(registry: Registry, method: str, url: str, headers: Mapping[str, str]) -> Any:
    return open_url(
        url,
        method=method,
        headers=dict(headers),
        validate_certs=registry.tls_verify,
        timeout=SECONDS,
        follow_redirects="safe",
    )


def _words(error: HTTPError) -> str:
    """Status and what the registry says, in its form of errors."""
    try:
        said = json.loads(error.read())["errors"][0]
        return f"{error.code} {said.get('code', '')}: {said.get('message', '')}".rstrip(": .")
    except (ValueError, KeyError, IndexError, TypeError, AttributeError):
        return f"{error.code} {error.reason}"

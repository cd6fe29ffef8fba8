"""A client for one Kubernetes API server: JSON in, JSON out, over one pool of connections."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import urllib3

MERGE = "application/merge-patch+json"


class ApiError(Exception):
    """The API server refused, or could not be reached (status 0)."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status} {message}")
        self.status = status


class Api:
    def __init__(self, url: str, pki: Path, client: str = "admin") -> None:
        self.url = url
        self._pool = urllib3.PoolManager(
            ca_certs=str(pki / "ca.crt"),
            cert_file=str(pki / f"{client}.crt"),
            key_file=str(pki / f"{client}.key"),
            retries=False,
            timeout=urllib3.Timeout(connect=1.0, read=5.0),
        )

    def call(
        self, method: str, path: str, body: object = None, content_type: str = "application/json"
    ) -> dict[str, Any]:
        """:raises ApiError: for every answer that is not a success"""
        payload = None if body is None else json.dumps(body).encode()
        try:
            answer = self._pool.request(method, self.url + path, body=payload, headers={"Content-Type": content_type})
        except urllib3.exceptions.HTTPError as error:
            raise ApiError(0, str(error)) from error
        if answer.status >= 300:
            raise ApiError(answer.status, answer.data.decode(errors="replace")[:500])
        return cast(dict[str, Any], json.loads(answer.data)) if answer.data[:1] == b"{" else {}

    def get(self, path: str) -> dict[str, Any]:
        return self.call("GET", path)

    def post(self, path: str, body: object) -> dict[str, Any]:
        return self.call("POST", path, body)

    def patch(self, path: str, body: object) -> dict[str, Any]:
        return self.call("PATCH", path, body, MERGE)

    def delete(self, path: str) -> None:
        """Delete; what is gone already is as good."""
        try:
            self.call("DELETE", path)
        except ApiError as error:
            if error.status != 404:
                raise

    def ready(self) -> bool:
        try:
            self.call("GET", "/readyz")
        except ApiError:
            return False
        return True

"""An emulator in a thread of this process, and clients for it: for tests and measurements.

There is one state a process, since moto's is global.
"""

from __future__ import annotations

import http.client
import json
import tempfile
import threading
from pathlib import Path
from types import TracebackType
from typing import Any

import boto3
from botocore.config import Config

from sandbox import guard
from sandbox.aws.front import application
from sandbox.aws.front.server import Server
from sandbox.aws.front.state import state
from sandbox.aws.settings import ACCESS_KEY_ID, SECRET_ACCESS_KEY


class Harness:
    """Use as a context manager; ``settings`` in the form of /_sandbox/settings."""

    def __init__(self, settings: dict[str, Any] | None = None) -> None:
        self._folder = tempfile.TemporaryDirectory()
        application.start(settings, Path(self._folder.name))
        self.server = Server(0)
        self.url = f"http://127.0.0.1:{self.server.port}"
        self._session = boto3.Session()
        self._clients: dict[tuple[str, str, str, str, str | None], Any] = {}
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self) -> Harness:
        self.thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.server.shutdown()
        self.server.server_close()
        self._folder.cleanup()

    def client(
        self,
        service: str,
        region: str = "us-east-1",
        key: str = ACCESS_KEY_ID,
        secret: str = SECRET_ACCESS_KEY,
        token: str | None = None,
    ) -> Any:
        """A boto3 client that does not retry; the same one for the same arguments."""
        wanted = (service, region, key, secret, token)
        if wanted not in self._clients:
            self._clients[wanted] = self._session.client(
                service,
                endpoint_url=self.url,
                config=Config(retries={"max_attempts": 0}, s3={"addressing_style": "path"}, signature_version="s3v4")
                if service == "s3"
                else Config(retries={"max_attempts": 0}),
                aws_access_key_id=key,
                aws_secret_access_key=secret,
                aws_session_token=token,
                region_name=region,
            )
        return self._clients[wanted]

    def inner(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Call one of the sandbox's own paths."""
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        try:
            headers = guard.bearer(state.secret or "")
            connection.request(method, f"/_sandbox/{path}", json.dumps(body) if body is not None else None, headers)
            answer = connection.getresponse()
            parsed = json.load(answer)
        finally:
            connection.close()
        if answer.status != 200:
            raise ValueError(parsed["error"])
        return parsed

    def settings(self, **change: Any) -> Any:
        return self.inner("PUT", "settings", change)

    def reset(self) -> None:
        self.inner("POST", "reset", {})

    def calls(self, since: int = 0) -> list[dict[str, Any]]:
        """The write log, reads too."""
        calls: list[dict[str, Any]] = self.inner("GET", f"writes?since={since}")["calls"]
        return calls

"""An emulated AWS for the whole session, empty at the start of each test."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from sandbox.aws.settings import ACCESS_KEY_ID, SECRET_ACCESS_KEY

ROOT = Path(__file__).resolve().parent.parent.parent
REGION = "eu-west-1"
ACCOUNT = "123456789012"


class Emulator:
    """The emulated AWS as its witness: calls that were made, settings, reset."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"

    def inner(self, path: str, method: str = "GET", body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/_sandbox/{path}", data=data, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def calls(self) -> list[dict[str, Any]]:
        calls: list[dict[str, Any]] = self.inner("writes?since=0")["calls"]
        return calls

    def writes(self) -> list[dict[str, Any]]:
        """Calls that wrote or tried to, in order."""
        return [call for call in self.calls() if call["write"]]

    def forget(self) -> None:
        self.inner("writes", "DELETE")

    def set(self, **settings: Any) -> None:
        self.inner("settings", "PUT", settings)

    def client(self, service: str, region: str = REGION) -> Any:
        return boto3.client(service, endpoint_url=self.url, region_name=region)


@pytest.fixture(scope="session", autouse=True)
def credentials() -> None:
    os.environ.update(
        AWS_ACCESS_KEY_ID=ACCESS_KEY_ID,
        AWS_SECRET_ACCESS_KEY=SECRET_ACCESS_KEY,
        AWS_REGION=REGION,
        AWS_DEFAULT_REGION=REGION,
        AWS_EC2_METADATA_DISABLED="true",
    )
    os.environ.pop("AWS_PROFILE", None)


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory, credentials: None) -> Iterator[Emulator]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = tmp_path_factory.mktemp("emulator")
    log = (folder / "log").open("wb")
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox.aws", "--port", str(port), "--state-dir", str(folder)],
        cwd=ROOT,
        stdout=log,
        stderr=log,
    )
    emulator = Emulator(port)
    try:
        for _ in range(200):
            try:
                emulator.inner("ready")
                break
            except OSError:
                assert process.poll() is None, (folder / "log").read_text()
                time.sleep(0.1)
        os.environ["AWS_ENDPOINT_URL"] = emulator.url
        yield emulator
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture
def emulator(running: Emulator) -> Emulator:
    running.inner("reset", "POST")
    running.set(profile="instant", control_planes=False, visibility_delay=0, throttle_share=0, error_share=0, date=None)
    running.forget()
    return running

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
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from ansible_collections.slipway.platform.plugins.module_utils._aws.client import Api
from sandbox import guard
from sandbox.aws.settings import ACCESS_KEY_ID, SECRET_ACCESS_KEY
from sandbox.resources import Report, resources
from sandbox.state import State
from tests.outside import outside

if TYPE_CHECKING:
    from .clusters import Inside

ROOT = Path(__file__).resolve().parent.parent.parent
REGION = "eu-west-1"
ACCOUNT = "123456789012"
WEATHER = {"visibility_delay": 0.3, "throttle_share": 0.03, "error_share": 0.01}
CLEAR: dict[str, Any] = {**dict.fromkeys(WEATHER, 0.0), "lost_answers": [], "hidden_while_creating": False}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--weather", action="store_true", help="every turn of every life runs in bad weather")
    parser.addoption("--out-of-process", action="store_true", help="every turn also runs as a program of its own")
    parser.addoption("--moments", type=int, default=6, help="at how many moments plays and demos are interrupted")


def pytest_configure(config: pytest.Config) -> None:
    outside.always = config.getoption("--out-of-process")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """The `test_life` of each box runs in clear and in bad weather; interruptions at as many moments as asked for."""
    if "moment" in metafunc.fixturenames:
        metafunc.parametrize("moment", range(metafunc.config.getoption("--moments")))
    if "series" in metafunc.fixturenames:  # of four moments each
        metafunc.parametrize("series", range(-(-metafunc.config.getoption("--moments") // 4)))
    if metafunc.function.__name__ == "test_life" and "weather" in metafunc.fixturenames:
        metafunc.parametrize("weather", [False, True], ids=["clear", "weather"])


class Emulator:
    """The emulated AWS as its witness: calls that were made, settings, reset."""

    def __init__(self, port: int, secret: str) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._headers = guard.bearer(secret)
        self.weather = False
        self.spells = 0

    def inner(self, path: str, method: str = "GET", body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/_sandbox/{path}", data=data, method=method, headers=self._headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def calls(self) -> list[dict[str, Any]]:
        calls: list[dict[str, Any]] = self.inner("writes?since=0")["calls"]
        return calls

    def writes(self) -> list[dict[str, Any]]:
        """Calls that wrote or tried to, in order."""
        return [call for call in self.calls() if call["write"]]

    def environment(self) -> dict[str, str]:
        return {"AWS_ENDPOINT_URL": self.url}

    def forget(self) -> None:
        self.inner("writes", "DELETE")

    def set(self, **settings: Any) -> None:
        self.inner("settings", "PUT", settings)

    @contextmanager
    def weathered(self) -> Iterator[None]:
        """Bad weather for what a test runs, where the test asks for it; the witnesses read in clear weather."""
        if not self.weather:
            yield
            return
        self.spells += 1
        self.set(**WEATHER, seed=self.spells)
        try:
            yield
        finally:
            self.set(**CLEAR)

    def connection(self) -> Api:
        return Api({"region": REGION, "endpoint": self.url}, say=lambda text: None)

    def resources(self) -> Report:
        """All that stands, read with boto3."""
        return resources(self.url, regions=[REGION])

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
    emulator = Emulator(port, State(folder).secret())
    try:
        end = time.monotonic() + 120
        while True:
            try:
                emulator.inner("ready")
                break
            except OSError:
                assert process.poll() is None, (folder / "log").read_text()
                if time.monotonic() > end:
                    raise
                time.sleep(0.1)
        os.environ["AWS_ENDPOINT_URL"] = emulator.url
        yield emulator
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture
def weather(request: pytest.FixtureRequest) -> bool:
    """Whether the steps of a life run in bad weather."""
    return bool(request.config.getoption("--weather"))


@pytest.fixture
def emulator(running: Emulator, weather: bool) -> Emulator:
    running.inner("reset", "POST")
    running.set(profile="instant", control_planes=False, **CLEAR, date=None)
    running.forget()
    running.weather, running.spells = weather, 0
    return running


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inside]:
    from .clusters import Inside

    found = Inside(tmp_path_factory.mktemp("cluster"))
    yield found
    found.down()


@pytest.fixture
def inside(cluster: Inside) -> Inside:
    """A cluster with a real API server, as empty as Kubernetes makes it."""
    cluster.clear()
    return cluster


@pytest.fixture
def s3(emulator: Emulator) -> Any:
    return emulator.client("s3")

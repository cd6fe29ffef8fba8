"""The endpoint goes away in the middle of a run, and comes back: the run goes on, and nothing stands twice."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from ansible_collections.slipway.platform.plugins.module_utils._aws.client import Api
from ansible_collections.slipway.platform.plugins.module_utils._boxes.network.box import BOX
from ansible_collections.slipway.platform.plugins.module_utils._core.run import Runner

from .conftest import REGION, Emulator
from .test_lost_answers import standing

AWAY_SECONDS = 4.0
OPTIONS: dict[str, Any] = {"platform_name": "demo", "flow_logs_kms_key": ""}


class Relay:
    """A port in front of the emulator's that can be closed, with every connection through it, and opened again."""

    def __init__(self, emulator: Emulator) -> None:
        self.target = ("127.0.0.1", urlsplit(emulator.url).port)
        self.connections: list[socket.socket] = []
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        self.open(self.listening)

    def open(self, listening: socket.socket) -> None:
        self.listening = listening
        threading.Thread(target=self._accept, args=(listening,), daemon=True).start()

    def _accept(self, listening: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _address = listening.accept()
                server = socket.create_connection(self.target)
                self.connections += [client, server]
                for source, sink in ((client, server), (server, client)):
                    threading.Thread(target=self._copy, args=(source, sink), daemon=True).start()

    @staticmethod
    def _copy(source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65_536):
                sink.sendall(data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        for one in (self.listening, *self.connections):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        self.connections.clear()

    def away(self, seconds: float) -> None:
        self.close()
        time.sleep(seconds)
        self.open(socket.create_server(("127.0.0.1", self.port)))


@pytest.fixture
def relay(emulator: Emulator) -> Iterator[Relay]:
    made = Relay(emulator)
    yield made
    made.close()


@pytest.mark.parametrize("writes", [1, 7, 15])
def test_the_run_goes_on(emulator: Emulator, relay: Relay, writes: int) -> None:
    direct = Api({"region": REGION, "endpoint": emulator.url}, say=lambda text: None)
    planned = Runner(BOX, OPTIONS, direct, check_mode=False).run().plan.as_list()
    clean = standing(emulator)
    emulator.inner("reset", "POST")
    emulator.forget()

    def go_away() -> None:
        while len(emulator.writes()) < writes:
            time.sleep(0.01)
        relay.away(AWAY_SECONDS)

    outage = threading.Thread(target=go_away, daemon=True)
    outage.start()
    said: list[str] = []
    api = Api({"region": REGION, "endpoint": f"http://127.0.0.1:{relay.port}"}, say=said.append)
    outcome = Runner(BOX, OPTIONS, api, check_mode=False).run()
    outage.join(30)
    assert not outage.is_alive()
    assert outcome.plan.as_list() == planned
    assert any(line.startswith("waiting for AWS, which cannot be reached") for line in said), said
    assert standing(emulator) == clean
    assert Runner(BOX, OPTIONS, direct, check_mode=False).run().plan.as_list() == []

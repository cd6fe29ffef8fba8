"""The agent's HTTP server on 127.0.0.1: token webhook of every cluster, and orders of the command line."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from sandbox import guard

Answer = tuple[int, dict[str, Any]]


def serve(
    port: int,
    admits: Callable[[str, Mapping[str, str]], bool],
    routes: Callable[[str, str, dict[str, Any]], Answer],
) -> ThreadingHTTPServer:
    """Serve JSON in the background.

    :param admits: gets path and headers (names in lower case), and says whether the request may be looked at
    :param routes: gets method, path and body, and answers status and body
    """

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            if (why := guard.refusal(headers)) or not admits(self.path, headers):
                self.close_connection = True  # the body is not read
                return self._send(403, {"error": why or "a control call needs the secret of the sandbox's folder"})
            length = int(self.headers.get("Content-Length") or 0)
            text = self.rfile.read(length)
            try:
                self._send(*routes(self.command, self.path, json.loads(text) if text else {}))
            except Exception as error:  # the server outlives what one request brings on
                self._send(500, {"error": f"{type(error).__name__}: {error}"})

        def _send(self, status: int, body: dict[str, Any]) -> None:
            payload = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        do_GET = do_POST = _answer  # noqa: N815 - the names that http.server looks for

        def log_message(self, format: str, *args: Any) -> None:
            """Tokens stand in no log; what is refused is said by who refuses it."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
    return server

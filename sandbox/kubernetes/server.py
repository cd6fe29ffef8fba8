"""The agent's HTTP server on 127.0.0.1: token webhook of every cluster, and orders of the command line."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = tuple[int, dict[str, Any]]


def serve(port: int, routes: Callable[[str, str, dict[str, Any]], Answer]) -> ThreadingHTTPServer:
    """Serve JSON in the background. ``routes`` gets method, path and body, and answers status and body."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            text = self.rfile.read(length)
            try:
                status, body = routes(self.command, self.path, json.loads(text) if text else {})
            except Exception as error:  # the server outlives what one request brings on
                status, body = 500, {"error": f"{type(error).__name__}: {error}"}
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

"""A small HTTP/1.1 server on 127.0.0.1: a thread a connection, connections kept alive, an answer in one write."""

from __future__ import annotations

import http.client
import socketserver
from email.utils import formatdate

from sandbox.aws.front.application import respond
from sandbox.aws.front.call import HttpRequest, HttpResponse
from sandbox.aws.front.weather import CLOSED

REASONS = http.client.responses


class Handler(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True
    wbufsize = 0

    def handle(self) -> None:
        try:
            while self._handle_one():
                pass
        except (ConnectionError, TimeoutError):
            pass

    def _handle_one(self) -> bool:
        line = self.rfile.readline(65_537)
        if not line.strip():
            return False
        try:
            method, target, version = line.decode("latin-1").split()
        except ValueError:
            return False
        headers: dict[str, str] = {}
        original_names: dict[str, str] = {}
        while (line := self.rfile.readline(65_537)) not in (b"\r\n", b"\n", b""):
            name, _, value = line.decode("latin-1").partition(":")
            lower = name.strip().lower()
            # Of S3's metadata, names with an underscore keep their spelling.
            if "_" in lower and lower.startswith("x-amz-meta-"):
                original_names["HTTP_" + lower.upper().replace("-", "_")] = name.strip()
            headers[lower] = f"{headers[lower]},{value.strip()}" if lower in headers else value.strip()
        if headers.get("expect", "").lower() == "100-continue":
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request = HttpRequest(method, target, headers, self._body(headers), original_names)
        response = respond(request)
        if response.status == CLOSED:
            return False
        self._write(method, response)
        return version != "HTTP/1.0" and headers.get("connection", "").lower() != "close"

    def _body(self, headers: dict[str, str]) -> bytes:
        if headers.get("transfer-encoding", "").lower() == "chunked":
            chunks = []
            while size := int(self.rfile.readline(65_537).partition(b";")[0], 16):
                chunks.append(self.rfile.read(size))
                self.rfile.readline()
            while self.rfile.readline(65_537) not in (b"\r\n", b"\n", b""):
                pass
            return b"".join(chunks)
        length = int(headers.get("content-length") or 0)
        return self.rfile.read(length) if length else b""

    def _write(self, method: str, response: HttpResponse) -> None:
        lines = [f"HTTP/1.1 {response.status} {REASONS.get(response.status, '')}"]
        lines += [f"{name}: {value}" for name, value in response.headers.items()]
        body = b"" if method == "HEAD" or response.status in (204, 304) else response.body
        if "content-length" not in response.headers and response.status not in (204, 304):
            lines.append(f"content-length: {len(body)}")
        if "date" not in response.headers:
            lines.append(f"date: {formatdate(usegmt=True)}")
        self.wfile.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body)


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), Handler)

    @property
    def port(self) -> int:
        return int(self.server_address[1])

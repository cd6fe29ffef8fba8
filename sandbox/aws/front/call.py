"""One call to the emulator: the HTTP request, and what it asks for."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import unquote

from moto.core.model import OperationModel
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import PRESERVED_HEADER_NAMES_ENVIRON_KEY, Request, determine_request_protocol
from moto.core.routing import get_service_router
from moto.core.utils import get_service_model


@dataclass
class HttpRequest:
    """A request as it came over the wire. Header names are lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes = b""
    original_names: dict[str, str] = field(default_factory=dict)

    @cached_property
    def raw_path(self) -> str:
        return self.target.partition("?")[0]

    @cached_property
    def query_string(self) -> str:
        return self.target.partition("?")[2]

    def environ(self) -> dict[str, Any]:
        """The request as a WSGI environment, for moto."""
        host, _, port = self.headers.get("host", "127.0.0.1").partition(":")
        environ: dict[str, Any] = {
            "REQUEST_METHOD": self.method,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote(self.raw_path, "latin-1"),
            "QUERY_STRING": self.query_string,
            "REQUEST_URI": self.target,
            "RAW_URI": self.target,
            "SERVER_NAME": host,
            "SERVER_PORT": port or "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(self.body),
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            PRESERVED_HEADER_NAMES_ENVIRON_KEY: self.original_names,
        }
        for name, value in self.headers.items():
            key = name.upper().replace("-", "_")
            environ[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = value
        environ["CONTENT_LENGTH"] = str(len(self.body))
        environ.pop("HTTP_TRANSFER_ENCODING", None)
        return environ


@dataclass
class HttpResponse:
    status: int
    headers: dict[str, str]
    body: bytes


@dataclass
class Call:
    """A request with its service, operation, region and caller.

    ``service`` is botocore's name (``elbv2``, not ``elasticloadbalancing``). ``uri_parameters`` come from the path.
    """

    request: HttpRequest
    service: str
    operation: str
    region: str
    uri_parameters: dict[str, Any] = field(default_factory=dict)
    account: str = ""
    caller: str = ""
    access_key_id: str = ""
    # What an `instead` hook answered, or the parsed answer once somebody asked for it.
    result: dict[str, Any] | None = None
    response: HttpResponse | None = None
    error_code: str | None = None
    # Notes from a before hook to an after hook of the same call.
    notes: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def model(self) -> OperationModel:
        model: OperationModel = get_service_model(self.service).operation_model(self.operation)
        return model

    @cached_property
    def protocol(self) -> str:
        protocol: str = determine_request_protocol(
            get_service_model(self.service), self.request.headers.get("content-type", "")
        )
        return protocol

    @cached_property
    def parameters(self) -> dict[str, Any]:
        """The parameters in the shape that botocore was given them (unknown members are dropped)."""
        if self.service == "eks" or self.protocol == "json":
            body = json.loads(self.request.body) if self.request.body else {}
            return {**body, **self.uri_parameters}
        request = Request(self.request.environ())
        uri_parameters = self.uri_parameters
        if not uri_parameters and self.protocol.startswith("rest"):
            uri_parameters = get_service_router(self.service).match(request)[1]
        parser: Any = PROTOCOL_PARSERS[self.protocol](self.model, map_type=dict)
        parsed: dict[str, Any] = parser.parse(
            {
                "method": request.method,
                "values": request.values,
                "headers": request.headers,
                "body": self.request.body,
                "url_path": request.path,
                "url_params": uri_parameters,
            }
        )
        return parsed

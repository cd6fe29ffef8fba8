"""From a request's method and path to an operation of EKS, by botocore's model."""

from __future__ import annotations

import functools
import re
from typing import Any
from urllib.parse import parse_qsl, unquote

import botocore.session

from sandbox.aws.front.call import HttpRequest

Route = tuple[tuple[str, ...], str, dict[str, str], dict[str, tuple[str, str]]]


@functools.cache
def _routes() -> dict[tuple[str, int], list[Route]]:
    model = botocore.session.get_session().get_service_model("eks")
    table: dict[tuple[str, int], list[Route]] = {}
    for name in model.operation_names:
        operation = model.operation_model(name)
        segments = tuple(operation.http["requestUri"].strip("/").split("/"))
        in_path: dict[str, str] = {}
        in_query: dict[str, tuple[str, str]] = {}
        for member, shape in operation.input_shape.members.items() if operation.input_shape else ():
            location = shape.serialization.get("location")
            if location == "uri":
                in_path[shape.serialization.get("name", member)] = member
            elif location == "querystring":
                in_query[shape.serialization.get("name", member)] = (member, shape.type_name)
        table.setdefault((operation.http["method"], len(segments)), []).append((segments, name, in_path, in_query))
    for routes in table.values():
        routes.sort(key=lambda route: sum(segment.startswith("{") for segment in route[0]))
    return table


def match(request: HttpRequest) -> tuple[str, dict[str, Any]]:
    """The operation and its parameters from path and query; ("", {}) when none matches."""
    segments = list(request.raw_path.strip("/").split("/"))
    if segments and segments[0] == "tags":
        segments = ["tags", "/".join(segments[1:])]
    for pattern, name, in_path, in_query in _routes().get((request.method, len(segments)), ()):
        parameters: dict[str, Any] = {}
        for expected, actual in zip(pattern, segments, strict=True):
            if expected.startswith("{"):
                parameters[in_path[expected[1:-1].rstrip("+")]] = unquote(actual)
            elif expected != actual:
                break
        else:
            for key, value in parse_qsl(request.query_string, keep_blank_values=True) if in_query else ():
                if key in in_query:
                    member, kind = in_query[key]
                    if kind == "list":
                        parameters.setdefault(member, []).append(value)
                    elif kind == "integer":
                        parameters[member] = int(value)
                    elif kind == "boolean":
                        parameters[member] = value == "true"
                    else:
                        parameters[member] = value
            return name, parameters
    return "", {}


NAME = re.compile(r"^[0-9A-Za-z][A-Za-z0-9\-_]*$")

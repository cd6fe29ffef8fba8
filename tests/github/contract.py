"""GitHub's published OpenAPI, strict: a key that it does not name is an error."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator

DOCUMENT = Path(__file__).resolve().parent.parent / "npm/node_modules/@octokit/openapi/generated/api.github.com.json"


@cache
def document() -> dict[str, Any]:
    assert DOCUMENT.is_file(), "the packages of tests/npm are missing: make venv"
    loaded: dict[str, Any] = json.loads(DOCUMENT.read_text(encoding="utf-8"))
    return loaded


def resolved(node: Mapping[str, Any]) -> dict[str, Any]:
    """What a reference of the document points to."""
    target: Any = node
    while "$ref" in target:
        reference, target = target["$ref"], document()
        for key in reference.removeprefix("#/").split("/"):
            target = target[key]
    return dict(target)


def schema(node: Any, *, closed: bool, seen: tuple[str, ...] = ()) -> Any:
    """JSON Schema of an OpenAPI 3.0 schema: references put in, `nullable` as a type of its own.

    :param closed: whether objects take no other keys than those that are named.
    """
    if isinstance(node, list):
        return [schema(entry, closed=closed, seen=seen) for entry in node]
    if not isinstance(node, Mapping):
        return node
    if "$ref" in node:
        if node["$ref"] in seen:
            return {}
        return schema(resolved(node), closed=closed, seen=(*seen, node["$ref"]))
    answer = {
        key: {name: schema(entry, closed=closed, seen=seen) for name, entry in value.items()}
        if key == "properties"
        else schema(value, closed=closed, seen=seen)
        for key, value in node.items()
        if key not in ("description", "title", "example", "examples", "externalDocs", "nullable", "default")
    }
    if closed and "properties" in answer:
        answer.setdefault("additionalProperties", False)
    return {"anyOf": [{"type": "null"}, answer]} if node.get("nullable") else answer


@cache
def _templates() -> list[tuple[re.Pattern[str], str]]:
    """Paths as patterns, those with the fewest parameters first."""
    paths = sorted(document()["paths"], key=lambda path: path.count("{"))
    return [(re.compile(re.sub(r"\{\w+\}", "([^/]+)", path)), path) for path in paths]


@cache
def template(path: str) -> str | None:
    return next((name for pattern, name in _templates() if pattern.fullmatch(path)), None)


@cache
def _validator(path: str, method: str, status: int | None) -> Draft7Validator | None:
    """Of the body of a request, or of the answer with a status; None where there is to be no body."""
    operation = document()["paths"][path][method]
    if status is None:
        content = resolved(operation.get("requestBody", {})).get("content", {})
    else:
        content = resolved(operation["responses"][str(status)]).get("content", {})
    if "application/json" not in content:
        return None
    return Draft7Validator(schema(content["application/json"]["schema"], closed=status is None))


def request_errors(method: str, path: str, query: Mapping[str, str], body: Any) -> list[str]:
    """What GitHub's description does not allow of a request; `body` is None where there is none."""
    name, method = template(path), method.lower()
    if name is None or method not in document()["paths"][name]:
        return [f"{method.upper()} {path} is no operation of GitHub's"]
    item = document()["paths"][name]
    parameters = [resolved(entry) for entry in [*item.get("parameters", []), *item[method].get("parameters", [])]]
    known = {entry["name"] for entry in parameters if entry["in"] == "query"}
    errors = [f"{method.upper()} {name}: no parameter {key}" for key in query if key not in known]
    validator = _validator(name, method, None)
    if validator is None:
        return errors if body is None else [*errors, f"{method.upper()} {name} takes no body"]
    found = validator.iter_errors({} if body is None else body)
    return errors + [f"{method.upper()} {name} {error.json_path}: {error.message}" for error in found]


def response_errors(method: str, path: str, status: int, body: Any) -> list[str]:
    """What the description does not allow of an answer of the fake; refusals without a description are not judged."""
    name, method = template(path), method.lower()
    if name is None:
        return [f"{path} is no path of GitHub's"]
    if str(status) not in document()["paths"][name][method]["responses"]:
        return [] if status >= 400 else [f"{method.upper()} {name} never answers {status}"]
    validator = _validator(name, method, status)
    if validator is None:
        return [] if body is None or status >= 400 else [f"{method.upper()} {name} {status} has no body"]
    return [
        f"{method.upper()} {name} {status} {error.json_path}: {error.message}" for error in validator.iter_errors(body)
    ]

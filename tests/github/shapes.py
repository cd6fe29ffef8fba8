"""Answers in the shapes of GitHub's OpenAPI: what a schema requires, with what the fake knows laid over it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from .contract import document, schema

TEXTS = {"date-time": "2026-01-02T03:04:05Z", "uri": "https://github.example/", "email": "somebody@github.example"}


@cache
def _component(name: str) -> Any:
    return schema(document()["components"]["schemas"][name], closed=False)


def shaped(component: str, **values: Any) -> dict[str, Any]:
    """An instance of a component of the document, with these values."""
    return {**_least(_component(component)), **values}


def _least(node: Mapping[str, Any]) -> Any:
    """The least that a schema takes."""
    if "enum" in node:
        return node["enum"][0]
    for key in ("anyOf", "oneOf", "allOf"):
        if key in node:
            return _least(node[key][0])
    kind = node.get("type")
    if kind == "object":
        return {name: _least(node["properties"][name]) for name in node.get("required", [])}
    return {
        "string": TEXTS.get(node.get("format", ""), "text"),
        "integer": 1,
        "number": 1,
        "boolean": False,
        "array": [],
        "null": None,
    }.get(str(kind), "text")

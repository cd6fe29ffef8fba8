# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""IAM policy documents in one form, so that AWS's way of writing them is no difference. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from .._core.plan import Ref, Refusal, Value

VERSION = "2012-10-17"
"""Version of the policy language that is written; a document without one means 2008-10-17."""

_LISTS = ("Action", "NotAction", "Resource", "NotResource")
_PRINCIPALS = ("Principal", "NotPrincipal")
_KEYS = frozenset({"Sid", "Effect", "Condition", *_LISTS, *_PRINCIPALS})
_ACCOUNT = re.compile(r"\d{12}")


def document(*statements: Mapping[str, Value]) -> dict[str, Value]:
    """A policy of these statements in canonical form."""
    return canonical({"Version": VERSION, "Statement": list(statements)})


def canonical(policy: str | Mapping[str, Value], partition: str = "aws") -> dict[str, Value]:
    """A policy as a mapping in which everything that means the same is written the same.

    Text may be JSON or URL-encoded JSON. Single entries become lists; lists are sorted without doubles; `"*"` as
    a principal is `{"AWS": ["*"]}`; an account id as a principal is the ARN of its root; values of conditions are text;
    an empty Sid is left out. The order of statements is kept: AWS keeps it too.
    Source: "Grammar of the IAM JSON policy language", IAM User Guide.
    """
    if isinstance(policy, str):
        return canonical(json.loads(unquote(policy) if policy.lstrip().startswith("%") else policy), partition)
    statements = policy.get("Statement", [])
    if isinstance(statements, Mapping):
        statements = [statements]
    answer: dict[str, Value] = {"Version": policy.get("Version", "2008-10-17")}
    if policy.get("Id"):
        answer["Id"] = policy["Id"]
    return {**answer, "Statement": [_statement(entry, partition) for entry in statements]}


def _statement(statement: Mapping[str, Value], partition: str) -> dict[str, Value]:
    answer: dict[str, Value] = {}
    for key, value in statement.items():
        if key in _LISTS:
            answer[key] = _entries(value)
        elif key in _PRINCIPALS:
            answer[key] = _principal(value, partition)
        elif key == "Condition":
            if value:
                answer[key] = {
                    operator: {name: _entries(_texts(entry)) for name, entry in tests.items()}
                    for operator, tests in value.items()
                }
        elif key != "Sid" or value:
            answer[key] = value
    return answer


def _principal(value: Value, partition: str) -> Value:
    if value == "*":
        return {"AWS": ["*"]}
    answer = {}
    for kind, names in value.items():
        entries = _entries(names)
        if kind == "AWS":
            entries = _entries([_root(entry, partition) for entry in entries])
        answer[kind] = entries
    return answer


def _root(name: Value, partition: str) -> Value:
    is_account = isinstance(name, str) and _ACCOUNT.fullmatch(name)
    return f"arn:{partition}:iam::{name}:root" if is_account else name


def _texts(value: Value) -> list[Value]:
    """Values of a condition: AWS takes and returns numbers and booleans as text."""
    entries = value if isinstance(value, (list, tuple)) else [value]
    return [entry if isinstance(entry, Ref) else _text(entry) for entry in entries]


def _text(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _entries(value: Value) -> list[Value]:
    entries = list(value) if isinstance(value, (list, tuple)) else [value]
    return sorted(dict.fromkeys(entries), key=lambda entry: (str(entry), repr(entry)))


def check(option: str, policy: Mapping[str, Any]) -> None:
    """Refusal for a policy that AWS would call malformed."""
    statements = policy.get("Statement")
    statements = [statements] if isinstance(statements, Mapping) else statements
    if not isinstance(statements, (list, tuple)) or not statements:
        raise Refusal(f"{option}.Statement", statements, "a list of statements is required")
    for key in policy:
        if key not in ("Version", "Id", "Statement"):
            raise Refusal(f"{option}.{key}", policy[key], "it is unknown, allowed are Version, Id and Statement")
    if policy.get("Version", VERSION) not in (VERSION, "2008-10-17"):
        raise Refusal(f"{option}.Version", policy["Version"], f"allowed are {VERSION} and 2008-10-17 (in quotes)")
    for position, statement in enumerate(statements):
        _check_statement(f"{option}.Statement[{position}]", statement)


def _check_statement(path: str, statement: Value) -> None:
    if not isinstance(statement, Mapping):
        raise Refusal(path, statement, "a mapping is allowed")
    for key in statement:
        if key not in _KEYS:
            raise Refusal(f"{path}.{key}", statement[key], f"it is unknown, allowed are {', '.join(sorted(_KEYS))}")
    if statement.get("Effect") not in ("Allow", "Deny"):
        raise Refusal(f"{path}.Effect", statement.get("Effect"), "allowed are Allow and Deny")
    if not statement.get("Action") and not statement.get("NotAction"):
        raise Refusal(f"{path}.Action", statement.get("Action"), "at least one action is required")
    for key in _PRINCIPALS:
        principal = statement.get(key, "*")
        if principal != "*" and not isinstance(principal, Mapping):
            raise Refusal(
                f"{path}.{key}", principal, "allowed are '*' and a mapping such as {Service: ec2.amazonaws.com}"
            )
    condition = statement.get("Condition") or {}
    if not isinstance(condition, Mapping) or not all(isinstance(tests, Mapping) for tests in condition.values()):
        raise Refusal(f"{path}.Condition", condition, "a mapping of operators to mappings of keys to values is allowed")

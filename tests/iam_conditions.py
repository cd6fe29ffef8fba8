"""A small evaluator of IAM policies: enough to ask which tokens a trust policy admits.

By "IAM JSON policy elements: Condition" and "Policy evaluation logic", IAM User Guide. Unknown operators are an error,
so that no test passes by what is not looked at.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Context = Mapping[str, str | Sequence[str]]
"""Condition keys of a request and their values; a key that the request does not have is left out."""


def _like(pattern: str, value: str) -> bool:
    parts = {"*": ".*", "?": "."}
    return re.fullmatch("".join(parts.get(char, re.escape(char)) for char in pattern), value, re.DOTALL) is not None


TESTS: dict[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda wanted, value: wanted == value,
    "StringEqualsIgnoreCase": lambda wanted, value: wanted.lower() == value.lower(),
    "StringLike": _like,
}


def _values(context: Context, key: str) -> list[str] | None:
    """Condition keys know no upper and lower case."""
    for name, value in context.items():
        if name.lower() == key.lower():
            return [value] if isinstance(value, str) else list(value)
    return None


def _holds(operator: str, key: str, wanted: Sequence[str], context: Context) -> bool:
    values = _values(context, key)
    if operator == "Null":
        return (values is None) == (wanted == ["true"])
    quantifier, _, name = operator.rpartition(":")
    if name.endswith("IfExists"):
        if values is None:
            return True
        name = name.removesuffix("IfExists")
    test = TESTS[name]
    matches = [any(test(entry, value) for entry in wanted) for value in values or []]
    if quantifier == "ForAllValues":
        return all(matches)
    return any(matches)


def holds(condition: Mapping[str, Mapping[str, Sequence[str]]], context: Context) -> bool:
    """Whether all tests of a Condition hold."""
    return all(
        _holds(operator, key, wanted, context) for operator, keys in condition.items() for key, wanted in keys.items()
    )


def _matches(patterns: Sequence[str], value: str) -> bool:
    return any(_like(pattern.lower(), value.lower()) for pattern in patterns)


def allowed(policy: Mapping[str, Any], action: str, resource: str, context: Context | None = None) -> bool:
    """Whether a policy of canonical form allows an action; a Deny beats every Allow."""
    effects = {
        statement["Effect"]
        for statement in policy["Statement"]
        if _matches(statement["Action"], action)
        and any(_like(pattern, resource) for pattern in statement["Resource"])
        and holds(statement.get("Condition", {}), context or {})
    }
    return effects == {"Allow"}


def admitted(policy: Mapping[str, Any], provider: Any, claims: Mapping[str, str]) -> bool:
    """Whether a trust policy admits a token of an OIDC provider.

    :param claims: of the token; they become condition keys below the provider's name.
    """
    context = {f"{provider.name}:{claim}": value for claim, value in claims.items()}
    return any(
        statement["Effect"] == "Allow"
        and statement["Principal"] == {"Federated": [provider]}
        and _matches(statement["Action"], "sts:AssumeRoleWithWebIdentity")
        and holds(statement.get("Condition", {}), context)
        for statement in policy["Statement"]
    )

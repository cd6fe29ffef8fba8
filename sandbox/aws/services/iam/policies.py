"""As much of IAM's policy language as refusals need: who is named, and conditions that a call through TLS meets."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator
from typing import Any

import moto.iam.access_control

from sandbox.aws.services.eks.roles import as_list, document

access_control: Any = moto.iam.access_control
Result = access_control.PermissionResult

# What every call to the sandbox counts as: AWS's endpoints speak TLS 1.2 at least.
CONTEXT = {"aws:securetransport": "true", "s3:tlsversion": "1.3", "aws:principalisawsservice": "false"}


def statements(policy: str | None) -> Iterator[dict[str, Any]]:
    if policy:
        yield from as_list(document(policy).get("Statement"))


def principals(statement: dict[str, Any], kind: str) -> list[str]:
    """The principals of one kind ("AWS" or "Service"); "*" counts as both."""
    principal = statement.get("Principal", {})
    if isinstance(principal, str):
        return [principal]
    return [str(item) for item in as_list(principal.get(kind))]


def allows(policy: str | None, kind: str, names: set[str], actions: tuple[str, ...]) -> bool:
    """Whether an Allow statement names one of the principals and covers one of the actions."""
    for statement in statements(policy):
        if statement.get("Effect") != "Allow":
            continue
        named = set(principals(statement, kind))
        if not any(fnmatch.fnmatchcase(name, pattern) for name in names for pattern in named):
            continue
        patterns = [str(item).lower() for item in as_list(statement.get("Action"))]
        if any(fnmatch.fnmatchcase(action.lower(), pattern) for action in actions for pattern in patterns):
            return True
    return False


def conditions_hold(statement: dict[str, Any]) -> bool | None:
    """Whether the conditions hold for a call to the sandbox; None where they speak of what it does not know."""
    for operator, tests in (statement.get("Condition") or {}).items():
        for key, wanted in tests.items():
            actual = CONTEXT.get(key.lower())
            if actual is None:
                return None
            values = [str(item).lower() for item in as_list(wanted)]
            if operator == "Bool" and actual not in values:
                return False
            if operator.startswith("NumericLessThan") and not any(float(actual) < float(value) for value in values):
                return False
            if operator not in ("Bool",) and not operator.startswith("NumericLessThan"):
                return None
    return True


_moto_permitted = access_control.IAMPolicyStatement.is_action_permitted


def _is_action_permitted(self: Any, *arguments: Any, **named: Any) -> Any:
    """moto lets a Deny with a condition always hit."""
    statement = self._statement
    if statement.get("Effect") == "Deny" and statement.get("Condition") and "Principal" in statement:
        if not conditions_hold(statement):
            return Result.NEUTRAL
        self._statement = {key: value for key, value in statement.items() if key != "Condition"}
    return _moto_permitted(self, *arguments, **named)


access_control.IAMPolicyStatement.is_action_permitted = _is_action_permitted

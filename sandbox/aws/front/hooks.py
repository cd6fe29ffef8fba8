"""Hooks around single operations: where the emulator must know better than moto.

* ``before(service, operation, ...)``: runs first and may refuse by raising ``AwsError``; it may also change the call.
* ``instead(service, operation)``: answers the call with a dict in the shape of the operation's output.
* ``after(service, operation, ...)``: runs once moto has answered well, and may change what moto stored.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.aws.front.call import Call

Before = Callable[[Call], None]
Instead = Callable[[Call], dict[str, Any] | None]
After = Callable[[Call], None]

BEFORE: dict[tuple[str, str], list[Before]] = {}
INSTEAD: dict[tuple[str, str], Instead] = {}
AFTER: dict[tuple[str, str], list[After]] = {}


def before(service: str, *operations: str) -> Callable[[Before], Before]:
    def register(function: Before) -> Before:
        for operation in operations:
            BEFORE.setdefault((service, operation), []).append(function)
        return function

    return register


def instead(service: str, *operations: str) -> Callable[[Instead], Instead]:
    def register(function: Instead) -> Instead:
        for operation in operations:
            INSTEAD[(service, operation)] = function
        return function

    return register


def after(service: str, *operations: str) -> Callable[[After], After]:
    def register(function: After) -> After:
        for operation in operations:
            AFTER.setdefault((service, operation), []).append(function)
        return function

    return register

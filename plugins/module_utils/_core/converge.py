# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Look, plan, apply, look again; what is left is an error. One loop for every module that changes something."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol, TypeVar

from .plan import Change, Impossible, Plan


class View(Protocol):
    """One look at what stands, beside what is declared."""

    @property
    def plan(self) -> Plan:
        """The changes from the one to the other."""


V = TypeVar("V", bound=View)


def converge(
    look: Callable[[], V],
    apply: Callable[[V], object],
    left: Callable[[Plan], str],
    *,
    check_mode: bool,
    guard: Callable[[V], object] = lambda view: None,
    due: Callable[[V], bool] = lambda view: bool(view.plan),
    seconds: float = 0.0,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> tuple[V, V]:
    """The first view, whose plan is made true, and the one in which nothing of it is left (in check mode the first).

    :param apply: makes the changes of a view's plan, in their order.
    :param left: the sentence for a plan that stays: Impossible.
    :param guard: refuses a first view whose plan must not be carried out: Impossible.
    :param due: whether `apply` has anything to do.
    :param seconds: how long what was made may take to show.
    """
    first = look()
    guard(first)
    if check_mode or not due(first):
        return first, first
    apply(first)
    view = looked(look, lambda view: not view.plan, seconds, clock=clock, sleep=sleep)
    if view.plan:
        raise Impossible(left(view.plan))
    return first, view


def looked(
    look: Callable[[], V],
    shows: Callable[[V], bool],
    seconds: float,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> V:
    """The first view that shows what was made, or the last one when the time is over."""
    end, pause = clock() + seconds, 0.1
    while True:
        view = look()
        if shows(view) or clock() >= end:
            return view
        sleep(pause)
        pause = min(pause * 2, 5.0)


def in_words(changes: Plan) -> str:
    """What is left of a plan, for a sentence."""
    return "; ".join(_in_words(change) for change in changes.changes)


def _in_words(change: Change) -> str:
    return f"{change.ref.words}: {change.action} {', '.join(field.path for field in change.fields)}".rstrip()

# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every change of a release is made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from ..._core.converge import converge
from ..._core.plan import Action, Change, Field, Plan, Ref, Value
from ..._oci.registries import Client


@dataclass(frozen=True)
class Step:
    """A change and what makes it.

    :param registry: the one that it writes to; None for the bucket.
    """

    change: Change
    make: Callable[[], object]
    registry: Client | None


def step(kind: str, name: str, make: Callable[[], object], to: Client | None = None, **fields: Value) -> Step:
    """Something that is made; nothing of a release is ever changed or deleted."""
    values = tuple(Field(path, None, value) for path, value in sorted(fields.items()) if value is not None)
    return Step(Change(Ref(kind, name), Action.CREATE, values), make, to)


LAST = frozenset({"release_manifest", "scan_record"})
"""Kinds that say that all others stand: written once those were looked at again."""


@dataclass(frozen=True)
class _View:
    steps: Sequence[Step]

    @property
    def plan(self) -> Plan:
        """What is looked at again before the last ones are made."""
        return _plan(entry for entry in self.steps if entry.change.ref.kind not in LAST)


def made(
    look: Callable[[], Sequence[Step]],
    *,
    check_mode: bool,
    before: Callable[[Sequence[Step]], None] = lambda steps: None,
) -> Plan:
    """Makes all changes in their order, and the last ones once the others stand; Impossible if something is missing.

    :param before: refuses steps before the first is made.
    """

    def make(steps: Sequence[Step], *, last: bool) -> None:
        for entry in steps:
            if (entry.change.ref.kind in LAST) is last:
                entry.make()

    def early(view: _View) -> None:
        before(view.steps)
        make(view.steps, last=False)

    first, view = converge(
        lambda: _View(look()),
        early,
        lambda left: f"Everything was made, but {left.changes[0].ref.words} still does not stand.",
        check_mode=check_mode,
    )
    if not check_mode:
        make(view.steps, last=True)
    return _plan(first.steps)


def _plan(steps: Iterable[Step]) -> Plan:
    return Plan(tuple(entry.change for entry in steps))

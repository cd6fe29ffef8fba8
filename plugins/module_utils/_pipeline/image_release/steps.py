# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every change of a release is made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..._core.plan import Action, Change, Field, Impossible, Plan, Ref, Value
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


def made(steps: Sequence[Step], again: Callable[[], Sequence[Step]]) -> None:
    """Makes all changes in their order and plans again before the last ones; Impossible if something is missing."""
    early = [entry for entry in steps if entry.change.ref.kind not in LAST]
    for entry in early:
        entry.make()
    left = [entry for entry in again() if entry.change.ref.kind not in LAST] if early else []
    if left:
        raise Impossible(f"Everything was made, but {left[0].change.ref.words} still does not stand.")
    for entry in steps:
        if entry.change.ref.kind in LAST:
            entry.make()


def plan(steps: Sequence[Step]) -> Plan:
    return Plan(tuple(entry.change for entry in steps))

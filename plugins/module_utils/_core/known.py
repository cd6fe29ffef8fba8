# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What earlier tasks of the same run found, made or plan to make: names to identifiers, passed on as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .plan import Action, Found, Plan, Ref, Resource


class Known:
    """Names to identifiers, JSON that is safe to show.

    `{kind: {name: {"state": "found"|"planned"|"deleted", "id": str, ...}}}`

    `account` is not a kind but the facts of the account (see `_aws.account`).

    :param beside: kind that is made beside another, under the same name -> that other one.
    """

    def __init__(self, data: Mapping[str, Any] | None = None, beside: Mapping[str, str] | None = None) -> None:
        self._beside = dict(beside or {})
        self._data: dict[str, dict[str, dict[str, Any]]] = {
            kind: {name: dict(entry) for name, entry in entries.items()}
            for kind, entries in (data or {}).items()
            if kind != "account"
        }
        self.account: dict[str, Any] = dict((data or {}).get("account", {}))

    def as_dict(self) -> dict[str, Any]:
        return {"account": self.account, **self._data} if self.account else dict(self._data)

    def entry(self, ref: Ref) -> Mapping[str, Any]:
        """What is known of a reference: `{}` where nothing is."""
        return self._data.get(ref.kind, {}).get(ref.name, {})

    def id(self, ref: Ref) -> str | None:
        """Identifier of something that stands, else None."""
        entry = self.entry(ref)
        return entry.get("id") if entry.get("state") == "found" else None

    def planned(self, ref: Ref) -> bool:
        return self._state(ref) == "planned"

    def deleted(self, ref: Ref) -> bool:
        return self._state(ref) == "deleted"

    def _state(self, ref: Ref) -> str | None:
        maker = Ref(self._beside.get(ref.kind, ref.kind), ref.name)
        return self.entry(ref).get("state") or self.entry(maker).get("state")

    def found(self, ref: Ref, found: Found) -> None:
        self._data.setdefault(ref.kind, {})[ref.name] = {"state": "found", "id": found.id, **found.extra}

    def plan(self, plan: Plan, declared: Mapping[Ref, Resource]) -> None:
        """Takes over what a plan will make, change and delete (check mode)."""
        for change in plan.changes:
            if change.action is Action.DELETE:
                self.gone(change.ref)
            elif change.ref in declared:
                entries = self._data.setdefault(change.ref.kind, {})
                before = {"state": "planned"} if change.action is Action.CREATE else entries.get(change.ref.name, {})
                entries[change.ref.name] = {**before, **declared[change.ref].extra}

    def gone(self, ref: Ref) -> None:
        self._data.setdefault(ref.kind, {})[ref.name] = {"state": "deleted"}

    def of_kind(self, kind: str) -> Iterator[tuple[Ref, Mapping[str, Any]]]:
        for name, entry in self._data.get(kind, {}).items():
            yield Ref(kind, name), entry

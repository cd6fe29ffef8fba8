# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Release notes of a decision. Pure."""

from __future__ import annotations

from ..._core.plan import Value
from .decision import Decision, Entry

_TITLES = {
    "breaking": "Breaking changes",
    "feat": "Features",
    "fix": "Fixes",
    "perf": "Performance",
    "revert": "Reverts",
}
UNCONVENTIONAL = "other"
"""Under which commits stand that are not conventional."""


def by_type(decision: Decision) -> dict[str, list[dict[str, Value]]]:
    """Type -> its changes, newest first, breaking ones also under `breaking`. Well-known types come first."""
    found: dict[str, list[dict[str, Value]]] = {}
    for entry in decision.entries:
        if entry.change.breaking is not None:
            found.setdefault("breaking", []).append(_note(entry, entry.change.breaking))
        found.setdefault(entry.change.type or UNCONVENTIONAL, []).append(_note(entry, entry.change.description))
    order = [*_TITLES, *sorted(set(found) - set(_TITLES))]
    return {name: found[name] for name in order if name in found}


def _note(entry: Entry, text: str) -> dict[str, Value]:
    return {"commit": entry.commit.id, "scope": entry.change.scope, "description": text}


def markdown(decision: Decision) -> str:
    """The notes for readers: what breaks, features, fixes, and other types that raise the version."""
    if decision.version is None or not decision.due:
        return ""
    raising = {entry.change.type or UNCONVENTIONAL for entry in decision.entries if entry.bump}
    lines = [f"## {decision.version}"]
    for name, notes in by_type(decision).items():
        if name in ("breaking", "feat", "fix") or name in raising:
            lines += ["", f"### {_TITLES.get(name, name.capitalize())}", ""]
            lines += [_line(note) for note in notes]
    return "\n".join(lines) + "\n"


def _line(note: dict[str, Value]) -> str:
    scope = f"**{note['scope']}:** " if note["scope"] else ""
    text = " ".join(str(note["description"]).split())
    return f"- {scope}{text} ({note['commit'][:12]})"


def message(name: str, decision: Decision) -> str:
    """The message of an annotated tag: its name and the notes."""
    return f"{name}\n\n{markdown(decision)}"

# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plans and runs in words, for people. Pure; plain text, without colour."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from .options import Options
from .plan import Action, Change, Effect, Field, Plan, Ref, Value, plain

SIGNS = {Action.CREATE: "+", Action.UPDATE: "~", Action.REPLACE: "-/+", Action.DELETE: "-"}
"""What stands in front of a change, as other planners write it."""

EFFECTS = {Effect.NONE: "", Effect.ROLLS_NODES: "rolls nodes", Effect.INTERRUPTS: "interrupts what runs"}

OPTIONS: Options = {
    "tasks": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "layer": {"type": "str", "required": True},
            "seconds": {"type": "float", "required": True},
            "changes": {"type": "list", "elements": "dict", "default": []},
            "left": {"type": "int", "default": 0},
        },
    },
}
"""Options of the module `summary`: what `entry` gives of each task."""

_INDENT = "    "
_WIDTH = 100


def diff(plan: Plan) -> dict[str, str]:
    """Ansible's `diff`: `{"prepared": text}`, which callbacks print as it is; `{}` for an empty plan."""
    return {"prepared": "\n".join(lines(plan.changes)) + "\n"} if plan else {}


def lines(changes: Iterable[Change]) -> Iterator[str]:
    """A line a change, and below it a line a field: `-/+ replace node group 'spot': rolls nodes`."""
    for change in changes:
        effect = EFFECTS[change.effect]
        yield f"{SIGNS[change.action]:<3} {change.action} {change.ref.words}{f': {effect}' if effect else ''}"
        for field in change.fields:
            yield from _field(field, change.action)


def _field(field: Field, action: Action) -> Iterator[str]:
    before, after = plain(field.before), plain(field.after)
    if action is Action.CREATE:
        yield from _whole(f"{field.path}: ", after)
    elif max(len(_inline(before)), len(_inline(after))) <= _WIDTH:
        yield f"{_INDENT}{field.path}: {_inline(before)} -> {_inline(after)}"
    else:
        yield f"{_INDENT}{field.path}:"
        old, new = (_pretty(value).splitlines() for value in (before, after))
        for line in list(difflib.unified_diff(old, new, lineterm="", n=2))[2:]:
            if not line.startswith("@@"):
                yield f"{_INDENT}  {line}"


def _whole(name: str, value: Value) -> Iterator[str]:
    text = _inline(value)
    if len(text) <= _WIDTH:
        yield f"{_INDENT}{name}{text}"
        return
    yield f"{_INDENT}{name.rstrip()}"
    for line in _pretty(value).splitlines():
        yield f"{_INDENT}  {line}"


def _inline(value: Value) -> str:
    """A value on one line; what does not stand is `(none)`, as no text can be taken for."""
    if value is None:
        return "(none)"
    return json.dumps(value, ensure_ascii=False)


def _pretty(value: Value) -> str:
    """A value on many lines, so that a difference shows its place."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2)


DONE = {"created": Action.CREATE, "updated": Action.UPDATE, "replaced": Action.REPLACE, "deleted": Action.DELETE}
"""What a summary counts -> the action."""


def entry(layer: str, seconds: float, result: Mapping[str, Any]) -> dict[str, Any]:
    """What the summary of a run keeps of one task: its layer, its seconds, and of its changes no values.

    :param result: what the module answered; of one that failed, `changes_done` and `changes_left`.
    """
    failed = bool(result.get("failed"))
    changes = result.get("changes_done" if failed else "changes", [])
    kept = [{name: change[name] for name in ("kind", "name", "action", "effect")} for change in changes]
    return {"layer": layer, "seconds": seconds, "changes": kept, "left": len(result.get("changes_left", []))}


def summary(entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Counts by `DONE`; `left`, the changes that a failure left undone; what `rolls_nodes` and what `interrupts`, in
    words; `seconds`, by layer in the order in which they ran.
    """
    changes = [change for task in entries for change in task["changes"]]
    felt: dict[str, list[str]] = {effect.value: [] for effect in Effect if effect is not Effect.NONE}
    for change in changes:
        if change["effect"] in felt:
            felt[change["effect"]].append(Ref(change["kind"], change["name"]).words)
    seconds: dict[str, float] = {}
    for task in entries:
        seconds[task["layer"]] = seconds.get(task["layer"], 0.0) + task["seconds"]
    return {
        **{name: sum(change["action"] == action for change in changes) for name, action in DONE.items()},
        "left": sum(task["left"] for task in entries),
        **felt,
        "seconds": {layer: round(spent, 1) for layer, spent in seconds.items()},
    }


def summary_lines(name: str, totals: Mapping[str, Any], *, check_mode: bool) -> list[str]:
    """The summary of a platform in a few lines: `demo: 65 created, 2 updated; 1 left undone`."""
    words = {done: f"to {action}" if check_mode else done for done, action in DONE.items()}
    counted = [f"{totals[done]} {word}" for done, word in words.items() if totals[done]]
    nothing = "nothing to change" if check_mode else "nothing changed"
    left = f"; {totals['left']} left undone" if totals["left"] else ""
    effects = [f"  {text}: {', '.join(totals[effect])}" for effect, text in EFFECTS.items() if totals.get(effect)]
    seconds = ", ".join(f"{layer} {spent:g}" for layer, spent in totals["seconds"].items())
    return [f"{name}: {', '.join(counted) or nothing}{left}", *effects, *([f"  seconds: {seconds}"] if seconds else [])]

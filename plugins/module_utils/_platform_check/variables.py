# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Variables of the roles: which there are, and which of them feeds which option of a module. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Any

from .._core.options import Options
from .._core.plan import Refusal, Value

SHARED: Options = {
    "platform_name": {"type": "str", "required": True},
    "platform_account_id": {"type": "str"},
    "platform_lock": {"type": "dict"},
    "platform_lock_overrides": {"type": "dict"},
    "platform_profile": {"type": "str"},
    "platform_region": {"type": "str"},
}
"""Variables of the plays, whichever roles they run."""

_SECRET = re.compile(r"pass|secret|token|credential|private", re.IGNORECASE)
_REFERENCE = re.compile(r"\{\{[\s(]*([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)")


def refuse_unknown(variables: Mapping[str, Value], known: Iterable[str], roles: Iterable[str]) -> None:
    """Refusal for the first variable that has the prefix of a role, or of all, and that no role knows.

    The value of a variable whose name speaks of a secret is not shown.
    """
    names, prefixes = sorted(known), ("platform_", *(f"{role}_" for role in roles))
    for name in sorted(variables):
        if name.startswith(prefixes) and name not in names:
            near = _beginning(name, names) or difflib.get_close_matches(name, names, n=1, cutoff=0.75)
            advice = f"perhaps {near[0]} is meant" if near else "no role has a variable of this name"
            value = "hidden" if _SECRET.search(name) else variables[name]
            raise Refusal(name, value, f"it is unknown, {advice}")


def _beginning(name: str, names: list[str]) -> list[str]:
    """A variable that goes on where the unknown one ends (`vpc_cidr`), or that ends before it does."""
    return [known for known in names if known.startswith(f"{name}_") or name.startswith(f"{known}_")][:1]


def sources(options: Mapping[str, Value], path: str = "") -> dict[str, str]:
    """Path inside a task's options -> the variable that its template names first: `cidr_block` -> `vpc_cidr_block`."""
    found: dict[str, str] = {}
    for key, value in options.items():
        found |= _sources(value, f"{path}.{key}" if path else str(key))
    return found


def _sources(value: Value, path: str) -> dict[str, str]:
    if isinstance(value, Mapping):
        return sources(value, path)
    if isinstance(value, list):
        entries = [_sources(entry, f"{path}[{position}]") for position, entry in enumerate(value)]
        return {key: variable for entry in entries for key, variable in entry.items()}
    match = _REFERENCE.search(value) if isinstance(value, str) else None
    return {path: match[1]} if match else {}


def name_of(path: str, by_path: Mapping[str, Any]) -> str:
    """The name under which the user knows a path inside the options: `subnets[1].cidr` -> `vpc_subnets[1].cidr`."""
    for end in range(len(path), 0, -1):
        if path[:end] in by_path and (end == len(path) or path[end] in ".["):
            return f"{by_path[path[:end]]}{path[end:]}"
    return path


def in_words(text: str, by_path: Mapping[str, str]) -> str:
    """A text in which each option that stands by its name is the variable that feeds it (`support_type`)."""
    for path, variable in by_path.items():
        if "_" in path and path.isidentifier():
            text = re.sub(rf"(?<![\w.]){path}(?![\w.])", variable, text)
    return text

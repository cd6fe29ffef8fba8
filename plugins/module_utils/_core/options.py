# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options checked strictly, with one sentence for what is wrong. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from ansible.module_utils.parsing.convert_bool import BOOLEANS_FALSE, BOOLEANS_TRUE

from .plan import Refusal, Value

Options = Mapping[str, Mapping[str, Any]]
"""An Ansible argument specification: `type`, `elements`, `options`, `required`, `default`, `choices`."""

COMMON: dict[str, dict[str, Any]] = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "known": {"type": "dict", "default": {}},
}
"""Options of every box, whatever API it is on."""


IN_QUOTES = "in quotes, which a survey of AWX drops and its extra variables keep"
"""How a user gives a text that Ansible would take for something else."""


def checked(options: Options, values: Mapping[str, Value], name_of: Callable[[str], str] = str) -> dict[str, Value]:
    """The values of all options, cast and with defaults, or Refusal for the first that is wrong.

    Booleans are taken as Ansible takes them ('yes', 'true', '1', ...), whole numbers also as text; a float is no text
    (an unquoted 1.30 would mean 1.3), a single text is no list. What Ansible made of a text without quotes, as the
    answers of AWX's surveys arrive, is that text again where only one can be meant: one of the choices, a date.

    :param name_of: the name under which the user knows an option.
    """
    return _mapping(options, values, name_of)


def check_confirmation(option: str, confirmation: str | None, platform: str) -> None:
    """Refusal for a confirmation that is given, even as an empty text, and that is not the platform's name."""
    if confirmation is not None and confirmation != platform:
        required = f"'{platform}' is required, the name of the platform that is to be destroyed"
        raise Refusal(option, confirmation or None, required)


def _mapping(options: Options, values: Mapping[str, Value], path: Callable[[str], str]) -> dict[str, Value]:
    for key in values:
        if key not in options:
            raise Refusal(path(str(key)), values[key], f"it is unknown, allowed are {', '.join(sorted(options))}")
    answer: dict[str, Value] = {}
    for key, option in options.items():
        value = values.get(key)
        if value is None and option.get("required"):
            raise Refusal(path(key), None, "a value is required")
        if value is None:
            value = option.get("default")  # one that is a mapping is completed with the defaults of its own options
        answer[key] = None if value is None else _value(option, value, path(key))
    return answer


def _value(option: Mapping[str, Any], value: Value, path: str) -> Value:
    kind = option.get("type", "str")
    choices = option.get("choices")
    if kind == "str" and choices and isinstance(value, (bool, float, date)):
        value = _meant(choices, value)
    cast = _CASTS[kind](value, path)
    if kind == "list":
        elements = {"type": option.get("elements", "str"), "options": option.get("options"), "choices": choices}
        return [_value(elements, entry, f"{path}[{position}]") for position, entry in enumerate(cast)]
    if kind == "dict" and option.get("options"):
        return _mapping(option["options"], cast, lambda key: f"{path}.{key}")
    if choices and cast not in choices:
        raise Refusal(path, value, f"allowed are {', '.join(str(choice) for choice in choices)}")
    return cast


def _meant(choices: Sequence[str], value: bool | float | date) -> Value:
    """The one choice that Ansible makes this value of where it stands without quotes, else the value."""
    if isinstance(value, bool):
        words = BOOLEANS_TRUE if value else BOOLEANS_FALSE
        told = [choice for choice in choices if choice.lower() in words]
    elif isinstance(value, float):
        told = [choice for choice in choices if _number(choice) == value]
    else:
        told = [choice for choice in choices if choice == value.isoformat()]
    return told[0] if len(told) == 1 else value


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _text(value: Value, path: str) -> str:
    if isinstance(value, str):
        return str(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise Refusal(path, value, f"a text is allowed ({IN_QUOTES})")


def _boolean(value: Value, path: str) -> bool:
    try:
        normal = value.strip().lower() if isinstance(value, str) else value
        if normal in BOOLEANS_TRUE:
            return True
        if normal in BOOLEANS_FALSE:
            return False
    except TypeError:
        pass
    raise Refusal(path, value, "allowed are true and false")


def _integer(value: Value, path: str) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return int(value)
    if isinstance(value, str):
        try:
            return int(value)
        except ValueError:
            pass
    raise Refusal(path, value, "a whole number is allowed")


def _list(value: Value, path: str) -> list[Value]:
    if isinstance(value, (list, tuple)):
        return list(value)
    raise Refusal(path, value, f"a list is allowed{_as_json(value, path, '[')}")


def _dictionary(value: Value, path: str) -> dict[str, Value]:
    if isinstance(value, Mapping):
        return dict(value)
    raise Refusal(path, value, f"a mapping of keys to values is allowed{_as_json(value, path, '{')}")


def _as_json(value: Value, path: str, bracket: str) -> str:
    """How a variable that `-e name=value` made a text is given with its type; nothing where that is not the mistake."""
    if not isinstance(value, str) or not value.lstrip().startswith(bracket) or not path.isidentifier():
        return ""
    try:
        meant = json.dumps(json.loads(value))
    except ValueError:
        meant = "[...]" if bracket == "[" else "{...}"
    return f", but -e name=value gives a text; write -e '{{\"{path}\": {meant}}}'"


_CASTS: dict[str, Callable[[Value, str], Any]] = {
    "str": _text,
    "path": _text,
    "bool": _boolean,
    "int": _integer,
    "list": _list,
    "dict": _dictionary,
    "raw": lambda value, path: value,
}

# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options checked strictly, with one sentence for what is wrong. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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


def checked(options: Options, values: Mapping[str, Value], name_of: Callable[[str], str] = str) -> dict[str, Value]:
    """The values of all options, cast and with defaults, or Refusal for the first that is wrong.

    Booleans are taken as Ansible takes them ('yes', 'true', '1', ...), whole numbers also as text; a float is no text
    (an unquoted 1.30 would mean 1.3), a single text is no list.

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
    cast = _CASTS[kind](value, path)
    choices = option.get("choices")
    if kind == "list":
        elements = {"type": option.get("elements", "str"), "options": option.get("options"), "choices": choices}
        return [_value(elements, entry, f"{path}[{position}]") for position, entry in enumerate(cast)]
    if kind == "dict" and option.get("options"):
        return _mapping(option["options"], cast, lambda key: f"{path}.{key}")
    if choices and cast not in choices:
        raise Refusal(path, value, f"allowed are {', '.join(str(choice) for choice in choices)}")
    return cast


def _text(value: Value, path: str) -> str:
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise Refusal(path, value, "a text is allowed (in quotes where it looks like a number)")


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
    raise Refusal(path, value, "a list is allowed")


def _dictionary(value: Value, path: str) -> dict[str, Value]:
    if isinstance(value, Mapping):
        return dict(value)
    raise Refusal(path, value, "a mapping of keys to values is allowed")


_CASTS: dict[str, Callable[[Value, str], Any]] = {
    "str": _text,
    "path": _text,
    "bool": _boolean,
    "int": _integer,
    "list": _list,
    "dict": _dictionary,
    "raw": lambda value, path: value,
}

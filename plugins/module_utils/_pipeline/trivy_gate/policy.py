# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The policy file: what is allowed in an image. Read and checked before anything is scanned."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from ..._core.options import checked
from ..._core.plan import Impossible, Refusal, Value
from .canary import purl_of
from .model import KINDS, SEVERITIES

try:
    import yaml
except ImportError:  # the module says so
    if not TYPE_CHECKING:
        yaml = None

ANY = "any"
_STRICT = {"CRITICAL": 0, "HIGH": 0, "UNKNOWN": 0}
_THRESHOLDS: dict[str, Any] = {
    "type": "dict",
    "default": _STRICT,
    "options": {severity: {"type": "raw"} for severity in SEVERITIES},
}
POLICY: dict[str, dict[str, Any]] = {
    "vulnerabilities": {
        "type": "dict",
        "default": {},
        "options": {
            "thresholds": _THRESHOLDS,
            "fixable_only": {"type": "bool", "default": True},
            "grace_days": {
                "type": "dict",
                "default": {},
                "options": {severity: {"type": "int", "default": 0} for severity in SEVERITIES},
            },
        },
    },
    "secrets": {
        "type": "dict",
        "default": {},
        "options": {"thresholds": _THRESHOLDS | {"default": dict.fromkeys(SEVERITIES, 0)}},
    },
    "misconfigurations": {
        "type": "dict",
        "options": {
            "thresholds": _THRESHOLDS,
            "checks": {"type": "str", "choices": ["bundle", "embedded"], "default": "bundle"},
        },
    },
    "licenses": {
        "type": "dict",
        "options": {
            "thresholds": _THRESHOLDS,
            "allowed": {"type": "list", "elements": "str", "default": []},
            "denied": {"type": "list", "elements": "str", "default": []},
        },
    },
    "exceptions": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "id": {"type": "str", "required": True},
            "package": {"type": "str", "required": True},
            "reason": {"type": "str", "required": True},
            "owner": {"type": "str", "required": True},
            "expires": {"type": "raw", "required": True},
        },
    },
    "exception_days": {"type": "int", "default": 90},
    "vex_days": {"type": "int", "default": 90},
    "unused": {"type": "str", "choices": ["fail", "warn"], "default": "fail"},
    "database_hours": {"type": "int", "default": 48},
    "operating_system": {"type": "str", "choices": ["required", "optional"], "default": "required"},
    "canaries": {"type": "list", "elements": "str", "default": []},
}
"""Keys of the policy file, as an argument specification."""


@dataclass(frozen=True)
class Section:
    """What is allowed of one kind.

    :param thresholds: severity -> number of findings that are allowed, None for any number.
    :param grace_days: severity -> days after publication in which a vulnerability does not count.
    """

    thresholds: Mapping[str, int | None]
    fixable_only: bool = False
    grace_days: Mapping[str, int] | None = None
    checks: str = ""
    allowed: tuple[str, ...] = ()
    denied: tuple[str, ...] = ()


@dataclass(frozen=True)
class Exemption:
    """A finding that somebody has accepted for a time; `expires` is the last day."""

    id: str
    package: str
    reason: str
    owner: str
    expires: date

    @property
    def words(self) -> str:
        return f"the exception {self.id} for '{self.package}' of {self.owner}"


@dataclass(frozen=True)
class Policy:
    """:param sections: kind -> what is allowed; a kind that is not there is not scanned for."""

    sections: Mapping[str, Section]
    exceptions: tuple[Exemption, ...]
    vex_days: int
    unused: str
    database_hours: int
    operating_system: str
    canaries: tuple[str, ...]


def read(path: str, today: date) -> Policy:
    """The policy in a file of YAML or JSON.

    :raises Refusal: the file is not there, or says what no policy says; the option is named `policy.<path in it>`.
    """
    if not os.path.isfile(path):
        raise Refusal("policy", path, "the path of a file is needed")
    try:
        with open(path, encoding="utf-8") as file:
            content = yaml.load(file, _Loader)  # a safe one, below
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        why = " ".join(str(error).split())
        raise Impossible(f"The policy '{path}' cannot be read: {why}.") from error
    if not isinstance(content, dict):
        raise Impossible(f"The policy '{path}' cannot be read: a mapping of keys to values is needed.")
    return parse(content, today)


def parse(content: Mapping[str, Value], today: date) -> Policy:
    """A policy by its content, Refusal for the first value that is wrong. Pure."""
    given = checked(POLICY, content, lambda key: f"policy.{key}")
    for number in ("exception_days", "vex_days", "database_hours"):
        if given[number] < 1:
            raise Refusal(f"policy.{number}", given[number], "1 or more is allowed")
    sections = {kind: _section(kind, given[kind]) for kind in KINDS if given[kind] is not None}
    exceptions = [_exception(n, entry, given["exception_days"], today) for n, entry in enumerate(given["exceptions"])]
    seen: set[tuple[str, str]] = set()
    for position, entry in enumerate(exceptions):
        if (entry.id, entry.package) in seen:
            raise Refusal(f"policy.exceptions[{position}]", f"{entry.id} for {entry.package}", "it stands there twice")
        seen.add((entry.id, entry.package))
    for position, text in enumerate(given["canaries"]):
        if purl_of(text) is None:
            raise Refusal(
                f"policy.canaries[{position}]", text, "a package URL with version is allowed (pkg:gem/rack@0)"
            )
    return Policy(
        sections=sections,
        exceptions=tuple(exceptions),
        vex_days=given["vex_days"],
        unused=given["unused"],
        database_hours=given["database_hours"],
        operating_system=given["operating_system"],
        canaries=tuple(given["canaries"]),
    )


def _section(kind: str, given: Mapping[str, Any]) -> Section:
    path = f"policy.{kind}"
    defaults: Mapping[str, Value] = POLICY[kind]["options"]["thresholds"]["default"]
    grace = given.get("grace_days") or {}
    for severity, days in grace.items():
        if days < 0:
            raise Refusal(f"{path}.grace_days.{severity}", days, "0 or more is allowed")
    for name in given.get("denied", ()):
        if name in given["allowed"]:
            raise Refusal(f"{path}.denied", name, "it stands in allowed too")
    return Section(
        thresholds={
            severity: _threshold(path, severity, defaults.get(severity, ANY) if number is None else number)
            for severity, number in given["thresholds"].items()
        },
        fixable_only=given.get("fixable_only", False),
        grace_days=grace,
        checks=given.get("checks", ""),
        allowed=tuple(given.get("allowed", ())),
        denied=tuple(given.get("denied", ())),
    )


def _threshold(path: str, severity: str, number: Value) -> int | None:
    if number == ANY:
        return None
    if not isinstance(number, int) or isinstance(number, bool) or number < 0:
        raise Refusal(f"{path}.thresholds.{severity}", number, "a whole number from 0 on or 'any' is allowed")
    return number


def _exception(position: int, given: Mapping[str, Any], longest: int, today: date) -> Exemption:
    path = f"policy.exceptions[{position}]"
    for key in ("id", "package", "reason", "owner"):
        if not given[key].strip():
            raise Refusal(f"{path}.{key}", given[key], "a value is required")
    expires = given["expires"]
    if isinstance(expires, str):
        try:
            expires = date.fromisoformat(expires)
        except ValueError:
            expires = None
    if not isinstance(expires, date) or isinstance(expires, datetime):
        raise Refusal(f"{path}.expires", given["expires"], "a day like 2030-12-31 is allowed")
    if expires < today:
        raise Refusal(f"{path}.expires", str(expires), f"{given['id']} has expired, fix it or decide anew")
    if expires > today + timedelta(days=longest):
        raise Refusal(
            f"{path}.expires", str(expires), f"at most {longest} days from today are allowed (exception_days)"
        )
    return Exemption(given["id"], given["package"], given["reason"], given["owner"], expires)


if yaml is not None:

    class _Loader(yaml.SafeLoader):
        """YAML in which no key stands twice: the first of the two would be lost without a word."""

        def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
            keys = [key.value for key, _value in node.value if isinstance(key, yaml.ScalarNode)]
            for key in keys:
                if keys.count(key) > 1:
                    raise yaml.constructor.ConstructorError(
                        None, None, f"the key {key!r} stands twice", node.start_mark
                    )
            return super().construct_mapping(node, deep)

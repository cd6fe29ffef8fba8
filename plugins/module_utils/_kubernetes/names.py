# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names, labels and annotations of Kubernetes' objects. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from .._core.plan import Refusal, Value

LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
"""A label of RFC 1123, at most 63 characters. Source: "Object Names and IDs", Kubernetes documentation."""

_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?")
_SUBDOMAIN = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
ANNOTATIONS_SIZE = 256 * 1024
"""Bytes of all keys and values of an object's annotations."""


def dns_label(option: str, name: str) -> str:
    """A name by RFC 1123, or Refusal."""
    if not LABEL.fullmatch(name):
        allowed = (
            "allowed are 1 to 63 lower-case letters, digits and hyphens, beginning and ending with a letter or digit"
        )
        raise Refusal(option, name, allowed)
    return name


def qualified(key: str) -> bool:
    """Whether a text is a qualified name: a name of at most 63 characters, or `domain/name`.

    Source: "Labels and Selectors", Kubernetes documentation.
    """
    domain, slash, name = key.rpartition("/")
    return bool(_NAME.fullmatch(name)) and (not slash or (len(domain) <= 253 and bool(_SUBDOMAIN.fullmatch(domain))))


def check_labels(option: str, given: Mapping[str, Value]) -> dict[str, str]:
    """Labels whose keys and values Kubernetes accepts, or Refusal."""
    for key, value in given.items():
        _check_key(option, key, value)
        if not isinstance(value, str) or (value and not _NAME.fullmatch(value)):
            allowed = (
                "a value is a text of at most 63 letters, digits and _.-, beginning and ending with a letter or digit "
                "(in quotes where it looks like a number or true)"
            )
            raise Refusal(f"{option}.{key}", value, allowed)
    return dict(given)


def check_annotations(option: str, given: Mapping[str, Value]) -> dict[str, str]:
    """Annotations whose keys and size Kubernetes accepts, or Refusal."""
    size = 0
    for key, value in given.items():
        _check_key(option, key, value)
        if not isinstance(value, str):
            allowed = "a value is a text (in quotes where it looks like a number or true)"
            raise Refusal(f"{option}.{key}", value, allowed)
        size += len(key.encode()) + len(value.encode())
    if size > ANNOTATIONS_SIZE:
        raise Refusal(option, f"{size} bytes", f"at most {ANNOTATIONS_SIZE} bytes of keys and values are allowed")
    return dict(given)


def _check_key(option: str, key: Value, value: Value) -> None:
    if not isinstance(key, str) or not qualified(key):
        allowed = (
            "a key has 1 to 63 letters, digits and _.-, beginning and ending with a letter or digit, and may have a "
            "domain and / in front"
        )
        raise Refusal(f"{option}.{key}", value, allowed)

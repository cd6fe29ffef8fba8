# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Kubernetes' quantities: `500m`, `1.5Gi`, `1e3`. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from fractions import Fraction

from .._core.plan import Refusal, Value

_QUANTITY = re.compile(r"([+-]?)([0-9]{1,40}\.?[0-9]{0,40}|\.[0-9]{1,40})([eE][+-]?[0-9]{1,2}|[KMGTPE]i|[numkMGTPE]?)")
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_NANO = 10**9
MAXIMUM = 2**63 - 1


def parsed(text: str) -> Fraction | None:
    """The number that a quantity means, None for a text that is none.

    What is finer than a billionth is rounded up, as the API server does. Source: k8s.io/apimachinery, package resource.
    """
    match = _QUANTITY.fullmatch(text)
    if match is None:
        return None
    sign, number, suffix = match.groups()
    if suffix in _BINARY:
        scale = Fraction(2 ** _BINARY[suffix])
    else:
        scale = Fraction(10) ** (_DECIMAL[suffix] if suffix in _DECIMAL else int(suffix[1:]))
    value = Fraction(math.ceil(Fraction(number) * scale * _NANO), _NANO)
    return -value if sign == "-" else value


def number(text: str) -> Fraction:
    """That of a quantity that was checked."""
    value = parsed(text)
    if value is None:
        raise ValueError(text)
    return value


def whole(text: str) -> bool:
    return number(text).denominator == 1


def checked(option: str, value: Value) -> str:
    """A quantity that is not negative, as text, or Refusal. A whole number may stand without quotes."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    number = parsed(text) if isinstance(text, str) else None
    if number is None or not 0 <= number <= MAXIMUM:
        allowed = "a Kubernetes quantity from 0 to 2^63-1 is allowed, in quotes, such as '500m', '2' or '10Gi'"
        raise Refusal(option, value, allowed)
    return str(text)


def alike(stands: Mapping[str, str], declared: Mapping[str, str]) -> dict[str, str]:
    """What stands, each quantity that means the same as the declared one written as that: `1` and `1000m` are equal."""
    return {
        key: declared[key] if key in declared and parsed(declared[key]) == parsed(text) else text
        for key, text in stands.items()
    }

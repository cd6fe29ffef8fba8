# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads of several resources by their names, side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

from .._core.box import Finder
from .._core.plan import Found, Ref
from .client import Api

Look = Callable[[Api, str], "Found | None"]


def by_name(api: Api, look: Look, names: Iterable[str]) -> dict[str, Found]:
    """Those of the names that stand; `look` is asked about each."""
    wanted = sorted(set(names))
    answers = api.together([partial(look, api, name) for name in wanted])
    return {name: found for name, found in zip(wanted, answers, strict=True) if found is not None}


def read_by_name(api: Api, kind: str, look: Look, names: Iterable[str]) -> dict[Ref, Found]:
    """The same as what stands of a kind."""
    return {Ref(kind, name): found for name, found in by_name(api, look, names).items()}


def one_by_one(look: Look) -> Finder:
    """Finds names that are unique in an account, whose platform it is does not matter."""

    def find(api: Api, platform: str, names: Sequence[str]) -> Mapping[str, Found]:
        return by_name(api, look, names)

    return find

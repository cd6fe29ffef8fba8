# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finds by name what other tasks make, as each kind says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .box import Kind
from .known import Known
from .plan import Ref
from .provider import Connection


def find(
    connection: Connection, platform: str, refs: Iterable[Ref], kinds: Sequence[Kind], known: Known, *, check_mode: bool
) -> None:
    """Looks up what is not known yet and tells `known`; Impossible for a name that stands nowhere and is not planned.

    A name that an earlier task of the same check run plans to make counts in check mode only.
    """
    by_name = {kind.name: kind for kind in kinds}
    wanted: dict[str, set[str]] = {}
    for ref in refs:
        if known.id(ref) is None and not (check_mode and known.planned(ref)):
            wanted.setdefault(ref.kind, set()).add(ref.name)
    for kind, names in sorted(wanted.items()):
        look = by_name[kind].find if kind in by_name else None
        if look is None:
            raise AssertionError(f"the box refers to a {kind} and names no kind that finds it")
        for name, found in look(connection, platform, sorted(names)).items():
            if name in names:
                known.found(Ref(kind, name), found)
    for kind, names in sorted(wanted.items()):
        for name in sorted(names):
            if known.id(Ref(kind, name)) is None:
                raise by_name[kind].missing(Ref(kind, name), platform)

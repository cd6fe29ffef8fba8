# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules that what one role declares has to keep towards another. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .._account import Account
from .._plan import Refusal, Value
from .model import Declared


class Specs:
    """What the boxes' `parse` returned, by module.

    :param parsed: each call of a module with what its box's `parse` returned.
    """

    def __init__(self, parsed: Sequence[tuple[Declared, Any]], account: Account) -> None:
        self._parsed = parsed
        self.account = account

    def of(self, module: str) -> Any:
        """What the first call of a module declares, or None where no selected role calls it."""
        return next((spec for call, spec in self._parsed if call.module == module), None)

    def refusal(self, module: str, option: str, value: Value, allowed: str) -> Refusal:
        """The refusal of an option of a module, by the variable that feeds it."""
        refusal = Refusal(option, value, allowed)
        return next((call.renamed(refusal) for call, _ in self._parsed if call.module == module), refusal)


RULES: tuple[Callable[[Specs], None], ...] = ()

# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What IAM's kinds share."""

from __future__ import annotations

from collections.abc import Callable

from ..._core.wait import patiently
from ..client import code_of

LET_GO_SECONDS = 30
"""How long IAM may still count what a role or a profile has just been rid of."""


def let_go(delete: Callable[[], object]) -> None:
    patiently(delete, lambda error: code_of(error) == "DeleteConflict", timeout=LET_GO_SECONDS)

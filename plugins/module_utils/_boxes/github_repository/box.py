# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rulesets, environments and settings of a repository on GitHub."""

from __future__ import annotations

from ..._core.box import Box
from ..._github.provider import GITHUB
from .apply import KINDS
from .model import OPTIONS, parse
from .plan import answer, declare, guard
from .read import read

BOX = Box(
    name="the repository",
    role="github",
    provider=GITHUB,
    options=OPTIONS,
    kinds=KINDS,
    parse=parse,
    read=read,
    declare=declare,
    guard=guard,
    answer=answer,
)

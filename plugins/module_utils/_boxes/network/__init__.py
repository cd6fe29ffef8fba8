# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The network of the platform: a VPC over three availability zones, or the use of one that others made."""

from __future__ import annotations

from ..._aws.provider import AWS
from ..._core.box import Box
from .kinds import KINDS
from .model import OPTIONS, parse
from .plan import answer, declare
from .read import read

BOX = Box(
    name="the network",
    role="vpc",
    provider=AWS,
    options=OPTIONS,
    kinds=KINDS,
    parse=parse,
    read=read,
    declare=declare,
    facts=lambda params: {"zones": ()},
    answer=answer,
)

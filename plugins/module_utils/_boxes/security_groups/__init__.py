# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Security groups of the platform and the rules between them."""

from __future__ import annotations

from ..._aws.provider import AWS
from ..._core.box import Box
from .apply import KINDS
from .model import OPTIONS, parse
from .plan import declare
from .read import read

BOX = Box(
    name="the security groups",
    role="eks",
    provider=AWS,
    options=OPTIONS,
    kinds=KINDS,
    parse=parse,
    read=read,
    declare=declare,
)

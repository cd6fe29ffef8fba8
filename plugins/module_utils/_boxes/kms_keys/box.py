# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The platform's customer managed KMS keys."""

from __future__ import annotations

from ..._aws.kms.keys import KMS_KEY
from ..._aws.provider import AWS
from ..._core.box import Box
from .model import OPTIONS, parse
from .plan import declare, guard
from .read import read

BOX = Box(
    name="the KMS keys",
    role="eks",
    provider=AWS,
    options=OPTIONS,
    kinds=(KMS_KEY,),
    parse=parse,
    read=read,
    declare=declare,
    guard=guard,
)

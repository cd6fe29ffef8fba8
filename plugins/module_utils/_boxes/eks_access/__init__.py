# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who may enter a platform's cluster, and whom AWS trusts out of it."""

from __future__ import annotations

from ..._aws.provider import AWS
from ..._core.box import Box
from .apply import KINDS, before_apply
from .model import OPTIONS, parse
from .plan import declare
from .read import read

BOX = Box(
    name="the access to the EKS cluster",
    role="eks",
    provider=AWS,
    options=OPTIONS,
    kinds=KINDS,
    parse=parse,
    read=read,
    declare=declare,
    before_apply=before_apply,
)

# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The platform's managed node groups, with a launch template each."""

from __future__ import annotations

from .._box import Box
from .._nodes.groups import instance_types
from .apply import KINDS, before_apply
from .model import OPTIONS, parse
from .plan import answer, declare
from .read import complete, read

BOX = Box(
    name="the managed node groups",
    role="nodegroups",
    options=OPTIONS,
    kinds=KINDS,
    parse=parse,
    read=read,
    declare=declare,
    facts=("zones", "offerings"),
    instance_types=instance_types,
    complete=complete,
    before_apply=before_apply,
    answer=answer,
)

# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The platform's IAM roles, instance profiles and the service-linked roles that it needs."""

from __future__ import annotations

from ..._aws.iam.instance_profiles import INSTANCE_PROFILE
from ..._aws.iam.roles import IAM_ROLE
from ..._aws.iam.service_linked_roles import SERVICE_LINKED_ROLE
from ..._aws.provider import AWS
from ..._core.box import Box
from .model import OPTIONS, parse
from .plan import answer, declare
from .read import read

BOX = Box(
    name="the IAM roles",
    role="eks",
    provider=AWS,
    options=OPTIONS,
    kinds=(SERVICE_LINKED_ROLE, IAM_ROLE, INSTANCE_PROFILE),
    parse=parse,
    read=read,
    declare=declare,
    answer=answer,
)

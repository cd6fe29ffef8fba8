# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Security groups of the platform and the rules between them."""

from __future__ import annotations

from ..._aws.ec2.prefix_lists import PREFIX_LIST
from ..._aws.ec2.security_groups import SECURITY_GROUP, SECURITY_GROUP_RULES
from ..._aws.ec2.vpcs import VPC
from ..._aws.eks.cluster_security_groups import CLUSTER_SECURITY_GROUP
from ..._aws.provider import AWS
from ..._core.box import Box
from .model import OPTIONS, parse
from .plan import declare
from .read import read

BOX = Box(
    name="the security groups",
    role="eks",
    provider=AWS,
    options=OPTIONS,
    kinds=(SECURITY_GROUP, SECURITY_GROUP_RULES),
    uses=(VPC, PREFIX_LIST, CLUSTER_SECURITY_GROUP),
    parse=parse,
    read=read,
    declare=declare,
)

# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The platform's managed node groups, with a launch template each."""

from __future__ import annotations

from ..._aws.ec2.launch_templates import LAUNCH_TEMPLATE
from ..._aws.ec2.volumes import EBS_VOLUME
from ..._aws.eks.nodegroups import EKS_NODEGROUP
from ..._aws.eks.nodes.cluster import box
from .model import OPTIONS, parse
from .plan import answer, declare
from .read import read

BOX = box(
    name="the managed node groups",
    options=OPTIONS,
    kinds=(EBS_VOLUME, LAUNCH_TEMPLATE, EKS_NODEGROUP),
    parse=parse,
    read=read,
    declare=declare,
    answer=answer,
)

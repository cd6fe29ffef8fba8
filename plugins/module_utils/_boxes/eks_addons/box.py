# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The add-ons of a platform's cluster that EKS itself manages."""

from __future__ import annotations

from ..._aws.eks.addons import EKS_ADDON
from ..._aws.eks.clusters import EKS_CLUSTER
from ..._aws.iam.roles import IAM_ROLE
from ..._aws.provider import AWS
from ..._core.box import Box
from .model import OPTIONS, parse
from .plan import declare
from .read import before_apply, complete, read

BOX = Box(
    name="the EKS add-ons",
    role="eks",
    provider=AWS,
    options=OPTIONS,
    kinds=(EKS_ADDON,),
    uses=(EKS_CLUSTER, IAM_ROLE),
    parse=parse,
    read=read,
    complete=complete,
    declare=declare,
    before_apply=before_apply,
)

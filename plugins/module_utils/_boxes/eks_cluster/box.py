# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The EKS cluster of a platform and the log group of its control plane."""

from __future__ import annotations

from ..._aws.ec2.security_groups import SECURITY_GROUP
from ..._aws.ec2.subnets import SUBNET
from ..._aws.ec2.vpcs import VPC
from ..._aws.eks.clusters import EKS_CLUSTER
from ..._aws.iam.roles import IAM_ROLE
from ..._aws.kms.keys import KMS_KEY
from ..._aws.logs.log_groups import LOG_GROUP
from ..._aws.provider import AWS
from ..._core.box import Box
from .model import OPTIONS, parse
from .plan import answer, declare
from .read import complete, read

BOX = Box(
    name="the EKS cluster",
    role="eks",
    provider=AWS,
    options=OPTIONS,
    kinds=(LOG_GROUP, EKS_CLUSTER),
    uses=(VPC, SUBNET, SECURITY_GROUP, IAM_ROLE, KMS_KEY),
    parse=parse,
    read=read,
    complete=complete,
    declare=declare,
    facts=lambda params: {"versions": ()},
    answer=answer,
)

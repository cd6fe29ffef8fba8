# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who may enter a platform's cluster, and whom AWS trusts out of it."""

from __future__ import annotations

from ..._aws.ec2.security_groups import SECURITY_GROUP
from ..._aws.eks.access_entries import ACCESS_ENTRY
from ..._aws.eks.cluster_security_groups import CLUSTER_SECURITY_GROUP_RULE
from ..._aws.eks.clusters import EKS_CLUSTER
from ..._aws.iam.oidc_providers import OIDC_PROVIDER
from ..._aws.iam.roles import IAM_ROLE
from ..._aws.provider import AWS
from ..._core.box import Box
from .model import OPTIONS, parse
from .plan import declare
from .read import before_apply, read

BOX = Box(
    name="the access to the EKS cluster",
    role="eks",
    provider=AWS,
    options=OPTIONS,
    kinds=(CLUSTER_SECURITY_GROUP_RULE, ACCESS_ENTRY, OIDC_PROVIDER),
    uses=(EKS_CLUSTER, SECURITY_GROUP, IAM_ROLE),
    parse=parse,
    read=read,
    declare=declare,
    before_apply=before_apply,
)

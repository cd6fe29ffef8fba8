# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""IAM roles that workflows of one repository on GitHub assume, and the OIDC provider that AWS trusts them by."""

from __future__ import annotations

from ..._aws.iam.oidc_providers import OIDC_PROVIDER
from ..._aws.iam.roles import IAM_ROLE
from ..._aws.kms.keys import KMS_KEY
from ..._aws.provider import AWS
from ..._core.box import Box
from .model import OPTIONS, parse
from .plan import answer, declare
from .read import complete, read

BOX = Box(
    name="the roles of GitHub Actions",
    role="github",
    provider=AWS,
    options=OPTIONS,
    kinds=(OIDC_PROVIDER, IAM_ROLE),
    uses=(KMS_KEY,),
    parse=parse,
    read=read,
    declare=declare,
    complete=complete,
    answer=answer,
)

# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The platform's S3 buckets."""

from __future__ import annotations

from ..._aws.kms.keys import KMS_KEY
from ..._aws.provider import AWS
from ..._aws.s3.buckets import S3_BUCKET
from ..._core.box import Box
from .backend import answer
from .model import OPTIONS, parse
from .plan import declare, guard
from .read import read

BOX = Box(
    name="the S3 buckets",
    role="buckets",
    provider=AWS,
    options=OPTIONS,
    kinds=(S3_BUCKET,),
    uses=(KMS_KEY,),
    parse=parse,
    read=read,
    declare=declare,
    guard=guard,
    answer=answer,
)

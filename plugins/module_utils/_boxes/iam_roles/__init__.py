# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The platform's IAM roles, instance profiles and the service-linked roles that it needs.

Another box includes these kinds by `*KINDS` and the functions below: `iam_role`, `instance_profile` and
`service_linked_role` make Resources; `read_iam_roles`, `read_instance_profiles`, `read_service_linked_roles` read.
"""

from __future__ import annotations

from ..._aws.provider import AWS
from ..._core.box import Box
from .apply import KINDS
from .model import IAM_OPTIONS, OPTIONS, Iam, check_iam, parse
from .plan import answer, declare, iam_role, instance_profile, service_linked_role
from .read import read, read_iam_roles, read_instance_profiles, read_service_linked_roles
from .trust import pod_identity_trust, service_trust

BOX = Box(
    name="the IAM roles",
    role="eks",
    provider=AWS,
    options=OPTIONS,
    kinds=KINDS,
    parse=parse,
    read=read,
    declare=declare,
    answer=answer,
)

__all__ = [
    "BOX",
    "IAM_OPTIONS",
    "KINDS",
    "Iam",
    "check_iam",
    "iam_role",
    "instance_profile",
    "pod_identity_trust",
    "read_iam_roles",
    "read_instance_profiles",
    "read_service_linked_roles",
    "service_linked_role",
    "service_trust",
]

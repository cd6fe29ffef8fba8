# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What stands of the security groups of a platform."""

from __future__ import annotations

from ..._aws.client import Api
from ..._aws.ec2.model import tags_of
from ..._aws.ec2.security_groups import found, security_groups
from ..._aws.ec2.vpcs import find_vpcs
from ..._aws.tags import COMPONENT, IDENTITY
from ..._core.known import Known
from ..._core.plan import Found, Ref
from .model import SecurityGroups


def read(api: Api, spec: SecurityGroups, known: Known) -> dict[Ref, Found]:
    """The groups of this component, and those of declared names, in the platform's VPC: one call if that is known."""
    if known.planned(spec.vpc) or known.deleted(spec.vpc):
        return {}
    if known.id(spec.vpc) is None:
        for vpc in find_vpcs(api, spec.platform, [spec.vpc.name]).values():
            known.found(spec.vpc, vpc)
    vpc_id = known.id(spec.vpc)
    if vpc_id is None:
        return {}
    names = {group.name for group in spec.groups}
    answer: dict[Ref, Found] = {}
    for entry in security_groups(api, vpc_id):
        tags = tags_of(entry)
        ours = tags.get(IDENTITY) == spec.platform and tags.get(COMPONENT) == spec.component
        if ours or entry["GroupName"] in names:
            answer |= found(entry)
    return answer

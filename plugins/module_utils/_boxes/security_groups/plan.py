# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The security groups that are to stand. Pure."""

from __future__ import annotations

from ..._aws.ec2.model import security_group, security_group_rules
from ..._core.plan import Observed, Resource
from .model import SecurityGroups


def declare(spec: SecurityGroups, observed: Observed) -> list[Resource]:
    """First all groups, then the rules: those that refer to each other find each other."""
    groups = [security_group(entry, spec.platform, spec.vpc, spec.tags, spec.component) for entry in spec.groups]
    return groups + [security_group_rules(entry) for entry in spec.groups]

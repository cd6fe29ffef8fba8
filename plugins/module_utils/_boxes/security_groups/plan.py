# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The security groups that are to stand. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from ..._aws import tags as _tags
from ..._core.plan import Observed, Ref, Resource
from .model import Group, SecurityGroups

COMPONENT = "slipway:component"
"""Tag that tells whose a group is, so that the groups of one role are no surplus of another's."""


def group(entry: Group, platform: str, vpc: Ref, tags: Mapping[str, str], component: str) -> Resource:
    """The group itself; its rules are a resource of their own, since they may refer to groups that come later."""
    own = {**tags, **entry.tags}
    return Resource(
        Ref("security_group", entry.name),
        {"description": entry.description, "vpc": vpc},
        _tags.of(platform, entry.name, own, **{COMPONENT: component}),
    )


def rules(entry: Group) -> Resource:
    return Resource(
        Ref("security_group_rules", entry.name),
        {
            "group": Ref("security_group", entry.name),
            "ingress": {key: list(peers) for key, peers in entry.ingress.items()},
            "egress": {key: list(peers) for key, peers in entry.egress.items()},
        },
    )


def declare(spec: SecurityGroups, observed: Observed) -> list[Resource]:
    """First all groups, then the rules: those that refer to each other find each other."""
    groups = [group(entry, spec.platform, spec.vpc, spec.tags, spec.component) for entry in spec.groups]
    return groups + [rules(entry) for entry in spec.groups]

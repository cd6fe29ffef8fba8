# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""EC2's tags, and security groups and their rules as plans have them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..._core.plan import Ref, Resource
from .. import tags as _tags
from ..tags import COMPONENT


def tags_of(entry: Mapping[str, Any]) -> dict[str, str]:
    return _tags.from_list(entry.get("Tags"))


def name_of(entry: Mapping[str, Any]) -> str:
    """The Name tag, or AWS's own identifier text where somebody removed it: an empty text."""
    return tags_of(entry).get("Name", "")


@dataclass(frozen=True)
class Group:
    """:param name: `<platform>-<name>`, of the group and of its Name tag.
    :param ingress: `label` of protocol, ports, description -> peers (groups, blocks, prefix lists), sorted.
    """

    name: str
    description: str
    ingress: Mapping[str, tuple[Ref | str, ...]]
    egress: Mapping[str, tuple[Ref | str, ...]]
    tags: Mapping[str, str]


def label(protocol: str, ports: str, description: str) -> str:
    """The readable key of rules that share all but the peer: `tcp 443 Kubernetes API`, `all - Everything`."""
    return f"{protocol} {ports or '-'} {description}".rstrip()


def labelled(key: str) -> tuple[str, str, str]:
    """Protocol, ports (`443`, `1025-65535`, or an empty text) and description of a label."""
    protocol, ports, description = (*key.split(" ", 2), "")[:3]
    return protocol, "" if ports == "-" else ports, description


def security_group(entry: Group, platform: str, vpc: Ref, tags: Mapping[str, str], component: str) -> Resource:
    """The group itself; its rules are a resource of their own, since they may refer to groups that come later."""
    own = {**tags, **entry.tags}
    return Resource(
        Ref("security_group", entry.name),
        {"description": entry.description, "vpc": vpc},
        _tags.of(platform, entry.name, own, **{COMPONENT: component}),
    )


def security_group_rules(entry: Group) -> Resource:
    return Resource(
        Ref("security_group_rules", entry.name),
        {
            "group": Ref("security_group", entry.name),
            "ingress": {key: list(peers) for key, peers in entry.ingress.items()},
            "egress": {key: list(peers) for key, peers in entry.egress.items()},
        },
    )

# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of `eks_nodegroups` and what they declare. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..._aws.account import Account
from ..._aws.eks.nodes import groups
from ..._aws.eks.nodes.groups import GROUP_OPTIONS, Nodes
from ..._core.plan import Value

OPTIONS: dict[str, dict[str, Any]] = {
    "groups": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            **GROUP_OPTIONS,
            "update_strategy": {"type": "str", "choices": ["DEFAULT", "MINIMAL"], "default": "DEFAULT"},
            "node_repair": {"type": "bool", "default": True},
        },
    },
    **groups.OPTIONS,
}


@dataclass(frozen=True)
class Managed:
    """What EKS does beside what every group of nodes has."""

    update_strategy: str
    node_repair: bool


@dataclass(frozen=True)
class EksNodegroups(Nodes):
    """:param managed: by name of the group."""

    managed: Mapping[str, Managed] = field(default_factory=dict)


def parse(params: Mapping[str, Value], account: Account) -> EksNodegroups:
    nodes = groups.parse(params, account)
    managed = {
        group.name: Managed(entry["update_strategy"], entry["node_repair"])
        for group, entry in zip(nodes.groups, params["groups"], strict=True)
    }
    return EksNodegroups(**vars(nodes), managed=managed)

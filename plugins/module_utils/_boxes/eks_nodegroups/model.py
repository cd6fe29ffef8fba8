# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of `eks_nodegroups` and what they declare. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..._aws.account import Account
from ..._aws.nodes import groups
from ..._aws.nodes.groups import GROUP_OPTIONS, Nodes
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

_GENERATION = re.compile(r"(?P<name>.+)-(?P<generation>\d+)")


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


def eks_name(arn: str) -> str:
    """The name that EKS knows a node group by, from its ARN (`...:nodegroup/<cluster>/<name>/<id>`)."""
    return arn.split("/")[2]


def generation(arn: str) -> tuple[str, int]:
    """Declared name and generation of a node group: the first one has no suffix."""
    name = eks_name(arn)
    match = _GENERATION.fullmatch(name)
    return (match["name"], int(match["generation"])) if match else (name, 1)

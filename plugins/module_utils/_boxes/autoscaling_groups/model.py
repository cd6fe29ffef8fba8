# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of `autoscaling_groups` and what they declare. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..._aws.account import Account
from ..._aws.eks.nodes import groups
from ..._aws.eks.nodes.groups import GROUP_OPTIONS, Nodes
from ..._core.plan import Refusal, Value

OPTIONS: dict[str, dict[str, Any]] = {
    "groups": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            **GROUP_OPTIONS,
            "max_pods": {"type": "int", "default": 110},
            "on_demand_base_capacity": {"type": "int", "default": 0},
        },
    },
    **groups.OPTIONS,
}


@dataclass(frozen=True)
class AutoscalingGroups(Nodes):
    """:param on_demand_base: name of each group -> how many of its nodes are on-demand in any case."""

    on_demand_base: Mapping[str, int] | None = None

    def distribution(self, group: groups.Group) -> dict[str, Any]:
        """How nodes divide into on-demand and spot. Source: "Allocation strategies", Auto Scaling User Guide."""
        spot = group.capacity_type == "SPOT"
        return {
            "OnDemandAllocationStrategy": "prioritized",
            "OnDemandBaseCapacity": (self.on_demand_base or {}).get(group.name, 0),
            "OnDemandPercentageAboveBaseCapacity": 0 if spot else 100,
            "SpotAllocationStrategy": "price-capacity-optimized",
        }


def parse(params: Mapping[str, Value], account: Account) -> AutoscalingGroups:
    nodes = groups.parse(params, account)
    base: dict[str, int] = {}
    for group, entry in zip(nodes.groups, params["groups"], strict=True):
        number = entry["on_demand_base_capacity"]
        option = f"{group.option}.on_demand_base_capacity"
        if number and group.capacity_type != "SPOT":
            raise Refusal(option, number, "it is allowed with capacity_type SPOT only")
        if not 0 <= number <= group.max_size:
            raise Refusal(option, number, f"0 to max_size are allowed, which is {group.max_size}")
        base[group.name] = number
    return AutoscalingGroups(**vars(nodes), on_demand_base=base)

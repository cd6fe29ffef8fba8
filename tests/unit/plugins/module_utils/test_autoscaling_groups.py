"""What is declared of Auto Scaling groups of nodes."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.slipway.platform.plugins.module_utils._aws.account import Account
from ansible_collections.slipway.platform.plugins.module_utils._aws.autoscaling.groups import (
    min_healthy_percentage,
)
from ansible_collections.slipway.platform.plugins.module_utils._boxes.autoscaling_groups.box import BOX
from ansible_collections.slipway.platform.plugins.module_utils._boxes.autoscaling_groups.model import AutoscalingGroups
from ansible_collections.slipway.platform.plugins.module_utils._boxes.autoscaling_groups.plan import declare
from ansible_collections.slipway.platform.plugins.module_utils._core.box import Target
from ansible_collections.slipway.platform.plugins.module_utils._core.options import checked
from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Impossible, Ref, Refusal


def parse(**changed: Any) -> AutoscalingGroups:
    group = {"name": "workers", "instance_types": ["m6i.large"], "max_size": 3, **changed}
    params = checked(BOX.specification, {"platform_name": "demo", "groups": [group]})
    spec: AutoscalingGroups = BOX.parse(params, Account("123456789012", "eu-west-1"))
    return spec


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"on_demand_base_capacity": 1}, "is 1; it is allowed with capacity_type SPOT only."),
        ({"on_demand_base_capacity": 4, "capacity_type": "SPOT"}, "is 4; 0 to max_size are allowed, which is 3."),
    ],
)
def test_a_wrong_base_is_refused(changed: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Refusal) as refused:
        parse(**changed)
    assert str(refused.value) == f"groups[0].on_demand_base_capacity {sentence}"


def test_a_version_is_needed_for_the_image() -> None:
    with pytest.raises(Impossible, match="The version of autoscaling group 'demo-workers' is not known"):
        declare(parse(), {})


@pytest.mark.parametrize(
    ("changed", "desired", "percentage"),
    [
        ({}, 3, 66),
        ({}, 1, 0),
        ({}, 0, 0),
        ({"max_unavailable": 2}, 10, 80),
        ({"max_unavailable": 5}, 3, 0),
        ({"max_unavailable_percentage": 25}, 3, 75),
    ],
)
def test_the_budget_is_a_share_that_stays_healthy(changed: dict[str, Any], desired: int, percentage: int) -> None:
    attributes = {"scaling": {"desired_size": desired}}
    target = Target(Ref("autoscaling_group", "demo-workers"), "demo-workers", attributes, {}, {}, spec=parse(**changed))
    assert min_healthy_percentage(target) == percentage

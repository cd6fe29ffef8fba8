"""A life of the module eks_nodegroups."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.slipway.platform.plugins.module_utils._eks_nodegroups import BOX

from .conftest import Emulator
from .foundation import Foundation
from .life import Life
from .nodes import lay_nodes

WRITES = {
    **dict.fromkeys(
        ("CreateNodegroup", "DeleteNodegroup", "UpdateNodegroupConfig", "UpdateNodegroupVersion"), {"eks_nodegroup"}
    ),
    **dict.fromkeys(
        (
            "CreateLaunchTemplate",
            "CreateLaunchTemplateVersion",
            "DeleteLaunchTemplate",
            "DeleteLaunchTemplateVersions",
            "ModifyLaunchTemplate",
            "CreateTags",
            "DeleteTags",
        ),
        {"launch_template"},
    ),
    **dict.fromkeys(("TagResource", "UntagResource"), {"eks_nodegroup"}),
    "DeleteVolume": {"ebs_volume"},
}
CREATE = ["create launch_template demo-workers", "create eks_nodegroup demo-workers"]
TEMPLATE = "update launch_template demo-workers data"
GROUP = "update eks_nodegroup demo-workers"
REPLACE = "replace eks_nodegroup demo-workers"


def group(**changed: Any) -> dict[str, Any]:
    return {"name": "workers", "instance_types": ["m6i.large"], "min_size": 1, "max_size": 3, **changed}


@pytest.fixture
def foundation(emulator: Emulator) -> Foundation:
    return lay_nodes(emulator)


@pytest.fixture
def life(emulator: Emulator, foundation: Foundation) -> Life:
    return Life(emulator, BOX, WRITES, groups=[group()])


def described(life: Life, name: str = "demo-workers") -> dict[str, Any]:
    answer: dict[str, Any] = life.emulator.client("eks").describe_nodegroup(clusterName="demo", nodegroupName=name)
    return dict(answer["nodegroup"])


def test_life(life: Life) -> None:
    assert life.step() == CREATE
    assert life.step() == []
    assert life.step(groups=[group(labels={"tier": "web"})]) == [f"{GROUP} labels.tier"]
    assert life.step(groups=[group(labels={"tier": "api"})]) == [f"{GROUP} labels.tier"]
    assert life.step() == [f"{GROUP} labels.tier"]
    assert life.step(state="absent") == ["delete eks_nodegroup demo-workers", "delete launch_template demo-workers"]

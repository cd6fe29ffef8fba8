"""An answer that gets lost after its write took effect leaves nothing double: each call that makes something."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from ansible_collections.slipway.platform.plugins.module_utils._boxes.iam_roles.box import BOX as ROLES
from ansible_collections.slipway.platform.plugins.module_utils._boxes.kms_keys.box import BOX as KEYS
from ansible_collections.slipway.platform.plugins.module_utils._boxes.network.box import BOX as NETWORK
from ansible_collections.slipway.platform.plugins.module_utils._boxes.s3_buckets.box import BOX as BUCKETS
from ansible_collections.slipway.platform.plugins.module_utils._core.box import Box
from sandbox.resources import resources

from .conftest import REGION, Emulator
from .life import Life

MAKING = ("Create", "Allocate", "Run")
BOXES: dict[str, tuple[Box, dict[str, Any]]] = {
    "keys": (KEYS, {"keys": [{"use": "eks", "description": "Secrets", "services": ["logs"]}]}),
    "network": (NETWORK, {"flow_logs_kms_key": ""}),
    "roles": (ROLES, {"roles": [{"name": "nodes", "trust_services": ["ec2.amazonaws.com"], "instance_profile": True}]}),
    "buckets": (BUCKETS, {"buckets": [{"use": "logs", "encryption": "sse-s3", "log_delivery": True}]}),
}


def standing(emulator: Emulator) -> Counter[str]:
    """How many of each kind stand."""
    found = resources(emulator.url, regions=[REGION])
    return Counter({kind: len(entries) for kinds in found.values() for kind, entries in kinds.items()})


@pytest.mark.parametrize("how", ["closed", "error"])
@pytest.mark.parametrize("name", BOXES)
def test_nothing_stands_twice(emulator: Emulator, name: str, how: str) -> None:
    box, options = BOXES[name]
    life = Life(emulator, box, {}, **options)
    planned = life.run(check_mode=False).plan.as_list()
    made, clean = Counter(call["operation"] for call in emulator.writes()), standing(emulator)
    making = sorted(operation for operation in made if operation.startswith(MAKING))
    assert making
    for operation in making:
        emulator.inner("reset", "POST")
        emulator.forget()
        emulator.set(lost_answers=[operation], lost_by=how)
        outcome = life.run(check_mode=False)
        assert emulator.inner("settings")["lost_answers"] == [], f"no answer of {operation} was lost"
        assert outcome.plan.as_list() == planned
        assert standing(emulator) == clean, f"after a lost answer of {operation}"
        assert life.run(check_mode=False).plan.as_list() == []

"""A life of the module kms_keys."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.slipway.platform.plugins.module_utils._kms_keys import BOX
from ansible_collections.slipway.platform.plugins.module_utils._plan import Impossible, Refusal

from .conftest import Emulator
from .life import Life

WRITES = {
    operation: {"kms_key"}
    for operation in (
        "CreateAlias",
        "CreateKey",
        "DeleteAlias",
        "EnableKey",
        "EnableKeyRotation",
        "PutKeyPolicy",
        "ScheduleKeyDeletion",
        "TagResource",
        "UntagResource",
        "UpdateKeyDescription",
    )
}


def key(**changed: Any) -> dict[str, Any]:
    return {"use": "eks", "description": "Secrets", "services": ["logs"], **changed}


@pytest.fixture
def life(emulator: Emulator) -> Life:
    return Life(emulator, BOX, WRITES, keys=[key()])


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"keys": [key(), key()]}, "keys[1].use is 'eks'; each use is allowed once."),
        ({"deletion_window_in_days": 6}, "deletion_window_in_days is 6; 7 to 30 days are allowed."),
        ({"keys": [{"use": "eks"}]}, "keys[0].description is not set; a value is required."),
    ],
)
def test_bad_input_is_refused_before_the_first_write(life: Life, options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Refusal) as refused:
        life.run(check_mode=False, **options)
    assert str(refused.value) == sentence
    assert life.emulator.writes() == []


def test_life(life: Life) -> None:
    assert life.step() == ["create kms_key demo-eks"]
    assert life.step() == []
    assert life.step(keys=[key(description="All secrets")]) == ["update kms_key demo-eks description"]
    assert life.step(keys=[key(services=[])]) == ["update kms_key demo-eks description,policy.Statement"]
    assert life.step(tags={"Owner": "me"}, keys=[key()]) == ["update kms_key demo-eks policy.Statement,tags.Owner"]
    assert life.step() == ["update kms_key demo-eks tags.Owner"]
    assert life.step(state="absent") == ["delete kms_key demo-eks"]
    assert life.step() == ["create kms_key demo-eks"]


def test_changes_by_hand_are_undone(life: Life) -> None:
    life.step()
    kms = life.emulator.client("kms")
    key_id = kms.describe_key(KeyId="alias/demo-eks")["KeyMetadata"]["KeyId"]
    kms.disable_key(KeyId=key_id)
    kms.disable_key_rotation(KeyId=key_id)
    assert life.step() == ["update kms_key demo-eks enabled,rotation"]


def test_a_key_that_lost_its_alias_is_found_by_its_tags(life: Life) -> None:
    life.step()
    life.emulator.client("kms").delete_alias(AliasName="alias/demo-eks")
    assert life.step() == ["update kms_key demo-eks alias"]


def test_a_key_of_others_is_refused_or_adopted(life: Life) -> None:
    kms = life.emulator.client("kms")
    key_id = kms.create_key(Description="Secrets")["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/demo-eks", TargetKeyId=key_id)
    with pytest.raises(Impossible, match="exists without the tag slipway:platform=demo; set platform_adopt to true"):
        life.run(check_mode=True)
    assert "tags.slipway:platform" in life.step(adopt=True)[0]

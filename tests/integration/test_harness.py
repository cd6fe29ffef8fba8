"""The harness itself: a box that is broken in one place does not live through a turn."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.slipway.platform.plugins.module_utils._aws.client import Api
from ansible_collections.slipway.platform.plugins.module_utils._boxes.eks_nodegroups.box import BOX as NODEGROUPS
from ansible_collections.slipway.platform.plugins.module_utils._boxes.kms_keys.box import BOX
from ansible_collections.slipway.platform.plugins.module_utils._core import run
from ansible_collections.slipway.platform.plugins.module_utils._core.box import Box, Kind, Target
from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Impossible
from tests import outside

from .conftest import ROOT, Emulator
from .life import Life
from .nodes import lay_nodes
from .test_eks_nodegroups import WRITES as NODEGROUP_WRITES
from .test_eks_nodegroups import group
from .test_kms_keys import WRITES, key

CHANGED = {"keys": [key(description="All secrets")]}


def with_update(box: Box, kind: str, attribute: str, function: Callable[[Api, Target], Any]) -> Box:
    """The box, with another update function for one attribute of one kind and all that share its function."""

    def broken(found: Kind) -> Kind:
        sound = found.update.get(attribute)
        update = {name: function if each is sound else each for name, each in found.update.items()}
        return replace(found, update=update) if found.name == kind else found

    return replace(box, kinds=[broken(found) for found in box.kinds])


def standing(emulator: Emulator, box: Box, **writes: set[str]) -> Life:
    """A life of the keys in which the sound box has made one, and the box of the test goes on."""
    life = Life(emulator, BOX, {**WRITES, **writes}, keys=[key()])
    assert life.turn() == ["create kms_key demo-eks"]
    life.box = box
    return life


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "VERIFY_SECONDS", 1)


def test_the_sound_box_lives(emulator: Emulator) -> None:
    assert standing(emulator, BOX).turn(**CHANGED) == ["update kms_key demo-eks description"]


@pytest.mark.usefixtures("impatient")
def test_one_field_of_a_call_that_sets_many_is_missed(emulator: Emulator) -> None:
    lay_nodes(emulator)
    life = Life(emulator, NODEGROUPS, NODEGROUP_WRITES)
    life.turn(groups=[group()])
    (kind,) = [found for found in NODEGROUPS.kinds if found.name == "eks_nodegroup"]

    def update(api: Api, target: Target) -> None:
        fields = tuple(field for field in target.fields if field.attribute != "labels")
        kind.update["labels"](api, replace(target, fields=fields))

    life.box = with_update(NODEGROUPS, "eks_nodegroup", "labels", update)
    with pytest.raises(Impossible, match=r"differences: eks nodegroup 'demo-workers': update labels\.team\.$"):
        life.turn(groups=[group(max_size=4, labels={"team": "platform"})])


@pytest.mark.usefixtures("impatient")
def test_a_field_that_no_call_sets_is_found(emulator: Emulator) -> None:
    box = with_update(BOX, "kms_key", "description", lambda api, target: None)
    life = standing(emulator, box)
    with pytest.raises(Impossible, match="still shows differences: kms key 'demo-eks': update description"):
        life.turn(**CHANGED)


def test_a_check_run_that_writes_is_found(emulator: Emulator) -> None:
    def read(api: Api, spec: Any, known: Any) -> Any:
        observed = BOX.read(api, spec, known)
        for found in observed.values():
            api.kms.tag_resource(KeyId=found.id, Tags=[{"TagKey": "slipway:platform", "TagValue": "demo"}])
        return observed

    life = standing(emulator, replace(BOX, read=read))
    with pytest.raises(AssertionError, match="the check run wrote"):
        life.turn()


def test_a_write_that_belongs_to_no_predicted_change_is_found(emulator: Emulator) -> None:
    (kind,) = [found for found in BOX.kinds if found.name == "kms_key"]

    def update(api: Api, target: Target) -> None:
        kind.update["description"](api, target)
        api.logs.create_log_group(logGroupName="/demo")

    life = standing(emulator, with_update(BOX, "kms_key", "description", update), CreateLogGroup={"log_group"})
    with pytest.raises(AssertionError, match="CreateLogGroup belongs to no predicted change"):
        life.turn(**CHANGED)


def test_a_write_that_the_box_does_not_know_is_found(emulator: Emulator) -> None:
    (kind,) = [found for found in BOX.kinds if found.name == "kms_key"]

    def update(api: Api, target: Target) -> None:
        kind.update["description"](api, target)
        api.s3.create_bucket(Bucket="demo", CreateBucketConfiguration={"LocationConstraint": api.region})

    life = standing(emulator, with_update(BOX, "kms_key", "description", update))
    with pytest.raises(AssertionError, match="CreateBucket is no write of this box"):
        life.turn(**CHANGED)


def test_a_change_that_the_check_run_did_not_predict_is_found(emulator: Emulator) -> None:
    descriptions = chain(["As planned"], repeat("As made"))

    def declare(spec: Any, observed: Any) -> Any:
        (resource, *others) = BOX.declare(spec, observed)
        return [replace(resource, attributes={**resource.attributes, "description": next(descriptions)}), *others]

    life = standing(emulator, replace(BOX, declare=declare))
    with pytest.raises(AssertionError, match="the check run planned other changes"):
        life.turn()


@pytest.fixture
def lacking(tmp_path: Path) -> Path:
    """The collection with a file that a box imports by a computed name, which AnsiballZ does not follow."""
    copy = tmp_path / "ansible_collections" / "slipway" / "platform"
    for name in ("plugins", "meta"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "galaxy.yml", copy)
    read = copy / "plugins" / "module_utils" / "_boxes" / "kms_keys" / "read.py"
    literal = "from .users import users_of\n"
    computed = 'from importlib import import_module\n\nusers_of = import_module(__package__ + ".users").users_of\n'
    text = read.read_text()
    assert literal in text
    read.write_text(text.replace(literal, computed))
    return tmp_path


@pytest.mark.usefixtures("emulator")
def test_a_file_that_the_payload_lacks_shows_out_of_process_alone(lacking: Path) -> None:
    options = {"platform_name": "demo", "keys": [key()]}
    assert outside.run("kms_keys", options, in_process=True, collections=lacking)["changed"]
    result = outside.run("kms_keys", options, collections=lacking)
    assert "No module named" in str(result)
    assert "kms_keys.users" in str(result)


def test_a_life_tells_changes_that_differ_out_of_process(emulator: Emulator) -> None:
    with pytest.raises(AssertionError, match="out of process"):
        outside.Outside().compare("kms_keys", {"platform_name": "demo", "keys": [key()]}, [], emulator.environment())

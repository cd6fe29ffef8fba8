"""A life of the module ecr_repositories."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.slipway.platform.plugins.module_utils._aws.client import Api
from ansible_collections.slipway.platform.plugins.module_utils._boxes.ecr_repositories.box import BOX
from ansible_collections.slipway.platform.plugins.module_utils._boxes.kms_keys.box import BOX as KEYS
from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Impossible
from ansible_collections.slipway.platform.plugins.module_utils._core.run import Runner

from ..conftest import REGION, Emulator
from ..life import Life

WRITES = {
    operation: {"ecr_repository"}
    for operation in (
        "CreateRepository",
        "DeleteRepository",
        "DeleteRepositoryPolicy",
        "PutImageScanningConfiguration",
        "PutImageTagMutability",
        "PutLifecyclePolicy",
        "SetRepositoryPolicy",
        "TagResource",
        "UntagResource",
    )
}
NAME = "demo/app"


def repository(**changed: Any) -> dict[str, Any]:
    return {"name": "app", "kms_key": "images", **changed}


def make_key(emulator: Emulator) -> None:
    api = Api({"region": REGION, "endpoint": emulator.url}, say=lambda text: None)
    keys = [{"use": "images", "description": "Images", "services": []}]
    Runner(KEYS, {"platform_name": "demo", "keys": keys}, api, check_mode=False).run()


def put_image(emulator: Emulator) -> None:
    manifest = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json"}
    ecr = emulator.client("ecr")
    ecr.put_image(repositoryName=NAME, imageManifest=json.dumps(manifest), imageTag="1.0.0")


@pytest.fixture
def life(emulator: Emulator) -> Life:
    make_key(emulator)
    return Life(emulator, BOX, WRITES, repositories=[repository()])


def test_life(life: Life) -> None:
    other = repository(name="other", encryption="aes256", kms_key=None)
    assert life.turn() == [f"create ecr_repository {NAME}"]
    assert life.turn(repositories=[repository(), other]) == ["create ecr_repository demo/other"]
    assert life.turn() == ["delete ecr_repository demo/other"]
    assert life.turn(repositories=[repository(scan_on_push=False)]) == [f"update ecr_repository {NAME} scan_on_push"]
    opened = repository(pull_principals=["210987654321"], scratch_days=7)
    assert life.turn(repositories=[opened]) == [
        f"update ecr_repository {NAME} lifecycle.2.selection.countNumber,policy,scan_on_push"
    ]
    assert life.turn(repositories=[{**opened, "push_principals": ["210987654321"]}]) == [
        f"update ecr_repository {NAME} policy.Statement"
    ]
    assert life.turn(tags={"Owner": "me"}) == [
        f"update ecr_repository {NAME} lifecycle.2.selection.countNumber,policy,tags.Owner"
    ]
    assert life.turn() == [f"update ecr_repository {NAME} tags.Owner"]
    assert life.turn(state="absent") == [f"delete ecr_repository {NAME}"]


def test_what_stands_is_what_is_asked_for(life: Life) -> None:
    life.turn(repositories=[repository(pull_principals=["210987654321"])])
    ecr = life.emulator.client("ecr")
    key = life.emulator.client("kms").describe_key(KeyId="alias/demo-images")["KeyMetadata"]["Arn"]
    (found,) = ecr.describe_repositories()["repositories"]
    assert found["imageTagMutability"] == "IMMUTABLE_WITH_EXCLUSION"
    assert found["imageTagMutabilityExclusionFilters"] == [{"filterType": "WILDCARD", "filter": "sha256-*"}]
    assert found["encryptionConfiguration"] == {"encryptionType": "KMS", "kmsKey": key}
    assert found["imageScanningConfiguration"] == {"scanOnPush": True}
    rules = json.loads(ecr.get_lifecycle_policy(repositoryName=NAME)["lifecyclePolicyText"])["rules"]
    assert [rule["selection"]["tagPatternList"] for rule in rules] == [["*.*.*"], ["scratch-*"]]
    (statement,) = json.loads(ecr.get_repository_policy(repositoryName=NAME)["policyText"])["Statement"]
    assert statement["Principal"] == {"AWS": ["arn:aws:iam::210987654321:root"]}
    assert life.last is not None
    assert life.last.answer["repositories"]["app"]["repository"] == NAME


def test_changes_by_hand_are_undone(life: Life) -> None:
    life.turn(repositories=[repository()])
    ecr = life.emulator.client("ecr")
    ecr.put_image_tag_mutability(repositoryName=NAME, imageTagMutability="MUTABLE")
    ecr.put_image_scanning_configuration(repositoryName=NAME, imageScanningConfiguration={"scanOnPush": False})
    ecr.delete_lifecycle_policy(repositoryName=NAME)
    everybody = {"Sid": "All", "Effect": "Allow", "Principal": "*", "Action": "ecr:*"}
    text = json.dumps({"Version": "2012-10-17", "Statement": [everybody]})
    ecr.set_repository_policy(repositoryName=NAME, policyText=text)
    (change,) = life.turn()
    assert change.startswith(f"update ecr_repository {NAME} lifecycle,policy,scan_on_push,tag_mutability.excluded")


def test_how_aws_writes_a_policy_is_no_difference(life: Life) -> None:
    opened = [repository(pull_principals=["210987654321"])]
    life.turn(repositories=opened)
    ecr = life.emulator.client("ecr")
    policy = json.loads(ecr.get_repository_policy(repositoryName=NAME)["policyText"])
    policy["Statement"][0]["Principal"] = {"AWS": "210987654321"}
    policy["Statement"][0]["Action"].reverse()
    ecr.set_repository_policy(repositoryName=NAME, policyText=json.dumps(policy))
    assert life.turn(repositories=opened) == []


def test_encryption_is_fixed(life: Life) -> None:
    life.turn()
    with pytest.raises(Impossible, match="AWS fixes the encryption of a repository at creation; make one of another"):
        life.run(check_mode=True, repositories=[repository(encryption="aes256", kms_key=None)])


def test_one_that_holds_images_is_kept_unless_told_otherwise(life: Life) -> None:
    life.turn()
    put_image(life.emulator)
    life.emulator.forget()
    for check_mode in (True, False):
        with pytest.raises(Impossible) as impossible:
            life.run(check_mode=check_mode, state="absent")
        assert str(impossible.value) == (
            "ecr repository 'demo/app' holds images; name 'app' in delete_images to delete them with it, or delete "
            "them first."
        )
    assert life.emulator.writes() == []
    assert life.turn(state="absent", delete_images=["app"]) == [f"delete ecr_repository {NAME}"]


def test_a_repository_of_others_is_refused_or_adopted(life: Life) -> None:
    ecr = life.emulator.client("ecr")
    key = life.emulator.client("kms").describe_key(KeyId="alias/demo-images")["KeyMetadata"]["Arn"]
    encryption = {"encryptionType": "KMS", "kmsKey": key}
    ecr.create_repository(repositoryName=NAME, encryptionConfiguration=encryption)
    ecr.create_repository(repositoryName="demo/of-others")
    with pytest.raises(Impossible, match="exists without the tag slipway:platform=demo; set platform_adopt to true"):
        life.run(check_mode=True)
    assert "tags.slipway:platform" in life.turn(adopt=True)[0]
    assert life.turn(state="absent") == [f"delete ecr_repository {NAME}"]
    assert [entry["repositoryName"] for entry in ecr.describe_repositories()["repositories"]] == ["demo/of-others"]


def test_the_calls_of_an_unchanged_run(life: Life) -> None:
    life.turn()
    life.emulator.forget()
    life.run(check_mode=False)
    assert sorted(call["operation"] for call in life.emulator.calls()) == [
        "DescribeKey",
        "DescribeRepositories",
        "GetCallerIdentity",
        "GetLifecyclePolicy",
        "GetRepositoryPolicy",
        "ListTagsForResource",
    ]

"""ECR: keys, lifecycle rules and tags are refused as AWS refuses them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .conftest import Platform, refusal

TAGGED = {"tagStatus": "tagged", "tagPatternList": ["a*"]}
DAYS = {"countType": "sinceImagePushed", "countUnit": "days", "countNumber": 1}


def rule(priority: int = 1, **selection: Any) -> dict[str, Any]:
    return {
        "rulePriority": priority,
        "description": "What this rule is there for, at some length",
        "selection": selection,
        "action": {"type": "expire"},
    }


def test_a_key_must_be_usable(platform: Platform) -> None:
    ecr, kms = platform.client("ecr"), platform.client("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    encryption = {"encryptionType": "KMS", "kmsKey": key}
    made = ecr.create_repository(repositoryName="one", encryptionConfiguration=encryption)["repository"]
    assert made["encryptionConfiguration"] == encryption
    kms.disable_key(KeyId=key)
    again = {"repositoryName": "two", "encryptionConfiguration": encryption}
    assert refusal(ecr.create_repository, **again)[0] == "KmsException"
    again["encryptionConfiguration"] = {**encryption, "kmsKey": key.replace(key[-4:], "0000")}
    assert refusal(ecr.create_repository, **again)[0] == "KmsException"


@pytest.mark.parametrize(
    "rules",
    [
        [rule(**DAYS, tagStatus="tagged")],
        [rule(**DAYS, tagStatus="untagged", tagPatternList=["a*"])],
        [rule(**DAYS, tagStatus="tagged", tagPatternList=["*a*b*c*d*"])],
        [rule(**TAGGED, countType="sinceImagePushed", countNumber=1)],
        [rule(**TAGGED, **{**DAYS, "countType": "often"})],
        [rule(**TAGGED, **{**DAYS, "countNumber": 0})],
        [rule(**TAGGED, **DAYS), rule(**TAGGED, **DAYS)],
        [{**rule(**TAGGED, **DAYS), "action": {"type": "keep"}}],
        [{"rulePriority": 1, "text": "x" * 100}],
    ],
)
def test_lifecycle_rules_must_be_valid(platform: Platform, rules: list[Any]) -> None:
    ecr = platform.client("ecr")
    ecr.create_repository(repositoryName="one")
    good = json.dumps({"rules": [rule(**TAGGED, **DAYS), rule(2, **DAYS, tagStatus="untagged")]})
    ecr.put_lifecycle_policy(repositoryName="one", lifecyclePolicyText=good)
    text = json.dumps({"rules": rules})
    assert refusal(ecr.put_lifecycle_policy, repositoryName="one", lifecyclePolicyText=text)[0] == (
        "InvalidParameterException"
    )
    missing = {"repositoryName": "two", "lifecyclePolicyText": good}
    assert refusal(ecr.put_lifecycle_policy, **missing)[0] == "RepositoryNotFoundException"


def test_tags_move_only_where_they_may(platform: Platform) -> None:
    ecr = platform.client("ecr")
    filters = [{"filterType": "WILDCARD", "filter": "sha256-*"}]
    ecr.create_repository(
        repositoryName="one",
        imageTagMutability="IMMUTABLE_WITH_EXCLUSION",
        imageTagMutabilityExclusionFilters=filters,
    )

    def put(content: str, tag: str) -> dict[str, Any]:
        manifest = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "content": content}
        return {"repositoryName": "one", "imageManifest": json.dumps(manifest), "imageTag": tag}

    ecr.put_image(**put("a", "1.0.0"))
    ecr.put_image(**put("s", "sha256-aa"))
    ecr.put_image(**put("t", "sha256-aa"))
    assert refusal(ecr.put_image, **put("b", "1.0.0"))[0] == "ImageTagAlreadyExistsException"
    assert refusal(ecr.put_image, **put("a", "1.0.0"))[0] == "ImageAlreadyExistsException"
    assert refusal(ecr.put_image, **{**put("a", "1.0.0"), "repositoryName": "two"})[0] == "RepositoryNotFoundException"

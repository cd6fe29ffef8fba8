"""ECR: keys that must be usable, lifecycle rules that must be valid, and tags that must not move."""

from __future__ import annotations

import fnmatch
import json
from typing import Any

from sandbox.aws.front.call import Call
from sandbox.aws.front.errors import AwsError
from sandbox.aws.front.hooks import before
from sandbox.aws.front.moto_bridge import backend
from sandbox.aws.services.kms.keys import key_of


def find_repository(call: Call) -> Any:
    name = call.parameters["repositoryName"]
    repository = backend("ecr", call.account, call.region).repositories.get(name)
    if repository is None:
        raise AwsError(
            "RepositoryNotFoundException",
            f"The repository with name '{name}' does not exist in the registry with id '{call.account}'",
        )
    return repository


@before("ecr", "CreateRepository")
def usable_key(call: Call) -> None:
    identity = call.parameters.get("encryptionConfiguration", {}).get("kmsKey")
    if identity is None:
        return
    key = key_of(call.account, call.region, identity)
    if key is None or key.key_state != "Enabled":
        raise AwsError("KmsException", f"The key '{identity}' does not exist or is not usable")


@before("ecr", "PutLifecyclePolicy")
def valid_rules(call: Call) -> None:
    """The properties and their limits: "Lifecycle policy properties", Amazon ECR User Guide."""
    find_repository(call)
    try:
        rules = json.loads(call.parameters["lifecyclePolicyText"])["rules"]
        wrong = next((reason for rule in rules for reason in _wrong(rule)), None)
        priorities = [rule["rulePriority"] for rule in rules]
    except (ValueError, KeyError, TypeError) as error:
        wrong, priorities = f"it is malformed ({error})", []
    if wrong is None and len(set(priorities)) != len(priorities):
        wrong = "priorities are not unique"
    if wrong is not None:
        raise AwsError("InvalidParameterException", f"Invalid parameter at 'LifecyclePolicyText': {wrong}")


def _wrong(rule: dict[str, Any]) -> list[str]:
    selection = rule["selection"]
    patterns = selection.get("tagPatternList", [])
    reasons = []
    if selection["tagStatus"] == "tagged" and not patterns and not selection.get("tagPrefixList"):
        reasons.append("tagPatternList or tagPrefixList is needed")
    if selection["tagStatus"] != "tagged" and (patterns or selection.get("tagPrefixList")):
        reasons.append("tagPatternList is for tagged images")
    if any(pattern.count("*") > 4 for pattern in patterns):
        reasons.append("a pattern has at most 4 wildcards")
    if selection["countType"] not in ("imageCountMoreThan", "sinceImagePushed"):
        reasons.append("countType is unknown")
    if (selection["countType"] == "sinceImagePushed") != (selection.get("countUnit") == "days"):
        reasons.append("countUnit belongs to sinceImagePushed")
    if not isinstance(selection["countNumber"], int) or selection["countNumber"] < 1:
        reasons.append("countNumber is at least 1")
    if rule["action"] != {"type": "expire"}:
        reasons.append("the action is expire")
    return reasons


@before("ecr", "PutImage")
def tags_that_do_not_move(call: Call) -> None:
    repository = find_repository(call)
    tag = call.parameters.get("imageTag")
    if not tag or not repository.is_tag_immutable():
        return
    filters = repository.image_tag_mutability_exclusion_filters or []
    if any(fnmatch.fnmatchcase(tag, entry["filter"]) for entry in filters):
        return
    if any(
        tag in image.image_tags and image.image_manifest != call.parameters["imageManifest"]
        for image in repository.images
    ):
        raise AwsError(
            "ImageTagAlreadyExistsException",
            f"The image tag '{tag}' already exists in the '{repository.name}' repository and cannot be overwritten "
            "because the repository is immutable.",
        )

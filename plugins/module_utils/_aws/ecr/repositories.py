# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kind `ecr_repository`: its calls, one a function, and what stands of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ..._core.box import Kind, Target
from ..._core.plan import Value
from .. import policies
from .. import tags as _tags
from ..client import Api


def create_repository(api: Api, repository: Target) -> str:
    wanted = repository.attributes["encryption"]
    encryption = {"encryptionType": wanted["type"]}
    if wanted["kms_key"]:
        encryption["kmsKey"] = wanted["kms_key"]
    api.ecr.create_repository(
        repositoryName=repository.name,
        tags=_tags.to_list(repository.tags),
        encryptionConfiguration=encryption,
        imageScanningConfiguration={"scanOnPush": repository.attributes["scan_on_push"]},
        **_mutability(repository),
    )
    return repository.name


def _mutability(repository: Target) -> dict[str, Any]:
    wanted = repository.attributes["tag_mutability"]
    filters = [{"filterType": "WILDCARD", "filter": text} for text in wanted["excluded"]]
    return {"imageTagMutability": wanted["setting"], "imageTagMutabilityExclusionFilters": filters}


def put_image_tag_mutability(api: Api, repository: Target) -> None:
    api.ecr.put_image_tag_mutability(repositoryName=repository.name, **_mutability(repository))


def put_image_scanning_configuration(api: Api, repository: Target) -> None:
    wanted = {"scanOnPush": repository.attributes["scan_on_push"]}
    api.ecr.put_image_scanning_configuration(repositoryName=repository.name, imageScanningConfiguration=wanted)


def put_lifecycle_policy(api: Api, repository: Target) -> None:
    rules = [{"rulePriority": int(priority), **rule} for priority, rule in repository.attributes["lifecycle"].items()]
    api.ecr.put_lifecycle_policy(repositoryName=repository.name, lifecyclePolicyText=json.dumps({"rules": rules}))


def set_repository_policy(api: Api, repository: Target) -> None:
    policy = repository.attributes["policy"]
    if policy is None:
        api.optional(
            lambda: api.ecr.delete_repository_policy(repositoryName=repository.name),
            "RepositoryPolicyNotFoundException",
        )
    else:
        api.ecr.set_repository_policy(repositoryName=repository.name, policyText=json.dumps(policy))


def delete_repository(api: Api, repository: Target) -> None:
    """With its images only if they may go; one that is gone already is no error."""
    force = repository.name in repository.spec.delete_images
    api.optional(
        lambda: api.ecr.delete_repository(repositoryName=repository.name, force=force), "RepositoryNotFoundException"
    )


def _arn(repository: Target) -> str:
    return str(repository.spec.account.arn("ecr", f"repository/{repository.name}"))


def tag(api: Api, repository: Target, tags: Mapping[str, str]) -> None:
    api.ecr.tag_resource(resourceArn=_arn(repository), tags=_tags.to_list(tags))


def untag(api: Api, repository: Target, keys: Sequence[str]) -> None:
    api.ecr.untag_resource(resourceArn=_arn(repository), tagKeys=list(keys))


def describe_repositories(api: Api, prefix: str) -> dict[str, dict[str, Any]]:
    """Repositories of the region whose names begin so, by name. ECR has no filter for that."""
    entries = api.ecr.pages("describe_repositories", "repositories")
    return {entry["repositoryName"]: entry for entry in entries if entry["repositoryName"].startswith(prefix)}


def repository_tags(api: Api, arn: str) -> dict[str, str] | None:
    """Tags of a repository; None if it does not exist."""
    answer = api.optional(lambda: api.ecr.list_tags_for_resource(resourceArn=arn), "RepositoryNotFoundException")
    return None if answer is None else _tags.from_list(answer["tags"])


def repository_policy(api: Api, name: str) -> dict[str, Value] | None:
    answer = api.optional(
        lambda: api.ecr.get_repository_policy(repositoryName=name),
        "RepositoryPolicyNotFoundException",
        "RepositoryNotFoundException",
    )
    return policies.canonical(answer["policyText"]) if answer else None


def lifecycle_policy(api: Api, name: str) -> dict[str, Value] | None:
    """Rules by their priority."""
    answer = api.optional(
        lambda: api.ecr.get_lifecycle_policy(repositoryName=name),
        "LifecyclePolicyNotFoundException",
        "RepositoryNotFoundException",
    )
    if answer is None:
        return None
    rules = json.loads(answer["lifecyclePolicyText"])["rules"]
    return {
        str(rule["rulePriority"]): {key: value for key, value in rule.items() if key != "rulePriority"}
        for rule in rules
    }


def holds_images(api: Api, name: str) -> bool:
    answer = api.optional(lambda: api.ecr.list_images(repositoryName=name, maxResults=1), "RepositoryNotFoundException")
    return bool(answer and answer["imageIds"])


def described(entry: dict[str, Any]) -> dict[str, Value]:
    encryption = entry.get("encryptionConfiguration", {})
    filters = entry.get("imageTagMutabilityExclusionFilters") or []
    return {
        "encryption": {"type": encryption.get("encryptionType", "AES256"), "kms_key": encryption.get("kmsKey")},
        "tag_mutability": {
            "setting": entry.get("imageTagMutability"),
            "excluded": sorted(entry["filter"] for entry in filters),
        },
        "scan_on_push": bool(entry.get("imageScanningConfiguration", {}).get("scanOnPush")),
    }


ECR_REPOSITORY = Kind(
    name="ecr_repository",
    fixed={"encryption": "AWS fixes the encryption of a repository at creation; make one of another name"},
    create=create_repository,
    update={
        "tag_mutability": put_image_tag_mutability,
        "scan_on_push": put_image_scanning_configuration,
        "lifecycle": put_lifecycle_policy,
        "policy": set_repository_policy,
    },
    after_create=("lifecycle", "policy"),
    delete=delete_repository,
    tag=tag,
    untag=untag,
)
"""It needs `account`, and its deletion `delete_images`, in what the box's `parse` returns."""

# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What stands of a platform's ECR repositories."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import partial
from typing import Any

from ..._aws import policies
from ..._aws import tags as _tags
from ..._aws.client import Api
from ..._core.known import Known
from ..._core.plan import Found, Impossible, Ref, Value
from .model import EcrRepositories


def describe_repositories(api: Api, prefix: str) -> dict[str, dict[str, Any]]:
    """Repositories of the region whose names begin so, by name. ECR has no filter for that."""
    entries = api.ecr.pages("describe_repositories", "repositories")
    return {entry["repositoryName"]: entry for entry in entries if entry["repositoryName"].startswith(prefix)}


def repository_tags(api: Api, arn: str) -> dict[str, str] | None:
    """Tags of a repository; None if it does not exist."""
    answer = api.optional(lambda: api.ecr.list_tags_for_resource(resourceArn=arn), "RepositoryNotFoundException")
    return None if answer is None else _tags.from_list(answer["tags"])


def policy(api: Api, name: str) -> dict[str, Value] | None:
    answer = api.optional(
        lambda: api.ecr.get_repository_policy(repositoryName=name),
        "RepositoryPolicyNotFoundException",
        "RepositoryNotFoundException",
    )
    return policies.canonical(answer["policyText"]) if answer else None


def lifecycle(api: Api, name: str) -> dict[str, Value] | None:
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


def read(api: Api, spec: EcrRepositories, known: Known) -> dict[Ref, Found]:
    """All repositories of the platform in the region: one call lists them, tags and policies are a call each.

    Of one that is to go only the tags are read, and whether it may go. Impossible for one that still holds images.
    """
    listed = describe_repositories(api, spec.prefix)
    declared = [] if spec.absent else [repository.name for repository in spec.repositories]
    standing = [name for name in declared if name in listed]
    going = [name for name in listed if name not in declared]
    reads: list[Any] = [partial(repository_tags, api, listed[name]["repositoryArn"]) for name in (*standing, *going)]
    reads += [partial(look, api, name) for name in standing for look in (policy, lifecycle)]
    answers = api.together(reads)
    tags = dict(zip((*standing, *going), answers, strict=False))
    settings = iter(answers[len(tags) :])
    observed: dict[Ref, Found] = {}
    for name in standing:
        found = {"policy": next(settings), "lifecycle": next(settings), **_described(listed[name])}
        observed[Ref("ecr_repository", name)] = Found(name, found, tags[name])
    ours = [name for name in going if (tags[name] or {}).get(_tags.IDENTITY) == spec.platform]
    _refuse_images(api, spec, ours)
    return observed | {Ref("ecr_repository", name): Found(name, {}, tags[name]) for name in ours}


def _described(entry: dict[str, Any]) -> dict[str, Value]:
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


def _refuse_images(api: Api, spec: EcrRepositories, names: Iterable[str]) -> None:
    kept = [name for name in names if name not in spec.delete_images]
    held = api.together([partial(holds_images, api, name) for name in kept])
    for name, holds in zip(kept, held, strict=True):
        if holds:
            short = name.removeprefix(spec.prefix)
            raise Impossible(
                f"ecr repository '{name}' holds images; name '{short}' in delete_images to delete them with it, or "
                "delete them first."
            )

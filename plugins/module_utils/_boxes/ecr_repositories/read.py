# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What stands of a platform's ECR repositories."""

from __future__ import annotations

from functools import partial
from typing import Any

from ..._aws.client import Api
from ..._aws.ecr.repositories import (
    describe_repositories,
    described,
    holds_images,
    lifecycle_policy,
    repository_policy,
    repository_tags,
)
from ..._aws.tags import IDENTITY
from ..._core.known import Known
from ..._core.plan import Found, Ref
from .model import EcrRepositories


def read(api: Api, spec: EcrRepositories, known: Known) -> dict[Ref, Found]:
    """All repositories of the platform in the region: one call lists them, tags and policies are a call each.

    Of one that is to go only the tags are read, and whether it holds images (see `plan.guard`).
    """
    listed = describe_repositories(api, spec.prefix)
    declared = [] if spec.absent else [repository.name for repository in spec.repositories]
    standing = [name for name in declared if name in listed]
    going = [name for name in listed if name not in declared]
    reads: list[Any] = [partial(repository_tags, api, listed[name]["repositoryArn"]) for name in (*standing, *going)]
    reads += [partial(look, api, name) for name in standing for look in (repository_policy, lifecycle_policy)]
    answers = api.together(reads)
    tags = dict(zip((*standing, *going), answers, strict=False))
    settings = iter(answers[len(tags) :])
    observed: dict[Ref, Found] = {}
    for name in standing:
        found = {"policy": next(settings), "lifecycle": next(settings), **described(listed[name])}
        observed[Ref("ecr_repository", name)] = Found(name, found, tags[name])
    ours = [name for name in going if (tags[name] or {}).get(IDENTITY) == spec.platform]
    kept = [name for name in ours if name not in spec.delete_images]
    held = dict(zip(kept, api.together([partial(holds_images, api, name) for name in kept]), strict=True))
    return observed | {
        Ref("ecr_repository", name): Found(name, {"holds_images": held.get(name, False)}, tags[name]) for name in ours
    }

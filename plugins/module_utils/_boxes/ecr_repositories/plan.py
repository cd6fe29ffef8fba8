# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ECR repositories that are to stand. Pure."""

from __future__ import annotations

from typing import Any

from ..._aws import policies, tags
from ..._core.plan import Action, Impossible, Observed, Plan, Ref, Resource, Value
from .model import EcrRepositories, Repository

PULL = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
PUSH = ("ecr:CompleteLayerUpload", "ecr:InitiateLayerUpload", "ecr:PutImage", "ecr:UploadLayerPart")
"""Source: "IAM permissions for pushing an image", "... for pulling an image", Amazon ECR User Guide."""

SIGNATURES = "sha256-*"
"""Tags under which cosign keeps signatures and attestations; they move with each new one."""

RELEASES = "*.*.*"
"""Every tag of a release: a semantic version has two dots."""

SCRATCH = "scratch-*"
FOR_EVER = 36500
"""Days, a hundred years: ECR's rules have no "never"."""


def declare(spec: EcrRepositories, observed: Observed) -> list[Resource]:
    return [
        Resource(
            Ref("ecr_repository", repository.name),
            attributes(repository, spec),
            tags.of(spec.platform, repository.name, spec.tags),
        )
        for repository in spec.repositories
    ]


def attributes(repository: Repository, spec: EcrRepositories) -> dict[str, Value]:
    kms = repository.kms_key is not None
    return {
        "encryption": {"type": "KMS" if kms else "AES256", "kms_key": repository.kms_key},
        "tag_mutability": {"setting": "IMMUTABLE_WITH_EXCLUSION", "excluded": [SIGNATURES]},
        "scan_on_push": repository.scan_on_push,
        "lifecycle": lifecycle(repository),
        "policy": policy(repository, spec),
    }


def lifecycle(repository: Repository) -> dict[str, Value]:
    """Rules by their priority. The first keeps releases: what it selects, no rule behind it can expire.

    So an image that a release manifest names stays even if it has a scratch tag too, and what has no tag stays unless
    told otherwise: in a registry with the referrers API, signatures and attestations have none.
    Source: "How lifecycle policies work", Amazon ECR User Guide.
    """
    rules: list[dict[str, Any]] = [
        _rule("Releases are kept", FOR_EVER, tagStatus="tagged", tagPatternList=[RELEASES]),
        _rule("Scratch images", repository.scratch_days, tagStatus="tagged", tagPatternList=[SCRATCH]),
    ]
    if repository.untagged_days is not None:
        rules.append(_rule("Untagged images", repository.untagged_days, tagStatus="untagged"))
    return {str(priority): rule for priority, rule in enumerate(rules, start=1)}


def _rule(description: str, days: int, **selection: Value) -> dict[str, Value]:
    return {
        "description": description,
        "selection": {**selection, "countType": "sinceImagePushed", "countUnit": "days", "countNumber": days},
        "action": {"type": "expire"},
    }


def policy(repository: Repository, spec: EcrRepositories) -> dict[str, Value] | None:
    """What others than the account's own IAM policies allow: nothing but to pull, and to push; None for nobody."""
    statements = [
        {"Sid": sid, "Effect": "Allow", "Principal": {"AWS": list(principals)}, "Action": list(actions)}
        for sid, principals, actions in (
            ("Pull", repository.pull_principals, PULL),
            ("Push", repository.push_principals, (*PULL, *PUSH)),
        )
        if principals
    ]
    if not statements:
        return None
    return policies.canonical({"Version": policies.VERSION, "Statement": statements}, spec.account.partition)


def guard(spec: EcrRepositories, observed: Observed, plan: Plan) -> None:
    """A repository goes with its images only where that is said."""
    for change in plan.changes:
        if change.action is Action.DELETE and observed[change.ref].attributes["holds_images"]:
            short = change.ref.name.removeprefix(spec.prefix)
            raise Impossible(
                f"{change.ref.words} holds images; name '{short}' in delete_images to delete them with it, or "
                "delete them first."
            )


def answer(spec: EcrRepositories, observed: Observed) -> dict[str, Value]:
    """The same before the repositories are made."""
    account = spec.account
    host = f"{account.id}.dkr.ecr.{account.region}.{account.dns_suffix}"
    return {
        "repositories": {
            repository.name.removeprefix(spec.prefix): {
                "kind": "ecr",
                "host": host,
                "repository": repository.name,
            }
            for repository in spec.repositories
        }
    }

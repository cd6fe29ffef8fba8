# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of `github_actions_roles` and what they declare. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..._aws.account import Account
from ..._aws.iam.model import IAM_OPTIONS, Iam, check_iam
from ..._aws.kms import model as keys
from ..._aws.names import bucket_name
from ..._core.plan import Refusal, Value
from .permissions import PERMISSIONS, Scope
from .trust import Workflow

WORKFLOWS = "slipway-platform/slipway.platform/.github/workflows"
"""The reusable workflows of this collection: a job that the application writes itself is none of them."""

OPTIONS: dict[str, dict[str, Any]] = {
    "repository": {"type": "str"},
    "owner_id": {"type": "int"},
    "repository_id": {"type": "int"},
    "subject_format": {"type": "str", "choices": ["immutable", "legacy"], "default": "immutable"},
    "application": {"type": "str"},
    "application_bucket": {"type": "str"},
    "kms_key": {"type": "str", "no_log": False, "default": "buckets"},
    "image_repositories": {"type": "list", "elements": "str"},
    "signing_key_arn": {"type": "str", "no_log": False},
    "roles": {
        "type": "list",
        "elements": "dict",
        "default": [
            {
                "name": "build",
                "permissions": ["artifacts"],
                "refs": ["refs/heads/main"],
                "job_workflow_refs": [f"{WORKFLOWS}/build.yml@*"],
            },
            {
                "name": "image",
                "permissions": ["images"],
                "refs": ["refs/heads/main"],
                "job_workflow_refs": [f"{WORKFLOWS}/image.yml@*"],
            },
            {
                "name": "plan",
                "permissions": ["plan"],
                "refs": ["refs/heads/main"],
                "pull_requests": True,
                "job_workflow_refs": [f"{WORKFLOWS}/drift.yml@*", f"{WORKFLOWS}/pull-request.yml@*"],
            },
            {
                "name": "scan",
                "permissions": ["scan"],
                "refs": ["refs/heads/main"],
                "job_workflow_refs": [f"{WORKFLOWS}/drift.yml@*"],
            },
        ],
        "options": {
            "name": {"type": "str", "required": True},
            "permissions": {"type": "list", "elements": "str", "required": True},
            "refs": {"type": "list", "elements": "str", "default": []},
            "pull_requests": {"type": "bool", "default": False},
            "environment": {"type": "str"},
            "job_workflow_refs": {"type": "list", "elements": "str", "default": []},
            "max_session_duration": {"type": "int", "default": 3600},
        },
    },
    **IAM_OPTIONS,
}

_REPOSITORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100}")
_APPLICATION = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_ROLE = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_IMAGE = re.compile(r"(?=.{2,256}$)[a-z0-9]+([._/-][a-z0-9]+)*")
_REF = re.compile(r"refs/(heads|tags)/[A-Za-z0-9][A-Za-z0-9._/*+@#-]*")
_ENVIRONMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._/-]{0,254}")
_WORKFLOW = re.compile(r"[A-Za-z0-9-]+/[A-Za-z0-9._-]+/\.github/workflows/[A-Za-z0-9._-]+\.ya?ml@[A-Za-z0-9._/*-]+")


@dataclass(frozen=True)
class Role:
    """:param name: the whole name: `<platform>-github-<application>-<short name>`."""

    name: str
    short_name: str
    scope: Scope
    permissions: tuple[str, ...]
    workflow: Workflow
    max_session_duration: int


@dataclass(frozen=True)
class GithubActionsRoles:
    """:param repository: owner and name; None to delete the roles of all repositories.

    :param provider_shared: the account's provider stands and is not the platform's.
    """

    platform: str
    tags: Mapping[str, str]
    account: Account
    iam: Iam
    repository: str | None
    roles: tuple[Role, ...]
    absent: bool
    adopt: bool
    provider_shared: bool = False

    @property
    def component(self) -> str:
        """What the tag of the roles' component begins with, or is where there is a repository."""
        return f"github/{self.repository.lower()}" if self.repository else "github/"


def parse(params: Mapping[str, Value], account: Account) -> GithubActionsRoles:
    platform, absent = params["platform_name"], params["state"] == "absent"
    repository = params["repository"]
    if repository is None and not absent:
        raise Refusal("repository", None, "owner and name with a slash between are required ('octo-org/shop')")
    if repository is not None and not _REPOSITORY.fullmatch(repository):
        raise Refusal("repository", repository, "owner and name with a slash between are allowed ('octo-org/shop')")
    iam = check_iam(params)
    roles: tuple[Role, ...] = ()
    if repository is not None and not absent:
        roles = _roles(params, platform, repository, _scope(params, platform, repository, account))
    return GithubActionsRoles(
        platform=platform,
        tags=params["tags"],
        account=account,
        iam=iam,
        repository=repository,
        roles=roles,
        absent=absent,
        adopt=params["adopt"],
    )


def _check_identifiers(params: Mapping[str, Value]) -> None:
    for option in ("owner_id", "repository_id"):
        number = params[option]
        if number is not None and number < 1:
            raise Refusal(option, number, "a positive number is allowed")


def require_identifiers(spec: GithubActionsRoles) -> None:
    """Refusal for an immutable subject without identifiers. They may come from a task that has not run yet."""
    for workflow in (role.workflow for role in spec.roles):
        for option in ("owner_id", "repository_id"):
            if workflow.immutable and getattr(workflow, option) is None:
                words = "the identifier that module github_repository returns is required, or subject_format 'legacy'"
                raise Refusal(option, None, words)


def _scope(params: Mapping[str, Value], platform: str, repository: str, account: Account) -> Scope:
    application = params["application"] or repository.split("/")[1].lower()
    if len(application) > 40 or not _APPLICATION.fullmatch(application):
        words = "1 to 40 lower-case letters, digits and single hyphens are allowed, beginning with a letter"
        raise Refusal("application", application, words)
    bucket = params["application_bucket"] or bucket_name(platform, account.id, account.region, "application")
    if not _BUCKET.fullmatch(bucket):
        raise Refusal("application_bucket", bucket, "the name of a bucket is allowed")
    images = params["image_repositories"]
    images = [f"{platform}/{application}"] if images is None else images
    for position, name in enumerate(images):
        if not _IMAGE.fullmatch(name):
            words = "the name of a repository of ECR is allowed, without wildcards"
            raise Refusal(f"image_repositories[{position}]", name, words)
    signing = params["signing_key_arn"] or None
    if signing is not None and not keys.ARN.fullmatch(signing):
        raise Refusal(
            "signing_key_arn", signing, "the ARN of a key is allowed (arn:aws:kms:<region>:<account>:key/<id>)"
        )
    return Scope(
        platform, account, application, bucket, keys.key("kms_key", platform, params["kms_key"]), tuple(images), signing
    )


def _roles(params: Mapping[str, Value], platform: str, repository: str, scope: Scope) -> tuple[Role, ...]:
    _check_identifiers(params)
    roles: list[Role] = []
    for position, entry in enumerate(params["roles"]):
        path = f"roles[{position}]"
        name = f"{platform}-github-{scope.application}-{entry['name']}"
        if not _ROLE.fullmatch(entry["name"]) or len(name) > 64:
            words = f"lower-case letters, digits and single hyphens are allowed, and '{name}' has at most 64 characters"
            raise Refusal(f"{path}.name", entry["name"], words)
        if name in (role.name for role in roles):
            raise Refusal(f"{path}.name", entry["name"], "each name is allowed once")
        duration = entry["max_session_duration"]
        if not 3600 <= duration <= 43200:
            raise Refusal(f"{path}.max_session_duration", duration, "3600 to 43200 seconds are allowed")
        _check_entry(path, entry)
        workflow = Workflow(
            repository=repository,
            immutable=params["subject_format"] == "immutable",
            owner_id=params["owner_id"],
            repository_id=params["repository_id"],
            refs=tuple(sorted(set(entry["refs"]))),
            pull_requests=entry["pull_requests"],
            environment=entry["environment"] or None,
            job_workflow_refs=tuple(sorted(set(entry["job_workflow_refs"]))),
        )
        permissions = tuple(sorted(set(entry["permissions"])))
        roles.append(Role(name, entry["name"], scope, permissions, workflow, duration))
    return tuple(roles)


def _check_entry(path: str, entry: Mapping[str, Value]) -> None:
    for position, permission in enumerate(entry["permissions"]):
        if permission not in PERMISSIONS:
            raise Refusal(f"{path}.permissions[{position}]", permission, f"allowed are {', '.join(PERMISSIONS)}")
    if not entry["permissions"]:
        raise Refusal(f"{path}.permissions", [], f"at least one is required, allowed are {', '.join(PERMISSIONS)}")
    if not entry["refs"] and not entry["pull_requests"]:
        raise Refusal(f"{path}.refs", [], "a branch or tag is required (refs/heads/main), or pull_requests")
    for position, ref in enumerate(entry["refs"]):
        if not _REF.fullmatch(ref):
            words = "a branch or tag is allowed, 'refs/heads/main' or 'refs/tags/v*', without wildcard at its beginning"
            raise Refusal(f"{path}.refs[{position}]", ref, words)
    if entry["pull_requests"] and entry["permissions"] != ["plan"]:
        words = (
            "what a pull request runs is not reviewed yet, so only a role with the permission plan may be open to it"
        )
        raise Refusal(f"{path}.pull_requests", True, words)
    if entry["environment"] and not _ENVIRONMENT.fullmatch(entry["environment"]):
        raise Refusal(f"{path}.environment", entry["environment"], "letters, digits, spaces and ._/- are allowed")
    for position, ref in enumerate(entry["job_workflow_refs"]):
        if not _WORKFLOW.fullmatch(ref):
            words = "a workflow is allowed, 'octo-org/shop/.github/workflows/build.yml@refs/heads/main'"
            raise Refusal(f"{path}.job_workflow_refs[{position}]", ref, words)

"""What the fake GitHub stores, and how it starts: one organization with one repository as GitHub makes it."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any

SETTINGS = {
    "allow_squash_merge": True,
    "allow_merge_commit": True,
    "allow_rebase_merge": True,
    "squash_merge_commit_title": "COMMIT_OR_PR_TITLE",
    "squash_merge_commit_message": "COMMIT_MESSAGES",
    "merge_commit_title": "MERGE_MESSAGE",
    "merge_commit_message": "PR_TITLE",
    "delete_branch_on_merge": False,
    "allow_auto_merge": False,
    "allow_update_branch": False,
}


@dataclass(frozen=True)
class Token:
    administers: bool = True
    hidden: tuple[str, ...] = ()


@dataclass
class Repository:
    """A repository as GitHub makes it."""

    owner: str
    name: str
    id: int
    private: bool = False
    licensed: bool = True
    archived: bool = False
    moved_to: str = ""
    default_branch: str = "main"
    settings: dict[str, Any] = field(default_factory=lambda: dict(SETTINGS))
    security: dict[str, str] = field(
        default_factory=lambda: {"secret_scanning": "disabled", "secret_scanning_push_protection": "disabled"}
    )
    actions: dict[str, Any] = field(
        default_factory=lambda: {"enabled": True, "allowed_actions": "all", "sha_pinning_required": False}
    )
    selected: dict[str, Any] = field(
        default_factory=lambda: {"github_owned_allowed": False, "verified_allowed": False, "patterns_allowed": []}
    )
    workflow: dict[str, Any] = field(
        default_factory=lambda: {"default_workflow_permissions": "write", "can_approve_pull_request_reviews": True}
    )
    approval: dict[str, Any] = field(default_factory=lambda: {"approval_policy": "first_time_contributors"})
    forks: dict[str, Any] = field(
        default_factory=lambda: {
            "run_workflows_from_fork_pull_requests": True,
            "send_write_tokens_to_workflows": False,
            "send_secrets_and_variables": False,
            "require_approval_for_fork_pr_workflows": False,
        }
    )
    subject: dict[str, Any] = field(default_factory=lambda: {"use_default": True})
    rulesets: dict[int, dict[str, Any]] = field(default_factory=dict)
    environments: dict[str, dict[str, Any]] = field(default_factory=dict)
    policies: dict[str, dict[int, dict[str, str]]] = field(default_factory=dict)
    comments: list[dict[str, Any]] = field(default_factory=list)
    releases: list[dict[str, Any]] = field(default_factory=list)

    @property
    def full_name(self) -> str:
        return f"{self.owner}/{self.name}"


@dataclass
class State:
    """:param parents: rulesets of the organization, which a list shows beside the repository's own."""

    tokens: dict[str, Token] = field(default_factory=lambda: {"ghp_good": Token(), "ghp_reader": Token(False)})
    users: dict[str, int] = field(default_factory=lambda: {"octocat": 101, "hubot": 102})
    teams: dict[str, int] = field(default_factory=lambda: {"platform": 201, "release": 202})
    apps: dict[str, int] = field(default_factory=lambda: {"github-actions": 15368, "renovate": 2740})
    repositories: dict[str, Repository] = field(
        default_factory=lambda: {"octo-org/shop": Repository("octo-org", "shop", 456)}
    )
    owner_id: int = 123
    parents: list[dict[str, Any]] = field(default_factory=list)
    forbids_write_token: bool = False
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1001))

    @property
    def repository(self) -> Repository:
        return self.repositories["octo-org/shop"]

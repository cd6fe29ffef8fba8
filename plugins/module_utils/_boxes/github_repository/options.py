# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of `github_repository`, named as GitHub's REST API names them, with defaults that an auditor would choose."""

from __future__ import annotations

from typing import Any

from ..._core.plan import Value

BRANCH_RULES = ("required_linear_history", "required_signatures")
FLAGS = ("creation", "update", "deletion", "non_fast_forward", *BRANCH_RULES)
"""Rules without parameters."""

PULL_REQUEST: dict[str, dict[str, Any]] = {
    "required_approving_review_count": {"type": "int", "default": 1},
    "require_code_owner_review": {"type": "bool", "default": True},
    "dismiss_stale_reviews_on_push": {"type": "bool", "default": True},
    "require_last_push_approval": {"type": "bool", "default": True},
    "required_review_thread_resolution": {"type": "bool", "default": True},
    "allowed_merge_methods": {"type": "list", "elements": "str", "default": ["squash"]},
}

STATUS_CHECKS: dict[str, dict[str, Any]] = {
    "contexts": {"type": "list", "elements": "str", "required": True},
    "app": {"type": "str", "default": "github-actions"},
    "strict_required_status_checks_policy": {"type": "bool", "default": True},
    "do_not_enforce_on_create": {"type": "bool", "default": False},
}

RULES: dict[str, dict[str, Any]] = {
    **{name: {"type": "bool", "default": False} for name in FLAGS},
    "pull_request": {"type": "dict", "options": PULL_REQUEST},
    "required_status_checks": {"type": "dict", "options": STATUS_CHECKS},
    "required_deployments": {"type": "list", "elements": "str", "default": []},
}

_BYPASS_ACTOR: dict[str, dict[str, Any]] = {
    "type": {
        "type": "str",
        "choices": ["team", "user", "app", "repository_role", "organization_admin", "deploy_key"],
        "required": True,
    },
    "name": {"type": "str"},
    "mode": {"type": "str", "choices": ["always", "pull_request"], "default": "pull_request"},
}

RULESET: dict[str, dict[str, Any]] = {
    "name": {"type": "str", "required": True},
    "target": {"type": "str", "choices": ["branch", "tag"], "default": "branch"},
    "enforcement": {"type": "str", "choices": ["active", "evaluate", "disabled"], "default": "active"},
    "include": {"type": "list", "elements": "str", "default": ["~DEFAULT_BRANCH"]},
    "exclude": {"type": "list", "elements": "str", "default": []},
    "rules": {"type": "dict", "default": {}, "options": RULES},
    "bypass_actors": {"type": "list", "elements": "dict", "default": [], "no_log": False, "options": _BYPASS_ACTOR},
}

_ENVIRONMENT: dict[str, dict[str, Any]] = {
    "name": {"type": "str", "required": True},
    "reviewers": {
        "type": "dict",
        "default": {},
        "options": {
            "users": {"type": "list", "elements": "str", "default": []},
            "teams": {"type": "list", "elements": "str", "default": []},
        },
    },
    "prevent_self_review": {"type": "bool", "default": True},
    "wait_timer": {"type": "int", "default": 0},
    "deployment_branch_policy": {
        "type": "str",
        "choices": ["protected_branches", "custom_branch_policies", "all"],
        "default": "protected_branches",
    },
    "branches": {"type": "list", "elements": "str", "default": []},
    "tags": {"type": "list", "elements": "str", "default": []},
}

SETTINGS: dict[str, dict[str, Any]] = {
    "allow_squash_merge": {"type": "bool", "default": True},
    "allow_merge_commit": {"type": "bool", "default": False},
    "allow_rebase_merge": {"type": "bool", "default": False},
    "squash_merge_commit_title": {"type": "str", "choices": ["PR_TITLE", "COMMIT_OR_PR_TITLE"], "default": "PR_TITLE"},
    "squash_merge_commit_message": {
        "type": "str",
        "choices": ["PR_BODY", "COMMIT_MESSAGES", "BLANK"],
        "default": "COMMIT_MESSAGES",
    },
    "delete_branch_on_merge": {"type": "bool", "default": True},
    "allow_auto_merge": {"type": "bool", "default": False},
    "allow_update_branch": {"type": "bool", "default": True},
    "secret_scanning": {"type": "bool", "default": True},
    "secret_scanning_push_protection": {"type": "bool", "default": True},
}

_ACTIONS: dict[str, dict[str, Any]] = {
    "enabled": {"type": "bool", "default": True},
    "allowed_actions": {"type": "str", "choices": ["selected", "local_only", "all"], "default": "selected"},
    "github_owned_allowed": {"type": "bool", "default": True},
    "verified_allowed": {"type": "bool", "default": False},
    "patterns_allowed": {"type": "list", "elements": "str", "default": []},
    "sha_pinning_required": {"type": "bool", "default": True},
    "default_workflow_permissions": {"type": "str", "choices": ["read", "write"], "default": "read"},
    "can_approve_pull_request_reviews": {"type": "bool", "default": False},
    "fork_approval_policy": {
        "type": "str",
        "choices": [
            "first_time_contributors_new_to_github",
            "first_time_contributors",
            "all_external_contributors",
        ],
        "default": "all_external_contributors",
    },
    "run_workflows_from_fork_pull_requests": {"type": "bool", "default": False},
}

_SUBJECT_CLAIM: dict[str, dict[str, Any]] = {
    "use_immutable_subject": {"type": "bool", "default": True},
    "include_claim_keys": {"type": "list", "elements": "str", "default": [], "no_log": False},
}

DEFAULTRULESET: dict[str, Value] = {
    "name": "default branch",
    "rules": {
        "deletion": True,
        "non_fast_forward": True,
        "required_linear_history": True,
        "required_signatures": True,
        "pull_request": {},
    },
}

OPTIONS: dict[str, dict[str, Any]] = {
    "settings": {"type": "dict", "default": {}, "options": SETTINGS},
    "actions": {"type": "dict", "default": {}, "options": _ACTIONS},
    "subject_claim": {"type": "dict", "default": {}, "options": _SUBJECT_CLAIM},
    "rulesets": {"type": "list", "elements": "dict", "default": [DEFAULTRULESET], "options": RULESET},
    "purge_rulesets": {"type": "bool", "default": False},
    "environments": {"type": "list", "elements": "dict", "default": [], "options": _ENVIRONMENT},
    "purge_environments": {"type": "bool", "default": False},
}

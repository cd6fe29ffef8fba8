# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The repository as it is to stand. Pure."""

from __future__ import annotations

from ..._core.plan import Impossible, Observed, Plan, Ref, Resource, Value
from .model import Environment, Ruleset, Spec

SELECTED = ("github_owned_allowed", "verified_allowed", "patterns_allowed")
RUN_WORKFLOWS = "run_workflows_from_fork_pull_requests"
FORKS = {
    "send_write_tokens_to_workflows": False,
    "send_secrets_and_variables": False,
    "require_approval_for_fork_pr_workflows": True,
}
"""What workflows of forks get in a private repository."""
WORKFLOW = ("default_workflow_permissions", "can_approve_pull_request_reviews")


def declare(spec: Spec, observed: Observed) -> list[Resource]:
    if spec.absent:
        return []
    return [
        *_settings(spec, observed),
        *(_environment(environment) for environment in spec.environments),
        *(_ruleset(ruleset) for ruleset in spec.rulesets),
    ]


def _settings(spec: Spec, observed: Observed) -> list[Resource]:
    """What every repository has: it is changed, never made."""
    name, actions = spec.repository, spec.actions
    resources = [Resource(Ref("repository", name), dict(spec.settings))]
    permissions: dict[str, Value] = {"enabled": actions["enabled"]}
    if actions["enabled"]:
        permissions |= {key: actions[key] for key in ("allowed_actions", "sha_pinning_required")}
    resources.append(Resource(Ref("actions_permissions", name), permissions))
    if actions["enabled"] and actions["allowed_actions"] == "selected":
        resources.append(Resource(Ref("selected_actions", name), {key: actions[key] for key in SELECTED}))
    resources.append(Resource(Ref("workflow_permissions", name), {key: actions[key] for key in WORKFLOW}))
    resources.append(Resource(Ref("fork_pull_requests", name), _forks(spec, observed)))
    resources.append(Resource(Ref("subject_claim", name), dict(spec.subject_claim)))
    return resources


def _forks(spec: Spec, observed: Observed) -> dict[str, Value]:
    """A private repository says which workflows of forks run; a public one, whose runs need an approval."""
    if not observed[Ref("repository", spec.repository)].extra["private"]:
        return {"approval_policy": spec.actions["fork_approval_policy"]}
    return {
        RUN_WORKFLOWS: spec.actions[RUN_WORKFLOWS],
        **FORKS,
    }


def _environment(environment: Environment) -> Resource:
    attributes: dict[str, Value] = {
        "wait_timer": environment.wait_timer,
        "prevent_self_review": environment.prevent_self_review and bool(environment.reviewers),
        "reviewers": [f"{actor.type} {actor.name}" for actor in environment.reviewers],
        "deployment_branch_policy": environment.deployment_branch_policy,
        "branches": list(environment.branches),
        "tags": list(environment.tags),
    }
    return Resource(Ref("environment", environment.name), attributes)


def _ruleset(ruleset: Ruleset) -> Resource:
    attributes: dict[str, Value] = {
        "target": ruleset.target,
        "enforcement": ruleset.enforcement,
        "include": list(ruleset.include),
        "exclude": list(ruleset.exclude),
        "bypass_actors": sorted(_bypass(actor.type, actor.name, mode) for actor, mode in ruleset.bypass_actors),
        "rules": dict(ruleset.rules),
    }
    return Resource(Ref("ruleset", ruleset.name), attributes)


def _bypass(kind: str, name: str, mode: str) -> str:
    return f"{kind} {name}: {mode}" if name else f"{kind}: {mode}"


def guard(spec: Spec, observed: Observed, plan: Plan) -> None:
    """An archived repository takes no changes."""
    repository = observed.get(Ref("repository", spec.repository))
    if plan and repository is not None and repository.extra["archived"]:
        raise Impossible(f"The repository '{spec.repository}' is archived and cannot change; unarchive it.")


def answer(spec: Spec, observed: Observed) -> dict[str, Value]:
    found = observed.get(Ref("repository", spec.repository))
    if found is None:
        return {}
    return {
        "full_name": found.extra["full_name"],
        "repository_id": found.extra["id"],
        "owner_id": found.extra["owner_id"],
        "default_branch": found.extra["default_branch"],
        "sub_claim_prefix": observed[Ref("subject_claim", spec.repository)].extra["sub_claim_prefix"],
    }

# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calls that change a repository, and their bodies. One function a kind and action."""

from __future__ import annotations

from typing import Any

from ..._core.box import Call, Kind, Target
from ..._core.plan import Value
from ..._github.client import Github
from ..._github.directory import ACTOR_TYPES, Actor, Directory, directory_of
from .model import Environment, Ruleset, Spec
from .options import SETTINGS
from .plan import FORKS, RUN_WORKFLOWS, SELECTED, WORKFLOW
from .read import branch_patterns


def _path(target: Target) -> tuple[str, ...]:
    """Where the repository is."""
    return ("repos", *target.spec.repository.split("/"))


def _standing(target: Target) -> tuple[str, ...]:
    """Where an environment or a ruleset is that stands: its identifier is the path below the repository."""
    kind, _slash, name = target.id.partition("/")
    return (*_path(target), kind, name)


def _changed(target: Target) -> set[str]:
    return {field.attribute for field in target.fields}


def repository_body(target: Target) -> dict[str, Any]:
    """What changes, and both parts of the squash commit, since GitHub takes them together only."""
    wanted, changed = target.attributes, _changed(target)
    body = {name: wanted[name] for name in sorted(changed) if not name.startswith("secret_scanning")}
    if any(name.startswith("squash_merge_commit") for name in changed):
        body |= {name: wanted[name] for name in wanted if name.startswith("squash_merge_commit")}
    security = {name: {"status": "enabled" if wanted[name] else "disabled"} for name in sorted(changed - set(body))}
    return {**body, "security_and_analysis": security} if security else body


def update_repository(github: Github, target: Target) -> None:
    github.patch(*_path(target), body=repository_body(target))


def update_actions_permissions(github: Github, target: Target) -> None:
    """`sha_pinning_required` is left out where it is to stay off: GitHub Enterprise Server may not know it."""
    body = {name: value for name, value in target.attributes.items() if value or name != "sha_pinning_required"}
    if "sha_pinning_required" in _changed(target):
        body["sha_pinning_required"] = target.attributes["sha_pinning_required"]
    github.put(*_path(target), "actions", "permissions", body=body)


def update_selected_actions(github: Github, target: Target) -> None:
    github.put(*_path(target), "actions", "permissions", "selected-actions", body=dict(target.attributes))


def create_selected_actions(github: Github, target: Target) -> str:
    """Of a repository in which other actions were allowed before."""
    update_selected_actions(github, target)
    return str(target.spec.repository)


def update_workflow_permissions(github: Github, target: Target) -> None:
    github.put(*_path(target), "actions", "permissions", "workflow", body=dict(target.attributes))


def update_fork_pull_requests(github: Github, target: Target) -> None:
    public = "approval_policy" in target.attributes
    setting = "fork-pr-contributor-approval" if public else "fork-pr-workflows-private-repos"
    github.put(*_path(target), "actions", "permissions", setting, body=dict(target.attributes))


def subject_claim_body(target: Target) -> dict[str, Any]:
    body = {"use_default": target.attributes["use_default"]}
    if not body["use_default"]:
        body["include_claim_keys"] = list(target.attributes["include_claim_keys"])
    if target.attributes["use_immutable_subject"] or "use_immutable_subject" in _changed(target):
        body["use_immutable_subject"] = target.attributes["use_immutable_subject"]
    return body


def update_subject_claim(github: Github, target: Target) -> None:
    github.put(*_path(target), "actions", "oidc", "customization", "sub", body=subject_claim_body(target))


def environment_body(environment: Environment, directory: Directory) -> dict[str, Any]:
    policy = environment.deployment_branch_policy
    types = {"user": "User", "team": "Team"}
    return {
        "wait_timer": environment.wait_timer,
        "prevent_self_review": environment.prevent_self_review and bool(environment.reviewers),
        "reviewers": [{"type": types[who.type], "id": directory.id(who)} for who in environment.reviewers],
        "deployment_branch_policy": None
        if policy == "all"
        else {name: name == policy for name in ("protected_branches", "custom_branch_policies")},
    }


def _environment(target: Target) -> Environment:
    spec: Spec = target.spec
    return next(entry for entry in spec.environments if entry.name == target.name)


def create_environment(github: Github, target: Target) -> str:
    """The environment first: GitHub takes patterns only where it is to have custom ones."""
    environment = _environment(target)
    where = (*_path(target), "environments", environment.name)
    github.put(*where, body=environment_body(environment, directory_of(github, target.spec.owner)))
    _set_patterns(github, environment, *where)
    return f"environments/{environment.name}"


def update_environment(github: Github, target: Target) -> None:
    environment, where = _environment(target), _standing(target)
    if _changed(target) - {"branches", "tags"}:
        github.put(*where, body=environment_body(environment, directory_of(github, target.spec.owner)))
    _set_patterns(github, environment, *where)


def _set_patterns(github: Github, environment: Environment, *where: str) -> None:
    """What is new comes before what is obsolete goes. Some may stand from a time when they did not count."""
    if environment.deployment_branch_policy != "custom_branch_policies":
        return
    standing = branch_patterns(github, *where)
    wanted = [("branch", name) for name in environment.branches] + [("tag", name) for name in environment.tags]
    for kind, name in wanted:
        if (kind, name) not in standing:
            github.post(*where, "deployment-branch-policies", body={"name": name, "type": kind})
    for pattern, number in standing.items():
        if pattern not in wanted:
            github.delete(*where, "deployment-branch-policies", number)


def delete_environment(github: Github, target: Target) -> None:
    github.delete(*_standing(target))


def ruleset_body(ruleset: Ruleset, directory: Directory) -> dict[str, Any]:
    return {
        "name": ruleset.name,
        "target": ruleset.target,
        "enforcement": ruleset.enforcement,
        "bypass_actors": [_bypass_actor(actor, mode, directory) for actor, mode in ruleset.bypass_actors],
        "conditions": {"ref_name": {"include": list(ruleset.include), "exclude": list(ruleset.exclude)}},
        "rules": [_rule(name, value, directory) for name, value in ruleset.rules.items()],
    }


def _bypass_actor(actor: Actor, mode: str, directory: Directory) -> dict[str, Any]:
    """Organization admins are number 1, deploy keys have none. Source: "Create a repository ruleset", GitHub Docs."""
    alone: dict[str, int | None] = {"organization_admin": 1, "deploy_key": None}
    number = alone[actor.type] if actor.type in alone else directory.id(actor)
    return {"actor_id": number, "actor_type": ACTOR_TYPES[actor.type], "bypass_mode": mode}


def _rule(name: str, value: Value, directory: Directory) -> dict[str, Any]:
    if name == "update":
        return {"type": name, "parameters": {"update_allows_fetch_and_merge": False}}
    if value is True:
        return {"type": name}
    if name == "required_deployments":
        return {"type": name, "parameters": {"required_deployment_environments": list(value)}}
    if name == "required_status_checks":
        app = {"integration_id": directory.id(Actor("app", value["app"]))} if value["app"] else {}
        parameters = {key: entry for key, entry in value.items() if key not in ("contexts", "app")}
        checks = [{"context": context, **app} for context in value["contexts"]]
        return {"type": name, "parameters": {**parameters, "required_status_checks": checks}}
    return {"type": name, "parameters": dict(value)}


def _ruleset_body(github: Github, target: Target) -> dict[str, Any]:
    ruleset = next(entry for entry in target.spec.rulesets if entry.name == target.name)
    return ruleset_body(ruleset, directory_of(github, target.spec.owner))


def create_ruleset(github: Github, target: Target) -> str:
    answer = github.post(*_path(target), "rulesets", body=_ruleset_body(github, target))
    return f"rulesets/{answer['id']}"


def update_ruleset(github: Github, target: Target) -> None:
    github.put(*_standing(target), body=_ruleset_body(github, target))


def delete_ruleset(github: Github, target: Target) -> None:
    github.delete(*_standing(target))


def _shared(call: Call, *attributes: str) -> dict[str, Call]:
    """The attributes that one call sets together."""
    return dict.fromkeys(attributes, call)


KINDS = (
    Kind(name="repository", update=_shared(update_repository, *SETTINGS)),
    Kind(
        name="actions_permissions",
        update=_shared(update_actions_permissions, "enabled", "allowed_actions", "sha_pinning_required"),
    ),
    Kind(
        name="selected_actions",
        create=create_selected_actions,
        update=_shared(update_selected_actions, *SELECTED),
    ),
    Kind(name="workflow_permissions", update=_shared(update_workflow_permissions, *WORKFLOW)),
    Kind(
        name="fork_pull_requests",
        update=_shared(update_fork_pull_requests, "approval_policy", RUN_WORKFLOWS, *FORKS),
    ),
    Kind(
        name="subject_claim",
        update=_shared(update_subject_claim, "use_default", "include_claim_keys", "use_immutable_subject"),
    ),
    Kind(
        name="environment",
        create=create_environment,
        update=_shared(
            update_environment,
            *("wait_timer", "prevent_self_review", "reviewers", "deployment_branch_policy", "branches", "tags"),
        ),
        delete=delete_environment,
    ),
    Kind(
        name="ruleset",
        fixed={"target": "GitHub fixes the target of a ruleset; choose another name"},
        create=create_ruleset,
        update=_shared(update_ruleset, *("target", "enforcement", "include", "exclude", "bypass_actors", "rules")),
        delete=delete_ruleset,
    ),
)

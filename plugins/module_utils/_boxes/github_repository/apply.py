# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calls that change a repository, and their bodies. One function a kind and action."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..._core.plan import Field, Found, Impossible, Value
from .client import Github
from .directory import ACTOR_TYPES, Directory
from .model import Actor, Environment, Ruleset, Spec
from .read import branch_patterns


@dataclass(frozen=True)
class Target:
    """One resource that a change is made to.

    :param found: what stands, or None.
    :param attributes: what is declared.
    :param fields: what changes.
    """

    name: str
    found: Found | None
    attributes: Mapping[str, Value]
    fields: tuple[Field, ...]
    spec: Spec
    directory: Directory

    @property
    def path(self) -> tuple[str, ...]:
        return ("repos", *self.spec.repository.split("/"))

    @property
    def changed(self) -> set[str]:
        return {field.attribute for field in self.fields}


Call = Callable[[Github, Target], None]


def repository_body(target: Target) -> dict[str, Any]:
    """What changes, and both parts of the squash commit, since GitHub takes them together only."""
    wanted, changed = target.attributes, target.changed
    body = {name: wanted[name] for name in sorted(changed) if not name.startswith("secret_scanning")}
    if any(name.startswith("squash_merge_commit") for name in changed):
        body |= {name: wanted[name] for name in wanted if name.startswith("squash_merge_commit")}
    security = {name: {"status": "enabled" if wanted[name] else "disabled"} for name in sorted(changed - set(body))}
    return {**body, "security_and_analysis": security} if security else body


def update_repository(github: Github, target: Target) -> None:
    github.patch(*target.path, body=repository_body(target))


def update_actions_permissions(github: Github, target: Target) -> None:
    """`sha_pinning_required` is left out where it is to stay off: GitHub Enterprise Server may not know it."""
    body = {name: value for name, value in target.attributes.items() if value or name != "sha_pinning_required"}
    if "sha_pinning_required" in target.changed:
        body["sha_pinning_required"] = target.attributes["sha_pinning_required"]
    github.put(*target.path, "actions", "permissions", body=body)


def update_selected_actions(github: Github, target: Target) -> None:
    github.put(*target.path, "actions", "permissions", "selected-actions", body=dict(target.attributes))


def update_workflow_permissions(github: Github, target: Target) -> None:
    github.put(*target.path, "actions", "permissions", "workflow", body=dict(target.attributes))


def update_fork_pull_requests(github: Github, target: Target) -> None:
    public = "approval_policy" in target.attributes
    setting = "fork-pr-contributor-approval" if public else "fork-pr-workflows-private-repos"
    github.put(*target.path, "actions", "permissions", setting, body=dict(target.attributes))


def subject_claim_body(target: Target) -> dict[str, Any]:
    body = {"use_default": target.attributes["use_default"]}
    if not body["use_default"]:
        body["include_claim_keys"] = list(target.attributes["include_claim_keys"])
    if target.attributes["use_immutable_subject"] or "use_immutable_subject" in target.changed:
        body["use_immutable_subject"] = target.attributes["use_immutable_subject"]
    return body


def update_subject_claim(github: Github, target: Target) -> None:
    github.put(*target.path, "actions", "oidc", "customization", "sub", body=subject_claim_body(target))


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


def put_environment(github: Github, target: Target) -> None:
    """The environment first: GitHub takes patterns only where it is to have custom ones."""
    environment = next(entry for entry in target.spec.environments if entry.name == target.name)
    where = (*target.path, "environments", environment.name if target.found is None else target.found.id)
    if target.found is None or target.changed - {"branches", "tags"}:
        github.put(*where, body=environment_body(environment, target.directory))
    if environment.deployment_branch_policy == "custom_branch_policies":
        _set_patterns(github, environment, *where)


def _set_patterns(github: Github, environment: Environment, *where: str) -> None:
    """What is new comes before what is obsolete goes. Some may stand from a time when they did not count."""
    standing = branch_patterns(github, *where)
    wanted = [("branch", name) for name in environment.branches] + [("tag", name) for name in environment.tags]
    for kind, name in wanted:
        if (kind, name) not in standing:
            github.post(*where, "deployment-branch-policies", body={"name": name, "type": kind})
    for pattern, number in standing.items():
        if pattern not in wanted:
            github.delete(*where, "deployment-branch-policies", number)


def delete_environment(github: Github, target: Target) -> None:
    github.delete(*target.path, "environments", _standing(target))


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


def put_ruleset(github: Github, target: Target) -> None:
    ruleset = next(entry for entry in target.spec.rulesets if entry.name == target.name)
    body = ruleset_body(ruleset, target.directory)
    if target.found is None:
        github.post(*target.path, "rulesets", body=body)
    else:
        github.put(*target.path, "rulesets", target.found.id, body=body)


def delete_ruleset(github: Github, target: Target) -> None:
    github.delete(*target.path, "rulesets", _standing(target))


def _standing(target: Target) -> str:
    if target.found is None:
        raise Impossible(f"'{target.name}' does not stand any more; run again.")
    return target.found.id


WRITE: dict[str, Call] = {
    "repository": update_repository,
    "actions_permissions": update_actions_permissions,
    "selected_actions": update_selected_actions,
    "workflow_permissions": update_workflow_permissions,
    "fork_pull_requests": update_fork_pull_requests,
    "subject_claim": update_subject_claim,
    "environment": put_environment,
    "ruleset": put_ruleset,
}
"""Kind -> the call that makes or changes it."""

DELETE: dict[str, Call] = {"environment": delete_environment, "ruleset": delete_ruleset}

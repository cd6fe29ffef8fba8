# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What stands of a repository, in the form in which it is declared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..._core.known import Known
from ..._core.plan import Found, Impossible, Ref, Value
from ..._github.client import Github
from ..._github.directory import Actor, Directory, bypass_actor, directory_of
from .model import Spec
from .options import PULL_REQUEST, STATUS_CHECKS


def read(github: Github, spec: Spec, known: Known) -> dict[Ref, Found]:
    """Everything that is declared, and with `purge_*` what is declared no more.

    Identifiers are paths below the repository; of what every repository has, its name.
    """
    directory = directory_of(github, spec.owner)
    observed = {} if spec.absent else dict(_settings(github, spec))
    observed |= _environments(github, spec, directory)
    if not spec.absent:
        directory.look_up(spec.actors)
    return observed | dict(_rulesets(github, spec, directory))


def get_repository(github: Github, repository: str) -> dict[str, Any]:
    """The repository itself; Impossible if it goes by another name now."""
    found: dict[str, Any] = github.get("repos", *repository.split("/"))
    if found["full_name"].lower() != repository.lower():
        raise Impossible(f"The repository '{repository}' is called '{found['full_name']}' now; write that name.")
    return found


def _settings(github: Github, spec: Spec) -> Iterator[tuple[Ref, Found]]:
    where = ("repos", *spec.repository.split("/"))
    found = get_repository(github, spec.repository)
    security = found.get("security_and_analysis") or {}
    settings = {name: found.get(name) for name in spec.settings if not name.startswith("secret_scanning")}
    for name in ("secret_scanning", "secret_scanning_push_protection"):
        settings[name] = security.get(name, {}).get("status") == "enabled"
    yield (
        Ref("repository", spec.repository),
        Found(
            spec.repository,
            settings,
            extra={
                "id": found["id"],
                "owner_id": found["owner"]["id"],
                "private": found["private"],
                "default_branch": found["default_branch"],
                "full_name": found["full_name"],
                "archived": found["archived"],
            },
        ),
    )
    permissions = (*where, "actions", "permissions")
    answer = github.get(*permissions)
    actions = {
        "enabled": answer["enabled"],
        "allowed_actions": answer.get("allowed_actions"),
        "sha_pinning_required": answer.get("sha_pinning_required", False),
    }
    yield Ref("actions_permissions", spec.repository), Found(spec.repository, actions)
    wanted = spec.actions["enabled"] and spec.actions["allowed_actions"] == "selected"
    if wanted and actions["enabled"]:
        selected = github.get(*permissions, "selected-actions") if actions["allowed_actions"] == "selected" else {}
        yield (
            Ref("selected_actions", spec.repository),
            Found(
                spec.repository,
                {
                    "github_owned_allowed": selected.get("github_owned_allowed"),
                    "verified_allowed": selected.get("verified_allowed"),
                    "patterns_allowed": sorted(selected.get("patterns_allowed") or []),
                },
            ),
        )
    yield Ref("workflow_permissions", spec.repository), Found(spec.repository, github.get(*permissions, "workflow"))
    if found["private"]:
        forks = github.get(*permissions, "fork-pr-workflows-private-repos")
    else:
        forks = github.get(*permissions, "fork-pr-contributor-approval")
    yield Ref("fork_pull_requests", spec.repository), Found(spec.repository, forks)
    claim = github.get(*where, "actions", "oidc", "customization", "sub")
    yield (
        Ref("subject_claim", spec.repository),
        Found(
            spec.repository,
            {
                "use_default": claim["use_default"],
                "include_claim_keys": [] if claim["use_default"] else list(claim.get("include_claim_keys") or []),
                "use_immutable_subject": claim.get("use_immutable_subject", "@" in claim.get("sub_claim_prefix", "")),
            },
            extra={"sub_claim_prefix": claim.get("sub_claim_prefix", "")},
        ),
    )


def _environments(github: Github, spec: Spec, directory: Directory) -> dict[Ref, Found]:
    if not spec.environments and not spec.purge_environments:
        return {}
    where = ("repos", *spec.repository.split("/"), "environments")
    declared = {environment.name.lower(): environment.name for environment in spec.environments}
    observed = {}
    for entry in github.pages(*where, key="environments"):
        name = declared.get(entry["name"].lower())
        if name is None and not spec.purge_environments:
            continue
        policy = _branch_policy(entry.get("deployment_branch_policy"))
        patterns = branch_patterns(github, *where, entry["name"]) if policy == "custom_branch_policies" else {}
        attributes = {
            **_protection(entry, directory),
            "deployment_branch_policy": policy,
            "branches": sorted(pattern for kind, pattern in patterns if kind == "branch"),
            "tags": sorted(pattern for kind, pattern in patterns if kind == "tag"),
        }
        observed[Ref("environment", name or entry["name"])] = Found(f"environments/{entry['name']}", attributes)
    return observed


def branch_patterns(github: Github, *environment: str) -> dict[tuple[str, str], str]:
    """(`branch` or `tag`, pattern) -> identifier, of an environment that has custom ones."""
    listed = github.pages(*environment, "deployment-branch-policies", key="branch_policies")
    return {(found.get("type") or "branch", found["name"]): str(found["id"]) for found in listed}


def _branch_policy(found: Mapping[str, bool] | None) -> str:
    if found is None:
        return "all"
    return "protected_branches" if found["protected_branches"] else "custom_branch_policies"


def _protection(entry: Mapping[str, Any], directory: Directory) -> dict[str, Value]:
    """Wait timer and reviewers out of the list of protection rules."""
    timer, prevented, reviewers = 0, False, []
    for rule in entry.get("protection_rules") or []:
        if rule["type"] == "wait_timer":
            timer = rule["wait_timer"]
        elif rule["type"] == "required_reviewers":
            prevented = bool(rule.get("prevent_self_review"))
            for listed in rule.get("reviewers") or []:
                who = listed["reviewer"]
                actor = Actor(listed["type"].lower(), who["login" if listed["type"] == "User" else "slug"].lower())
                directory.met(actor, who["id"])
                reviewers.append(f"{actor.type} {actor.name}")
    return {"wait_timer": timer, "prevent_self_review": prevented, "reviewers": sorted(reviewers)}


def _rulesets(github: Github, spec: Spec, directory: Directory) -> Iterator[tuple[Ref, Found]]:
    """Those of the repository itself; the organization's are none of ours."""
    if not spec.rulesets and not spec.purge_rulesets:
        return
    where = ("repos", *spec.repository.split("/"), "rulesets")
    declared = {ruleset.name.lower(): ruleset.name for ruleset in spec.rulesets}
    for entry in list(github.pages(*where, includes_parents="false")):
        name = declared.get(entry["name"].lower())
        if entry.get("source_type", "Repository") == "Repository" and (name is not None or spec.purge_rulesets):
            found = github.get(*where, str(entry["id"]))
            yield Ref("ruleset", name or found["name"]), Found(f"rulesets/{found['id']}", _ruleset(found, directory))


def _ruleset(found: Mapping[str, Any], directory: Directory) -> dict[str, Value]:
    names = (found.get("conditions") or {}).get("ref_name") or {}
    return {
        "target": found.get("target", "branch"),
        "enforcement": found["enforcement"],
        "include": sorted(names.get("include") or []),
        "exclude": sorted(names.get("exclude") or []),
        "bypass_actors": sorted(bypass_actor(directory, entry) for entry in found.get("bypass_actors") or []),
        "rules": {rule["type"]: _rule(rule, directory) for rule in found.get("rules") or []},
    }


def _rule(rule: Mapping[str, Any], directory: Directory) -> Value:
    """Parameters of a rule as they are declared."""
    parameters = dict(rule.get("parameters") or {})
    if rule["type"] == "required_deployments":
        return sorted(parameters["required_deployment_environments"])
    if rule["type"] == "required_status_checks":
        checks = parameters.pop("required_status_checks")
        apps = {entry.get("integration_id") for entry in checks}
        names = sorted("" if app is None else directory.name("app", app) for app in apps)
        found = {"contexts": sorted(entry["context"] for entry in checks), "app": ", ".join(names)}
        return {"do_not_enforce_on_create": False, **_set(parameters, STATUS_CHECKS), **found}
    if rule["type"] == "pull_request":
        methods = parameters.get("allowed_merge_methods") or ["merge", "rebase", "squash"]
        return {**_set(parameters, PULL_REQUEST), "allowed_merge_methods": sorted(methods)}
    return _set(parameters, ()) or True


def _set(parameters: Mapping[str, Value], known: Iterable[str]) -> dict[str, Value]:
    """Without what GitHub adds by itself and nobody has switched on."""
    return {name: value for name, value in parameters.items() if value or name in known}

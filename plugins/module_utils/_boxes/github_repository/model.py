# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of `github_repository`, checked, and what they declare. Pure.

Source of the rules: "REST API endpoints for rules, deployment
environments, GitHub Actions permissions and GitHub Actions OIDC", GitHub Docs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ..._core.plan import Refusal, Value
from ..._github.directory import Actor
from .options import BRANCH_RULES, FLAGS, OPTIONS, RULES

__all__ = ["OPTIONS", "parse"]

_REPOSITORY = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})/[A-Za-z0-9._-]{1,100}")
_USER = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,99})")
_CLAIM = re.compile(r"\w{1,100}", re.ASCII)
_PATTERN = re.compile(r"[A-Za-z0-9_.*-]+/[^\s,]+")
_ROLES = ("read", "triage", "write", "maintain", "admin")
_METHODS = {"squash": "allow_squash_merge", "merge": "allow_merge_commit", "rebase": "allow_rebase_merge"}


@dataclass(frozen=True)
class Ruleset:
    """:param rules: name of a rule -> True, its parameters, or its list; only those that are to be enforced."""

    name: str
    target: str
    enforcement: str
    include: tuple[str, ...]
    exclude: tuple[str, ...]
    rules: Mapping[str, Value]
    bypass_actors: tuple[tuple[Actor, str], ...]


@dataclass(frozen=True)
class Environment:
    name: str
    reviewers: tuple[Actor, ...]
    prevent_self_review: bool
    wait_timer: int
    deployment_branch_policy: str
    branches: tuple[str, ...]
    tags: tuple[str, ...]


@dataclass(frozen=True)
class Spec:
    repository: str
    absent: bool
    settings: Mapping[str, Value]
    actions: Mapping[str, Value]
    subject_claim: Mapping[str, Value]
    rulesets: tuple[Ruleset, ...]
    purge_rulesets: bool
    environments: tuple[Environment, ...]
    purge_environments: bool

    @property
    def owner(self) -> str:
        return self.repository.partition("/")[0]

    @property
    def actors(self) -> list[Actor]:
        """Everybody who is named, once."""
        named = [actor for ruleset in self.rulesets for actor, _mode in ruleset.bypass_actors]
        named += [reviewer for environment in self.environments for reviewer in environment.reviewers]
        named += [
            Actor("app", ruleset.rules["required_status_checks"]["app"])
            for ruleset in self.rulesets
            if ruleset.rules.get("required_status_checks", {}).get("app")
        ]
        return sorted({actor for actor in named if actor.name})


def parse(given: Mapping[str, Value], facts: object) -> Spec:
    """What checked options declare; Refusal for the first that is wrong."""
    repository = given["repository"]
    if not _REPOSITORY.fullmatch(repository) or repository.split("/")[1] in (".", ".."):
        raise Refusal("repository", repository, "owner and name with a slash between are allowed ('octo-org/shop')")
    settings = _settings(given["settings"])
    environments = tuple(_environment(n, entry) for n, entry in enumerate(given["environments"]))
    rulesets = tuple(_ruleset(n, entry, settings) for n, entry in enumerate(given["rulesets"]))
    _once("rulesets", [ruleset.name for ruleset in rulesets])
    _once("environments", [environment.name for environment in environments])
    return Spec(
        repository=repository,
        absent=given["state"] == "absent",
        settings=settings,
        actions=_actions(given["actions"]),
        subject_claim=_subject_claim(given["subject_claim"]),
        rulesets=rulesets,
        purge_rulesets=given["purge_rulesets"],
        environments=environments,
        purge_environments=given["purge_environments"],
    )


def _once(option: str, names: list[str]) -> None:
    """GitHub takes names that differ only in case for the same."""
    for position, name in enumerate(names):
        if name.lower() in (other.lower() for other in names[:position]):
            raise Refusal(f"{option}[{position}].name", name, "each name is allowed once")


def _settings(given: Mapping[str, Value]) -> dict[str, Value]:
    if not any(given[method] for method in _METHODS.values()):
        raise Refusal("settings.allow_squash_merge", False, "one of the three ways to merge must be allowed")
    title, message = given["squash_merge_commit_title"], given["squash_merge_commit_message"]
    if title == "COMMIT_OR_PR_TITLE" and message != "COMMIT_MESSAGES":
        words = "with the title COMMIT_OR_PR_TITLE, GitHub takes COMMIT_MESSAGES only"
        raise Refusal("settings.squash_merge_commit_message", message, words)
    if given["secret_scanning_push_protection"] and not given["secret_scanning"]:
        words = "it needs secret_scanning, set both or none"
        raise Refusal("settings.secret_scanning_push_protection", True, words)
    return dict(given)


def _actions(given: Mapping[str, Value]) -> dict[str, Value]:
    for position, pattern in enumerate(given["patterns_allowed"]):
        if not _PATTERN.fullmatch(pattern):
            words = "owner/name@version is allowed, with * as wildcard ('aws-actions/*')"
            raise Refusal(f"actions.patterns_allowed[{position}]", pattern, words)
    if given["patterns_allowed"] and given["allowed_actions"] != "selected":
        words = f"allowed_actions is {given['allowed_actions']}, which knows no patterns"
        raise Refusal("actions.patterns_allowed", given["patterns_allowed"], words)
    return {**given, "patterns_allowed": sorted(set(given["patterns_allowed"]))}


def _subject_claim(given: Mapping[str, Value]) -> dict[str, Value]:
    keys = given["include_claim_keys"]
    for position, key in enumerate(keys):
        if not _CLAIM.fullmatch(key) or key in keys[:position]:
            words = "names of claims are allowed, each once, of letters, digits and _"
            raise Refusal(f"subject_claim.include_claim_keys[{position}]", key, words)
    return {**given, "use_default": not keys}


def _ruleset(position: int, given: Mapping[str, Value], settings: Mapping[str, Value]) -> Ruleset:
    path = f"rulesets[{position}]"
    if not given["name"].strip() or len(given["name"]) > 100:
        raise Refusal(f"{path}.name", given["name"], "1 to 100 characters are allowed")
    branch = given["target"] == "branch"
    include = given["include"]
    if not branch and include == ["~DEFAULT_BRANCH"]:
        raise Refusal(f"{path}.include", include, "tags are named as 'refs/tags/v*', or '~ALL'")
    for kind, names in (("include", include), ("exclude", given["exclude"])):
        for number, name in enumerate(names):
            _check_ref(f"{path}.{kind}[{number}]", name, branch)
    if not include:
        raise Refusal(f"{path}.include", include, "at least one name or pattern is required, '~ALL' for all")
    return Ruleset(
        name=given["name"],
        target=given["target"],
        enforcement=given["enforcement"],
        include=tuple(sorted(set(include))),
        exclude=tuple(sorted(set(given["exclude"]))),
        rules=_rules(f"{path}.rules", given["rules"], branch, settings),
        bypass_actors=tuple(_bypass(f"{path}.bypass_actors[{n}]", e) for n, e in enumerate(given["bypass_actors"])),
    )


def _check_ref(path: str, name: str, branch: bool) -> None:
    beginning = "refs/heads/" if branch else "refs/tags/"
    special = ("~ALL", "~DEFAULT_BRANCH") if branch else ("~ALL",)
    if name not in special and (not name.startswith(beginning) or name == beginning or " " in name):
        raise Refusal(path, name, f"allowed are {', '.join(special)} and names that begin with {beginning}")


def _rules(path: str, given: Mapping[str, Value], branch: bool, settings: Mapping[str, Value]) -> dict[str, Value]:
    rules: dict[str, Value] = {name: True for name in FLAGS if given[name]}
    for name in ("pull_request", "required_status_checks", "required_deployments"):
        if given[name] not in (None, []):
            rules[name] = given[name]
    if not rules:
        raise Refusal(path, None, f"at least one rule is required, allowed are {', '.join(RULES)}")
    if not branch:
        for name in rules:
            if name in ("pull_request", *BRANCH_RULES):
                raise Refusal(f"{path}.{name}", rules[name], "it is a rule for branches, and the target is tag")
    if "pull_request" in rules:
        rules["pull_request"] = _pull_request(f"{path}.pull_request", rules, settings)
    if "required_status_checks" in rules:
        rules["required_status_checks"] = _status_checks(f"{path}.required_status_checks", given)
    if "required_deployments" in rules:
        rules["required_deployments"] = sorted(set(rules["required_deployments"]))
    return rules


def _pull_request(path: str, rules: Mapping[str, Value], settings: Mapping[str, Value]) -> dict[str, Value]:
    given = rules["pull_request"]
    count = given["required_approving_review_count"]
    if not 0 <= count <= 10:
        raise Refusal(f"{path}.required_approving_review_count", count, "0 to 10 are allowed")
    methods = given["allowed_merge_methods"]
    if not methods:
        raise Refusal(f"{path}.allowed_merge_methods", methods, "at least one of merge, squash and rebase is required")
    for position, method in enumerate(methods):
        option = f"{path}.allowed_merge_methods[{position}]"
        if method not in _METHODS:
            raise Refusal(option, method, "allowed are merge, squash and rebase")
        if not settings[_METHODS[method]]:
            raise Refusal(option, method, f"settings.{_METHODS[method]} is false, so that nobody could merge so")
        if method == "merge" and "required_linear_history" in rules:
            raise Refusal(option, method, "a linear history has no merge commits, take squash")
        if method == "rebase" and "required_signatures" in rules:
            raise Refusal(option, method, "GitHub cannot sign what it rebases, and required_signatures is true")
    return {**given, "allowed_merge_methods": sorted(set(methods))}


def _status_checks(path: str, given: Mapping[str, Value]) -> dict[str, Value]:
    checks = given["required_status_checks"]
    if not checks["contexts"]:
        raise Refusal(f"{path}.contexts", [], "the name of at least one check is required")
    for position, context in enumerate(checks["contexts"]):
        if not context.strip() or context in checks["contexts"][:position]:
            raise Refusal(f"{path}.contexts[{position}]", context, "names of checks are allowed, each once")
    return {**checks, "contexts": sorted(checks["contexts"])}


def _bypass(path: str, given: Mapping[str, Value]) -> tuple[Actor, str]:
    kind, name = given["type"], given["name"] or ""
    if kind in ("organization_admin", "deploy_key"):
        if name:
            raise Refusal(f"{path}.name", name, f"{kind} means all of them and takes no name")
        if kind == "deploy_key" and given["mode"] != "always":
            raise Refusal(f"{path}.mode", given["mode"], "a deploy key makes no pull requests, only always is allowed")
        return Actor(kind), given["mode"]
    if kind == "repository_role" and name not in _ROLES:
        raise Refusal(f"{path}.name", name or None, f"allowed are {', '.join(_ROLES)}")
    if not _USER.fullmatch(name):
        raise Refusal(f"{path}.name", name or None, f"the name of the {kind} is required, as it stands in its address")
    return Actor(kind, name.lower()), given["mode"]


def _environment(position: int, given: Mapping[str, Value]) -> Environment:
    path = f"environments[{position}]"
    name = given["name"]
    if not name.strip(" .") or len(name) > 255 or any(c in "'\"`,;\\" or not c.isprintable() for c in name):
        raise Refusal(f"{path}.name", name, "1 to 255 characters without quotes, commas, semicolons and \\ are allowed")
    if not 0 <= given["wait_timer"] <= 43200:
        raise Refusal(f"{path}.wait_timer", given["wait_timer"], "0 to 43200 minutes (30 days) are allowed")
    reviewers = []
    for kind in ("users", "teams"):
        for number, who in enumerate(given["reviewers"][kind]):
            if not _USER.fullmatch(who):
                words = "the login of a user is allowed" if kind == "users" else "the slug of a team is allowed"
                raise Refusal(f"{path}.reviewers.{kind}[{number}]", who, f"{words}, as it stands in the address")
            reviewers.append(Actor(kind.removesuffix("s"), who.lower()))
    if len(set(reviewers)) > 6:
        raise Refusal(f"{path}.reviewers", f"{len(set(reviewers))} reviewers", "GitHub allows at most 6")
    policy = given["deployment_branch_policy"]
    patterns = [*given["branches"], *given["tags"]]
    if patterns and policy != "custom_branch_policies":
        words = f"deployment_branch_policy is {policy}, set it to custom_branch_policies"
        raise Refusal(f"{path}.{'branches' if given['branches'] else 'tags'}", patterns, words)
    if not patterns and policy == "custom_branch_policies":
        raise Refusal(f"{path}.branches", [], "custom_branch_policies without branches and tags lets nothing deploy")
    for kind in ("branches", "tags"):
        for number, pattern in enumerate(given[kind]):
            if not pattern.strip() or pattern.startswith("refs/"):
                words = "a name or pattern without refs/ is allowed, such as 'main' or 'v*'"
                raise Refusal(f"{path}.{kind}[{number}]", pattern, words)
    return Environment(
        name=name,
        reviewers=tuple(sorted(set(reviewers))),
        prevent_self_review=given["prevent_self_review"],
        wait_timer=given["wait_timer"],
        deployment_branch_policy=policy,
        branches=tuple(sorted(set(given["branches"]))),
        tags=tuple(sorted(set(given["tags"]))),
    )

"""Environments of the fake GitHub, and their deployment branch policies."""

from __future__ import annotations

from typing import Any

from .registry import REPOSITORY, Refused, at, operation
from .shapes import shaped
from .state import State

ENVIRONMENT = f"{REPOSITORY}/environments/{{environment_name}}"
POLICIES = f"{ENVIRONMENT}/deployment-branch-policies"
DEFAULTS: dict[str, Any] = {
    "wait_timer": 0,
    "prevent_self_review": False,
    "reviewers": None,
    "deployment_branch_policy": None,
}


def _reviewer(state: State, entry: dict[str, Any]) -> dict[str, Any]:
    if entry["type"] == "User":
        login = next(name for name, number in state.users.items() if number == entry["id"])
        return {"type": "User", "reviewer": shaped("simple-user", login=login.capitalize(), id=entry["id"])}
    slug = next(name for name, number in state.teams.items() if number == entry["id"])
    return {"type": "Team", "reviewer": shaped("team", slug=slug, name=slug.title(), id=entry["id"])}


def _full(state: State, name: str, stored: dict[str, Any]) -> dict[str, Any]:
    """As GitHub shows it: timer, reviewers and branch policy as protection rules."""
    rules: list[dict[str, Any]] = []
    if stored["wait_timer"]:
        rules.append({"id": 1, "node_id": "text", "type": "wait_timer", "wait_timer": stored["wait_timer"]})
    if stored["reviewers"]:
        reviewers = [_reviewer(state, entry) for entry in stored["reviewers"]]
        selfless = stored["prevent_self_review"]
        rules.append(
            {"id": 2, "node_id": "text", "type": "required_reviewers", "prevent_self_review": selfless,
             "reviewers": reviewers}
        )  # fmt: skip
    if stored["deployment_branch_policy"] is not None:
        rules.append({"id": 3, "node_id": "text", "type": "branch_policy"})
    values = {"name": name, "protection_rules": rules, "deployment_branch_policy": stored["deployment_branch_policy"]}
    return shaped("environment", **values)


def _name(state: State, owner: str, repository: str, name: str) -> str:
    """The name as it stands: GitHub does not tell upper from lower case."""
    found = at(state, owner, repository).environments
    standing = next((entry for entry in found if entry.lower() == name.lower()), None)
    if standing is None:
        raise Refused(404, "Not Found")
    return standing


@operation("GET", f"{REPOSITORY}/environments")
def list_environments(state: State, body: Any, owner: str, repository: str) -> tuple[int, Any]:
    found = [_full(state, name, stored) for name, stored in at(state, owner, repository).environments.items()]
    return 200, {"total_count": len(found), "environments": found}


@operation("PUT", ENVIRONMENT)
def put_environment(state: State, body: Any, owner: str, repository: str, name: str) -> tuple[int, Any]:
    stored = {**DEFAULTS, **(body or {})}
    policy, reviewers = stored["deployment_branch_policy"], stored["reviewers"] or []
    if policy is not None and policy["protected_branches"] == policy["custom_branch_policies"]:
        raise Refused(422, "protected_branches and custom_branch_policies cannot have the same value")
    if len(reviewers) > 6 or not 0 <= stored["wait_timer"] <= 43200:
        raise Refused(422, "Failed to create the environment protection rule")
    known = {"User": state.users, "Team": state.teams}
    if any(entry["id"] not in known[entry["type"]].values() for entry in reviewers):
        raise Refused(422, "Failed to create the environment protection rule. Please ensure the reviewers have access.")
    found = at(state, owner, repository)
    try:
        name = _name(state, owner, repository, name)
    except Refused:
        found.policies[name] = {}
    found.environments[name] = stored
    if policy is None or not policy["custom_branch_policies"]:
        found.policies[name] = {}
    return 200, _full(state, name, stored)


@operation("DELETE", ENVIRONMENT)
def delete_environment(state: State, body: Any, owner: str, repository: str, name: str) -> tuple[int, Any]:
    name = _name(state, owner, repository, name)
    del at(state, owner, repository).environments[name], at(state, owner, repository).policies[name]
    return 204, None


def _policies(state: State, owner: str, repository: str, name: str) -> dict[int, dict[str, str]]:
    found = at(state, owner, repository)
    name = _name(state, owner, repository, name)
    policy = found.environments[name]["deployment_branch_policy"]
    if policy is None or not policy["custom_branch_policies"]:
        raise Refused(404, "Not Found")
    return found.policies[name]


@operation("GET", POLICIES)
def list_policies(state: State, body: Any, owner: str, repository: str, name: str) -> tuple[int, Any]:
    listed = [
        {"id": number, "node_id": "text", **entry}
        for number, entry in _policies(state, owner, repository, name).items()
    ]
    return 200, {"total_count": len(listed), "branch_policies": listed}


@operation("POST", POLICIES)
def create_policy(state: State, body: Any, owner: str, repository: str, name: str) -> tuple[int, Any]:
    policies = _policies(state, owner, repository, name)
    entry = {"type": "branch", **body}
    if entry in policies.values():
        raise Refused(303, "See Other")
    number = next(state.numbers)
    policies[number] = entry
    return 200, {"id": number, "node_id": "text", **entry}


@operation("DELETE", f"{POLICIES}/{{branch_policy_id}}")
def delete_policy(state: State, body: Any, owner: str, repository: str, name: str, number: str) -> tuple[int, Any]:
    if _policies(state, owner, repository, name).pop(int(number), None) is None:
        raise Refused(404, "Not Found")
    return 204, None

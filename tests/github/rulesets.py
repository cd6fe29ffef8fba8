"""Rulesets of the fake GitHub."""

from __future__ import annotations

from typing import Any

from .registry import REPOSITORY, Refused, at, invalid, operation
from .state import Repository, State

BRANCH_RULES = {"pull_request", "required_linear_history", "required_signatures", "merge_queue"}


def _full(found: Repository, ruleset: dict[str, Any]) -> dict[str, Any]:
    """As GitHub shows it: with what it adds by itself."""
    rules = []
    for rule in ruleset["rules"]:
        parameters = dict(rule.get("parameters", {}))
        if rule["type"] == "pull_request":
            parameters = {
                "required_reviewers": [],
                "allowed_merge_methods": ["merge", "squash", "rebase"],
                **parameters,
            }
        rules.append({**rule, "parameters": parameters} if parameters else dict(rule))
    return {
        **ruleset,
        "rules": rules,
        "source_type": "Repository",
        "source": found.full_name,
        "node_id": "text",
        "created_at": "2026-01-02T03:04:05Z",
        "updated_at": "2026-01-02T03:04:05Z",
        "current_user_can_bypass": "never",
        "_links": {},
    }


def _check(state: State, found: Repository, body: dict[str, Any], number: int | None = None) -> None:
    names = {entry["name"].lower() for key, entry in found.rulesets.items() if key != number}
    if body["name"].lower() in names:
        raise invalid("Name must be unique")
    include = body.get("conditions", {}).get("ref_name", {}).get("include", [])
    prefix = {"branch": "refs/heads/", "tag": "refs/tags/"}.get(body.get("target", "branch"), "")
    for name in include:
        if not name.startswith(("~", prefix)):
            raise invalid(f"Invalid target patterns: '{name}'")
    types = [rule["type"] for rule in body.get("rules", [])]
    if len(set(types)) != len(types):
        raise invalid("Invalid rules: duplicate types")
    if body.get("target") == "tag" and BRANCH_RULES & set(types):
        raise invalid(f"Invalid rule '{min(BRANCH_RULES & set(types))}': is not allowed for target tag")
    for rule in body.get("rules", []):
        missing = set(rule.get("parameters", {}).get("required_deployment_environments", [])) - set(found.environments)
        if missing:
            raise invalid(f"Invalid rule 'required_deployments': environment {min(missing)} does not exist")
    ids = {"Team": state.teams, "User": state.users, "Integration": state.apps}
    for actor in body.get("bypass_actors", []):
        if actor["actor_type"] in ids and actor["actor_id"] not in ids[actor["actor_type"]].values():
            raise invalid("Actor must be part of the repository's organization")
        if actor["actor_type"] == "DeployKey" and actor["bypass_mode"] == "pull_request":
            raise invalid("Bypass mode pull_request is not allowed for deploy keys")


@operation("GET", f"{REPOSITORY}/rulesets")
def list_rulesets(state: State, body: Any, owner: str, name: str) -> tuple[int, Any]:
    found = at(state, owner, name)
    own = [_full(found, entry) for entry in found.rulesets.values()]
    brief = [
        {key: value for key, value in entry.items() if key not in ("rules", "conditions", "bypass_actors")}
        for entry in own
    ]
    return 200, [*brief, *state.parents]


@operation("POST", f"{REPOSITORY}/rulesets")
def create_ruleset(state: State, body: Any, owner: str, name: str) -> tuple[int, Any]:
    found = at(state, owner, name)
    _check(state, found, body)
    number = next(state.numbers)
    found.rulesets[number] = {"id": number, "target": "branch", "bypass_actors": [], "rules": [], **body}
    return 201, _full(found, found.rulesets[number])


def _one(state: State, owner: str, name: str, number: str) -> dict[str, Any]:
    entry = at(state, owner, name).rulesets.get(int(number))
    if entry is None:
        raise Refused(404, "Not Found")
    return entry


@operation("GET", f"{REPOSITORY}/rulesets/{{ruleset_id}}")
def get_ruleset(state: State, body: Any, owner: str, name: str, number: str) -> tuple[int, Any]:
    return 200, _full(at(state, owner, name), _one(state, owner, name, number))


@operation("PUT", f"{REPOSITORY}/rulesets/{{ruleset_id}}")
def update_ruleset(state: State, body: Any, owner: str, name: str, number: str) -> tuple[int, Any]:
    entry = _one(state, owner, name, number)
    _check(state, at(state, owner, name), {**entry, **body}, int(number))
    entry |= body
    return 200, _full(at(state, owner, name), entry)


@operation("DELETE", f"{REPOSITORY}/rulesets/{{ruleset_id}}")
def delete_ruleset(state: State, body: Any, owner: str, name: str, number: str) -> tuple[int, Any]:
    _one(state, owner, name, number)
    del at(state, owner, name).rulesets[int(number)]
    return 204, None

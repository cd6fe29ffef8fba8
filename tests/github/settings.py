"""The repository itself, GitHub Actions and people: operations of the fake GitHub, with their documented refusals."""

from __future__ import annotations

import re
from typing import Any

from .registry import REPOSITORY, Refused, at, invalid, operation
from .shapes import shaped
from .state import Repository, State


@operation("GET", REPOSITORY)
def get_repository(state: State, body: Any, owner: str, name: str) -> tuple[int, Any]:
    found = at(state, owner, name)
    security = {key: {"status": status} for key, status in found.security.items()}
    values = {
        "id": found.id,
        "name": found.name,
        "full_name": found.moved_to or found.full_name,
        "private": found.private,
        "default_branch": found.default_branch,
        "archived": found.archived,
        "owner": shaped("simple-user", login=found.owner, id=state.owner_id),
        "security_and_analysis": security if found.licensed or not found.private else None,
    }
    return 200, shaped("full-repository", **values, **found.settings)


@operation("PATCH", REPOSITORY)
def update_repository(state: State, body: Any, owner: str, name: str) -> tuple[int, Any]:
    found = at(state, owner, name)
    if found.archived:
        raise Refused(403, "Repository was archived so is read-only.")
    given = dict(body)
    security = {key: entry["status"] for key, entry in (given.pop("security_and_analysis", None) or {}).items()}
    if security and found.private and not found.licensed:
        raise Refused(422, "Secret scanning is not available for this repository.")
    merged = {**found.security, **security}
    if merged["secret_scanning_push_protection"] == "enabled" and merged["secret_scanning"] != "enabled":
        raise Refused(422, "Secret scanning must be enabled to enable push protection.")
    settings = {**found.settings, **given}
    if not any(settings[f"allow_{method}"] for method in ("squash_merge", "merge_commit", "rebase_merge")):
        raise invalid({"resource": "Repository", "code": "custom", "field": "merge_commit_allowed",
                       "message": "Sorry, you need to allow at least one merge strategy."})  # fmt: skip
    if ("squash_merge_commit_title" in given) != ("squash_merge_commit_message" in given):
        raise Refused(422, "squash_merge_commit_title and squash_merge_commit_message must be set together")
    found.settings, found.security = settings, merged
    return get_repository(state, None, owner, name)


@operation("GET", f"{REPOSITORY}/actions/permissions")
def get_permissions(state: State, body: Any, owner: str, name: str) -> tuple[int, Any]:
    found = at(state, owner, name).actions
    return 200, found if found["enabled"] else {"enabled": False}


@operation("PUT", f"{REPOSITORY}/actions/permissions")
def set_permissions(state: State, body: Any, owner: str, name: str) -> tuple[int, Any]:
    at(state, owner, name).actions |= body
    return 204, None


def _selected(state: State, owner: str, name: str) -> Repository:
    found = at(state, owner, name)
    if not found.actions["enabled"] or found.actions["allowed_actions"] != "selected":
        raise Refused(409, "Conflict: allowed_actions is not selected")
    return found


@operation("GET", f"{REPOSITORY}/actions/permissions/selected-actions")
def get_selected_actions(state: State, body: Any, owner: str, name: str) -> tuple[int, Any]:
    return 200, _selected(state, owner, name).selected


@operation("PUT", f"{REPOSITORY}/actions/permissions/selected-actions")
def set_selected_actions(state: State, body: Any, owner: str, name: str) -> tuple[int, Any]:
    _selected(state, owner, name).selected |= body
    return 204, None


@operation("GET", f"{REPOSITORY}/actions/permissions/workflow")
def get_workflow(state: State, body: Any, owner: str, name: str) -> tuple[int, Any]:
    return 200, at(state, owner, name).workflow


@operation("PUT", f"{REPOSITORY}/actions/permissions/workflow")
def set_workflow(state: State, body: Any, owner: str, name: str) -> tuple[int, Any]:
    if state.forbids_write_token and body.get("default_workflow_permissions") == "write":
        raise Refused(409, "Conflict: the organization does not allow this setting")
    at(state, owner, name).workflow |= body
    return 204, None


@operation("GET", f"{REPOSITORY}/actions/permissions/fork-pr-contributor-approval")
def get_approval(state: State, body: Any, owner: str, name: str) -> tuple[int, Any]:
    if at(state, owner, name).private:
        raise Refused(404, "Not Found")
    return 200, at(state, owner, name).approval


@operation("PUT", f"{REPOSITORY}/actions/permissions/fork-pr-contributor-approval")
def set_approval(state: State, body: Any, owner: str, name: str) -> tuple[int, Any]:
    get_approval(state, None, owner, name)
    at(state, owner, name).approval |= body
    return 204, None


@operation("GET", f"{REPOSITORY}/actions/permissions/fork-pr-workflows-private-repos")
def get_forks(state: State, body: Any, owner: str, name: str) -> tuple[int, Any]:
    if not at(state, owner, name).private:
        raise Refused(404, "Not Found")
    return 200, at(state, owner, name).forks


@operation("PUT", f"{REPOSITORY}/actions/permissions/fork-pr-workflows-private-repos")
def set_forks(state: State, body: Any, owner: str, name: str) -> tuple[int, Any]:
    get_forks(state, None, owner, name)
    at(state, owner, name).forks |= body
    return 204, None


@operation("GET", f"{REPOSITORY}/actions/oidc/customization/sub")
def get_subject(state: State, body: Any, owner: str, name: str) -> tuple[int, Any]:
    found = at(state, owner, name)
    immutable = found.subject.get("use_immutable_subject", False)
    prefix = f"repo:{found.owner}@{state.owner_id}/{found.name}@{found.id}" if immutable else f"repo:{found.full_name}"
    return 200, {**found.subject, "sub_claim_prefix": prefix}


@operation("PUT", f"{REPOSITORY}/actions/oidc/customization/sub")
def set_subject(state: State, body: Any, owner: str, name: str) -> tuple[int, Any]:
    keys = body.get("include_claim_keys", [])
    if not body["use_default"] and not keys:
        raise Refused(422, "include_claim_keys must not be empty")
    if len(set(keys)) != len(keys) or not all(re.fullmatch(r"\w+", key) for key in keys):
        raise Refused(422, "include_claim_keys must be unique names of claims")
    kept = {key: value for key, value in at(state, owner, name).subject.items() if key == "use_immutable_subject"}
    at(state, owner, name).subject = {**kept, **body}
    return 201, {}


@operation("GET", "/users/{username}")
def get_user(state: State, body: Any, login: str) -> tuple[int, Any]:
    if login.lower() not in state.users:
        raise Refused(404, "Not Found")
    return 200, shaped("public-user", login=login.lower(), id=state.users[login.lower()])


@operation("GET", "/orgs/{org}/teams/{team_slug}")
def get_team(state: State, body: Any, owner: str, slug: str) -> tuple[int, Any]:
    if owner.lower() != "octo-org" or slug.lower() not in state.teams:
        raise Refused(404, "Not Found")
    return 200, shaped("team-full", slug=slug.lower(), id=state.teams[slug.lower()])


@operation("GET", "/apps/{app_slug}")
def get_app(state: State, body: Any, slug: str) -> tuple[int, Any]:
    if slug not in state.apps:
        raise Refused(404, "Not Found")
    app = shaped("simple-user", login="github")
    return 200, {
        "id": state.apps[slug],
        "node_id": "text",
        "slug": slug,
        "owner": app,
        "name": slug,
        "description": None,
        "external_url": "https://github.example/",
        "html_url": "https://github.example/",
        "created_at": "2026-01-02T03:04:05Z",
        "updated_at": "2026-01-02T03:04:05Z",
        "permissions": {},
        "events": [],
    }

"""Lives of the module github_repository on a fake GitHub that judges every body by GitHub's published OpenAPI."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import pytest

from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Impossible
from tests.github.contract import request_errors, template
from tests.github.life import PRODUCTION, REPOSITORY, RULESET, run, turn
from tests.github.server import Github, serving

ALONE: dict[str, Any] = {"rulesets": [], "environments": []}
"""The settings without rulesets and environments."""

SETTINGS = [
    (
        f"update repository {REPOSITORY} allow_merge_commit,allow_rebase_merge,allow_update_branch,"
        "delete_branch_on_merge,secret_scanning,secret_scanning_push_protection,squash_merge_commit_title"
    ),
    f"update actions_permissions {REPOSITORY} allowed_actions,sha_pinning_required",
    f"update selected_actions {REPOSITORY} github_owned_allowed,verified_allowed",
    f"update workflow_permissions {REPOSITORY} can_approve_pull_request_reviews,default_workflow_permissions",
    f"update fork_pull_requests {REPOSITORY} approval_policy",
    f"update subject_claim {REPOSITORY} use_immutable_subject",
]


@pytest.fixture
def github() -> Iterator[Github]:
    with serving(Github()) as fake:
        yield fake
    assert fake.violations == []


@pytest.fixture
def settled(github: Github) -> Github:
    """Settings already stand as they are declared by default."""
    run(github, **ALONE)
    return github


def test_the_defaults_are_what_an_auditor_asks_for(github: Github) -> None:
    assert turn(github) == [*SETTINGS, "create ruleset default branch"]
    found = github.state.repository
    assert found.actions == {"enabled": True, "allowed_actions": "selected", "sha_pinning_required": True}
    assert found.selected == {"github_owned_allowed": True, "verified_allowed": False, "patterns_allowed": []}
    assert found.workflow == {"default_workflow_permissions": "read", "can_approve_pull_request_reviews": False}
    assert found.approval == {"approval_policy": "all_external_contributors"}
    assert found.subject == {"use_default": True, "use_immutable_subject": True}
    assert found.security == {"secret_scanning": "enabled", "secret_scanning_push_protection": "enabled"}
    methods = ("squash_merge", "merge_commit", "rebase_merge")
    assert [found.settings[f"allow_{method}"] for method in methods] == [True, False, False]
    (ruleset,) = found.rulesets.values()
    assert ruleset["conditions"] == {"ref_name": {"include": ["~DEFAULT_BRANCH"], "exclude": []}}
    assert (ruleset["enforcement"], ruleset["target"], ruleset["bypass_actors"]) == ("active", "branch", [])
    rules = {rule["type"]: rule.get("parameters") for rule in ruleset["rules"]}
    assert set(rules) == {
        "deletion",
        "non_fast_forward",
        "required_linear_history",
        "required_signatures",
        "pull_request",
    }
    assert rules["pull_request"] == {
        "required_approving_review_count": 1,
        "require_code_owner_review": True,
        "dismiss_stale_reviews_on_push": True,
        "require_last_push_approval": True,
        "required_review_thread_resolution": True,
        "allowed_merge_methods": ["squash"],
    }


def test_the_life_of_a_ruleset(settled: Github) -> None:
    github, where = settled, {"environments": []}
    assert turn(github, **where, rulesets=[RULESET]) == ["create ruleset default branch"]
    (stored,) = github.state.repository.rulesets.values()
    checks = next(rule for rule in stored["rules"] if rule["type"] == "required_status_checks")["parameters"]
    assert checks == {
        "required_status_checks": [
            {"context": "build", "integration_id": 15368},
            {"context": "image", "integration_id": 15368},
        ],
        "strict_required_status_checks_policy": True,
        "do_not_enforce_on_create": False,
    }
    changed = deepcopy(RULESET)
    changed["rules"]["pull_request"]["required_approving_review_count"] = 3
    changed["rules"]["required_status_checks"]["contexts"] = ["build"]
    del changed["rules"]["required_signatures"]
    assert turn(github, **where, rulesets=[changed]) == [
        (
            "update ruleset default branch rules.pull_request.required_approving_review_count,"
            "rules.required_signatures,rules.required_status_checks.contexts"
        )
    ]
    changed |= {"enforcement": "disabled", "include": ["refs/heads/main", "refs/heads/release/*"], "exclude": []}
    assert turn(github, **where, rulesets=[changed]) == ["update ruleset default branch enforcement,include"]
    changed["bypass_actors"] = [
        {"type": "team", "name": "Platform"},
        {"type": "user", "name": "octocat", "mode": "always"},
        {"type": "app", "name": "renovate"},
        {"type": "repository_role", "name": "admin"},
        {"type": "organization_admin"},
        {"type": "deploy_key", "mode": "always"},
    ]
    assert turn(github, **where, rulesets=[changed]) == ["update ruleset default branch bypass_actors"]
    (stored,) = github.state.repository.rulesets.values()
    assert [(actor["actor_type"], actor["actor_id"]) for actor in stored["bypass_actors"]] == [
        ("Team", 201),
        ("User", 101),
        ("Integration", 2740),
        ("RepositoryRole", 5),
        ("OrganizationAdmin", 1),
        ("DeployKey", None),
    ]
    tags = {"name": "versions", "target": "tag", "include": ["refs/tags/v*"], "rules": {"update": True}}
    assert turn(github, **where, rulesets=[changed, tags]) == ["create ruleset versions"]
    assert turn(github, **where, rulesets=[tags]) == []
    assert turn(github, **where, rulesets=[tags], purge_rulesets=True) == ["delete ruleset default branch"]
    assert turn(github, **where, rulesets=[tags], state="absent") == ["delete ruleset versions"]
    assert turn(github, **where, rulesets=[tags], state="absent") == []


def test_what_was_changed_by_hand_is_undone(settled: Github) -> None:
    github = settled
    options = {"rulesets": [RULESET], "environments": [PRODUCTION]}
    turn(github, **options)
    found = github.state.repository
    (ruleset,) = found.rulesets.values()
    for rule in ruleset["rules"]:
        if rule["type"] == "pull_request":
            rule["parameters"]["require_code_owner_review"] = False
            rule["parameters"]["automatic_copilot_code_review_enabled"] = True
    ruleset["rules"] = [rule for rule in ruleset["rules"] if rule["type"] != "non_fast_forward"]
    ruleset["bypass_actors"] = [{"actor_type": "User", "actor_id": 102, "bypass_mode": "always"}]
    found.actions |= {"allowed_actions": "all"}
    found.environments["production"]["reviewers"] = [{"type": "User", "id": 102}]
    found.policies["production"][9] = {"name": "*", "type": "branch"}
    found.subject = {"use_default": False, "include_claim_keys": ["repo"], "use_immutable_subject": False}
    assert turn(github, **options) == [
        f"update actions_permissions {REPOSITORY} allowed_actions",
        f"update selected_actions {REPOSITORY} github_owned_allowed,verified_allowed",
        f"update subject_claim {REPOSITORY} include_claim_keys,use_default,use_immutable_subject",
        "update environment production branches,reviewers",
        (
            "update ruleset default branch bypass_actors,rules.non_fast_forward,"
            "rules.pull_request.automatic_copilot_code_review_enabled,rules.pull_request.require_code_owner_review"
        ),
    ]


def test_what_github_adds_by_itself_is_no_difference(settled: Github) -> None:
    turn(settled, rulesets=[RULESET])
    (ruleset,) = settled.state.repository.rulesets.values()
    for rule in ruleset["rules"]:
        rule.setdefault("parameters", {})["something_new"] = False
        rule["parameters"]["somebody"] = []
    assert turn(settled, rulesets=[RULESET]) == []


def test_the_life_of_an_environment(settled: Github) -> None:
    github = settled

    def live(*environments: dict[str, Any], **options: Any) -> list[str]:
        return turn(github, rulesets=[], environments=list(environments), **options)

    assert live(PRODUCTION) == ["create environment production"]
    stored = github.state.repository.environments["production"]
    assert stored == {
        "wait_timer": 30,
        "prevent_self_review": True,
        "reviewers": [{"type": "Team", "id": 202}, {"type": "User", "id": 101}],
        "deployment_branch_policy": {"protected_branches": False, "custom_branch_policies": True},
    }
    policies = list(github.state.repository.policies["production"].values())
    assert policies == [{"name": "main", "type": "branch"}, {"name": "v*", "type": "tag"}]
    assert live({**PRODUCTION, "name": "Production"}) == [], "GitHub knows no upper and lower case here"
    assert live({**PRODUCTION, "branches": ["main", "release/*"], "tags": []}) == [
        "update environment production branches,tags"
    ]
    assert [call.partition("/repos")[0].strip() for call in github.last_writes] == ["POST", "DELETE"]
    assert live({**PRODUCTION, "wait_timer": 0, "reviewers": {}}) == [
        "update environment production branches,prevent_self_review,reviewers,tags,wait_timer"
    ]
    protected = {"name": "production", "deployment_branch_policy": "protected_branches"}
    assert live(protected) == ["update environment production branches,deployment_branch_policy,tags"]
    everywhere = {"name": "production", "deployment_branch_policy": "all"}
    assert live(everywhere) == ["update environment production deployment_branch_policy"]
    assert live(everywhere, state="absent") == ["delete environment production"]
    assert live(everywhere, state="absent") == []


def test_github_knows_no_upper_and_lower_case_in_names(settled: Github) -> None:
    def named(change: Callable[[str], str]) -> dict[str, Any]:
        return {
            "rulesets": [{**RULESET, "name": change("Default Branch")}],
            "environments": [{**PRODUCTION, "name": change("Production")}],
        }

    turn(settled, **named(str))
    assert turn(settled, **named(str.lower)) == []
    assert turn(settled, **named(str.upper)) == []
    assert len(turn(settled, **named(str.upper), state="absent")) == 2


def test_patterns_from_a_time_when_they_did_not_count(settled: Github) -> None:
    turn(settled, rulesets=[], environments=[{"name": "production"}])
    settled.state.repository.policies["production"][7] = {"name": "main", "type": "branch"}
    settled.state.repository.policies["production"][8] = {"name": "old", "type": "branch"}
    assert turn(settled, rulesets=[], environments=[PRODUCTION]) == [
        "update environment production branches,deployment_branch_policy,prevent_self_review,reviewers,tags,wait_timer"
    ]
    standing = [entry["name"] for entry in settled.state.repository.policies["production"].values()]
    assert standing == ["main", "v*"]


def test_an_environment_with_a_slash_in_its_name(settled: Github) -> None:
    environment = {**PRODUCTION, "name": "eu/production #1"}
    assert turn(settled, rulesets=[], environments=[environment]) == ["create environment eu/production #1"]
    assert list(settled.state.repository.environments) == ["eu/production #1"]
    assert turn(settled, rulesets=[], environments=[environment], state="absent") == [
        "delete environment eu/production #1"
    ]


def test_environments_that_are_not_declared_stay_unless_purged(settled: Github) -> None:
    turn(settled, rulesets=[], environments=[PRODUCTION, {"name": "staging"}])
    assert turn(settled, rulesets=[], environments=[PRODUCTION]) == []
    assert turn(settled, rulesets=[], environments=[PRODUCTION], purge_environments=True) == [
        "delete environment staging"
    ]


def test_rules_may_want_deployments_to_environments_of_the_same_run(settled: Github) -> None:
    ruleset = {"name": "deployed", "rules": {"required_deployments": ["production"]}}
    options = {"rulesets": [ruleset], "environments": [PRODUCTION]}
    assert turn(settled, **options) == ["create environment production", "create ruleset deployed"]
    assert turn(settled, **options, state="absent") == ["delete ruleset deployed", "delete environment production"]


def test_a_private_repository(github: Github) -> None:
    github.state.repository.private = True
    assert f"update fork_pull_requests {REPOSITORY} require_approval_for_fork_pr_workflows,run_workflows" in str(
        turn(github, **ALONE)
    )
    assert github.state.repository.forks["run_workflows_from_fork_pull_requests"] is False
    assert turn(github, **ALONE, actions={"run_workflows_from_fork_pull_requests": True}) == [
        f"update fork_pull_requests {REPOSITORY} run_workflows_from_fork_pull_requests"
    ]
    assert github.state.repository.forks == {
        "run_workflows_from_fork_pull_requests": True,
        "send_write_tokens_to_workflows": False,
        "send_secrets_and_variables": False,
        "require_approval_for_fork_pr_workflows": True,
    }


def test_what_is_not_to_be_had_can_be_left_off(github: Github) -> None:
    """GitHub Enterprise Server knows neither pinning nor immutable subjects; scanning a private repository costs."""
    found = github.state.repository
    found.private, found.licensed = True, False
    del found.actions["sha_pinning_required"]
    options = {
        **ALONE,
        "settings": {"secret_scanning": False, "secret_scanning_push_protection": False},
        "actions": {"sha_pinning_required": False},
        "subject_claim": {"use_immutable_subject": False},
    }
    changes = turn(github, **options)
    assert not [change for change in changes if "secret" in change or "sha_" in change or "subject" in change]
    assert "sha_pinning_required" not in found.actions


def test_actions_can_be_switched_off_and_on(settled: Github) -> None:
    assert turn(settled, **ALONE, actions={"enabled": False}) == [f"update actions_permissions {REPOSITORY} enabled"]
    settled.state.repository.selected = {"github_owned_allowed": False}
    assert turn(settled, **ALONE) == [
        f"update actions_permissions {REPOSITORY} allowed_actions,enabled,sha_pinning_required",
        f"create selected_actions {REPOSITORY}",
    ]
    patterns = ["aws-actions/configure-aws-credentials@*", "octo-org/*"]
    assert turn(settled, **ALONE, actions={"patterns_allowed": patterns}) == [
        f"update selected_actions {REPOSITORY} patterns_allowed"
    ]
    assert turn(settled, **ALONE, actions={"allowed_actions": "local_only"}) == [
        f"update actions_permissions {REPOSITORY} allowed_actions"
    ]


def test_a_subject_of_ones_own(settled: Github) -> None:
    claim = {"include_claim_keys": ["repo", "context", "job_workflow_ref"]}
    assert turn(settled, **ALONE, subject_claim=claim) == [
        f"update subject_claim {REPOSITORY} include_claim_keys,use_default"
    ]
    assert turn(settled, **ALONE) == [f"update subject_claim {REPOSITORY} include_claim_keys,use_default"]


def test_the_answer_holds_what_the_roles_in_aws_need(github: Github) -> None:
    assert run(github, check_mode=True, **ALONE).answer["sub_claim_prefix"] == f"repo:{REPOSITORY}"
    assert run(github, **ALONE).answer == {
        "full_name": REPOSITORY,
        "repository_id": 456,
        "owner_id": 123,
        "default_branch": "main",
        "sub_claim_prefix": "repo:octo-org@123/shop@456",
    }


def test_rulesets_of_the_organization_are_not_touched(settled: Github) -> None:
    parent = {"id": 5, "name": "default branch", "source": "octo-org", "source_type": "Organization"}
    settled.state.parents.append({**parent, "enforcement": "active"})
    assert turn(settled, rulesets=[RULESET], purge_rulesets=True) == ["create ruleset default branch"]
    assert turn(settled, rulesets=[], purge_rulesets=True) == ["delete ruleset default branch"]


def test_lists_of_many_pages(settled: Github) -> None:
    found = settled.state.repository
    for number in range(250):
        found.environments[f"e{number}"] = {**_NOTHING}
        found.policies[f"e{number}"] = {}
    found.environments["last"] = {**_NOTHING, "deployment_branch_policy": _CUSTOM}
    found.policies["last"] = {number: {"name": f"b{number}", "type": "branch"} for number in range(150)}
    environment = {
        "name": "last",
        "deployment_branch_policy": "custom_branch_policies",
        "branches": [f"b{number}" for number in range(150)],
    }
    assert turn(settled, rulesets=[], environments=[environment]) == []
    assert turn(settled, rulesets=[], environments=[{**environment, "branches": environment["branches"][1:]}]) == [
        "update environment last branches"
    ]
    assert len(found.policies["last"]) == 149


_CUSTOM = {"protected_branches": False, "custom_branch_policies": True}
_NOTHING = {"wait_timer": 0, "prevent_self_review": False, "reviewers": None, "deployment_branch_policy": None}


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            {"environments": [{"name": "e", "reviewers": {"users": ["nobody"]}}]},
            "The user 'nobody' is not known to GitHub, or the token may not see it.",
        ),
        (
            {"environments": [{"name": "e", "reviewers": {"teams": ["nobody"]}}]},
            "The team 'nobody' is not known to the organization 'octo-org', or the token may not see it.",
        ),
        (
            {"rulesets": [{**RULESET, "bypass_actors": [{"type": "app", "name": "nothing"}]}]},
            "The app 'nothing' is not known to GitHub, or the token may not see it.",
        ),
    ],
)
@pytest.mark.parametrize("check_mode", [True, False])
def test_who_is_not_known_is_refused_before_the_first_write(
    github: Github, options: dict[str, Any], sentence: str, check_mode: bool
) -> None:
    with pytest.raises(Impossible) as refused:
        run(github, check_mode=check_mode, **options)
    assert str(refused.value) == sentence
    assert github.writes == []


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ({"archived": True}, f"The repository '{REPOSITORY}' is archived and cannot change; unarchive it."),
        ({"moved_to": "octo-org/store"}, f"The repository '{REPOSITORY}' is called 'octo-org/store' now; write that"),
    ],
)
def test_a_repository_that_is_archived_or_has_another_name(
    github: Github, state: dict[str, Any], sentence: str
) -> None:
    for name, value in state.items():
        setattr(github.state.repository, name, value)
    with pytest.raises(Impossible) as refused:
        run(github, check_mode=True)
    assert str(refused.value).startswith(sentence)
    with pytest.raises(Impossible):
        run(github)
    assert github.writes == []


def test_an_archived_repository_that_is_as_declared_is_unchanged(settled: Github) -> None:
    settled.state.repository.archived = True
    assert turn(settled, **ALONE) == []


def test_a_ruleset_keeps_its_target(settled: Github) -> None:
    turn(settled, rulesets=[RULESET])
    tags = {"name": "default branch", "target": "tag", "include": ["~ALL"], "rules": {"update": True}}
    with pytest.raises(Impossible, match="target of ruleset 'default branch' is 'branch' and cannot become 'tag'"):
        run(settled, check_mode=True, rulesets=[tags])


def test_the_calls_of_an_unchanged_run(github: Github) -> None:
    options = {"rulesets": [RULESET], "environments": [PRODUCTION]}
    turn(github, **options)
    github.forget()
    run(github, **options)
    where = f"GET /repos/{REPOSITORY}"
    assert [str(call) for call in github.calls] == [
        where,
        f"{where}/actions/permissions",
        f"{where}/actions/permissions/selected-actions",
        f"{where}/actions/permissions/workflow",
        f"{where}/actions/permissions/fork-pr-contributor-approval",
        f"{where}/actions/oidc/customization/sub",
        f"{where}/environments",
        f"{where}/environments/production/deployment-branch-policies",
        "GET /apps/github-actions",
        f"{where}/rulesets",
        f"{where}/rulesets/1003",
    ]
    assert github.versions == {"2022-11-28"}


EVERYTHING = {
    "rulesets": [
        {
            **RULESET,
            "bypass_actors": [{"type": "team", "name": "platform"}],
            "rules": {**RULESET["rules"], "update": True, "creation": True, "required_deployments": ["production"]},
        }
    ],
    "environments": [PRODUCTION],
    "subject_claim": {"include_claim_keys": ["repo"]},
    "actions": {"patterns_allowed": ["octo-org/*"]},
}


def test_every_body_is_one_of_githubs_and_a_wrong_key_anywhere_is_found(github: Github) -> None:
    """Each key of each body, at any depth, is spelt wrong once; GitHub's description has to notice each."""
    run(github, **EVERYTHING)
    changed = deepcopy(EVERYTHING)
    changed["rulesets"][0]["enforcement"] = "disabled"
    run(github, **changed)
    github.state.repository.private = True
    run(github, **changed)
    written = [call for call in github.calls if call.body is not None]
    assert {f"{call.method} {template(call.path)}".rpartition("}")[2] or "environment" for call in written} >= {
        "/rulesets",
        "/deployment-branch-policies",
        "/actions/permissions",
        "/actions/permissions/selected-actions",
        "/actions/permissions/workflow",
        "/actions/permissions/fork-pr-contributor-approval",
        "/actions/permissions/fork-pr-workflows-private-repos",
        "/actions/oidc/customization/sub",
        "environment",
    }
    tried = 0
    for call in written:
        assert request_errors(call.method, call.path, {}, call.body) == []
        for wrong in misspelt(call.body):
            tried += 1
            assert request_errors(call.method, call.path, {}, wrong), f"{call} {wrong}"
    assert tried > 100


def misspelt(node: Any) -> Iterator[Any]:
    """Copies of a body, each with one key that nobody knows in place of one of its own."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield {**{name: entry for name, entry in node.items() if name != key}, f"{key}x": value}
            for inner in misspelt(value):
                yield {**node, key: inner}
    elif isinstance(node, list):
        for position, entry in enumerate(node):
            for inner in misspelt(entry):
                yield [*node[:position], inner, *node[position + 1 :]]


def test_the_fake_refuses_a_wrong_key_and_notes_it() -> None:
    with serving(Github()) as fake:
        wrong = request_errors("PUT", f"/repos/{REPOSITORY}/actions/permissions", {}, {"enabled": True, "x": 1})
        assert "Additional properties are not allowed ('x' was unexpected)" in wrong[0]
        assert fake.violations == []

"""Runs the module's code against the fake as its users do, judged by the fake's record of calls."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ansible_collections.slipway.platform.plugins.module_utils._boxes.github_repository.box import BOX
from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Outcome
from ansible_collections.slipway.platform.plugins.module_utils._core.run import Runner
from ansible_collections.slipway.platform.plugins.module_utils._github.client import Github as Client
from tests.outside import outside

from .server import Github

REPOSITORY = "octo-org/shop"
RULESET: dict[str, Any] = {
    "name": "default branch",
    "rules": {
        "deletion": True,
        "non_fast_forward": True,
        "required_linear_history": True,
        "required_signatures": True,
        "pull_request": {"required_approving_review_count": 2},
        "required_status_checks": {"contexts": ["build", "image"]},
    },
}
PRODUCTION: dict[str, Any] = {
    "name": "production",
    "reviewers": {"users": ["octocat"], "teams": ["release"]},
    "wait_timer": 30,
    "deployment_branch_policy": "custom_branch_policies",
    "branches": ["main"],
    "tags": ["v*"],
}


def run(
    github: Github, *, check_mode: bool = False, sleep: Callable[[float], None] = lambda seconds: None, **options: Any
) -> Outcome:
    given = {"repository": REPOSITORY, "token": "ghp_good", "api_url": github.url, **options}
    client = Client(given["api_url"], given["token"], sleep=sleep)
    return Runner(BOX, given, client, check_mode=check_mode).run()


def turn(github: Github, **options: Any) -> list[str]:
    """Check run, run, run again; the changes as "action kind name path,path".

    The check run writes nothing and plans the run's changes byte for byte; the second run plans and writes nothing.
    """
    github.forget()
    planned = run(github, check_mode=True, **options).plan.as_list()
    given = {"repository": REPOSITORY, "token": "ghp_good", "api_url": github.url, **options}
    outside.compare("github_repository", given, planned)
    assert github.writes == [], "the check run wrote"
    changes = run(github, **options).plan.as_list()
    assert json.dumps(planned) == json.dumps(changes), "the check run planned other changes"
    assert bool(github.writes) == bool(changes), "a plan without writes, or writes without a plan"
    made = list(github.writes)
    github.forget()
    assert run(github, **options).plan.as_list() == [], "the second run found something to do"
    assert github.writes == [], "the second run wrote"
    github.last_writes = made
    return [_line(change) for change in changes]


def _line(change: dict[str, Any]) -> str:
    paths = ",".join(field["path"] for field in change["fields"]) if change["action"] == "update" else ""
    return f"{change['action']} {change['kind']} {change['name']} {paths}".strip()

"""The module github_repository on a fake GitHub that judges every body by GitHub's published OpenAPI."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.slipway.platform.plugins.module_utils._github_repository.run import Outcome, Runner
from tests.github.server import Github, serving

RULESET = {
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


@pytest.fixture
def github() -> Iterator[Github]:
    with serving(Github()) as fake:
        yield fake
    assert fake.violations == []


def run(github: Github, *, check_mode: bool = False, **options: Any) -> Outcome:
    given = {"repository": "octo-org/shop", "token": "ghp_good", "api_url": github.url, **options}
    return Runner(given, check_mode=check_mode, sleep=lambda seconds: None).run()


def step(github: Github, **options: Any) -> list[str]:
    """Check run, run, run again; the changes as "action kind name path,path".

    The check run writes nothing and plans the run's changes byte for byte; the second run plans and writes nothing.
    """
    github.forget()
    planned = run(github, check_mode=True, **options).plan.as_list()
    assert github.writes == [], "the check run wrote"
    changes = run(github, **options).plan.as_list()
    assert json.dumps(planned) == json.dumps(changes)
    assert bool(github.writes) == bool(changes)
    github.forget()
    assert run(github, **options).plan.as_list() == []
    assert github.writes == [], "the second run wrote"
    return [_line(change) for change in changes]


def _line(change: dict[str, Any]) -> str:
    paths = ",".join(field["path"] for field in change["fields"]) if change["action"] == "update" else ""
    return f"{change['action']} {change['kind']} {change['name']} {paths}".strip()


def test_a_ruleset_is_made_once(github: Github) -> None:
    assert "create ruleset default branch" in step(github, rulesets=[RULESET])
    (stored,) = github.state.repository.rulesets.values()
    assert {rule["type"] for rule in stored["rules"]} == set(RULESET["rules"])

"""Pull requests to a repository of its own, from a branch of it and from a fork."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.github.server import Github, serving
from tests.integration.conftest import REGION, Emulator

from .github import ROOT, Repository, checkout, role

PLAN = "arn:aws:iam::123456789012:role/demo-plan"


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return checkout(tmp_path_factory.mktemp("collection"))


@pytest.fixture
def github() -> Iterator[Github]:
    with serving(Github()) as fake:
        yield fake
        assert fake.violations == []


@pytest.fixture
def repository(emulator: Emulator, github: Github, collection: Path, tmp_path: Path) -> Repository:
    role(emulator, "demo-plan")
    variables = {"AWS_REGION": REGION, "AWS_PLAN_ROLE": PLAN}
    found = Repository.of(ROOT / "examples/app", tmp_path / "app", collection, variables=variables)
    found.environment["AWS_ENDPOINT_URL"] = emulator.url
    found.github |= {"GITHUB_API_URL": github.url, "GITHUB_REPOSITORY": "octo-org/shop"}
    found.secrets["GITHUB_TOKEN"] = "ghp_good"
    found.commit("feat: greet")
    return found


def event(repository: Repository, head: str = "octo-org/shop", body: str | None = "") -> dict[str, Any]:
    commit = repository.git("rev-parse", "HEAD")
    return {
        "pull_request": {
            "number": 7,
            "body": body,
            "head": {"ref": "topic", "sha": commit, "repo": {"full_name": head}},
            "base": {"ref": "main", "sha": commit},
        },
        "repository": {"full_name": "octo-org/shop"},
    }


def comments(github: Github) -> list[str]:
    return [entry["body"] for entry in github.state.repository.comments]


def test_a_branch_is_planned_by_its_role_and_commented(repository: Repository, github: Github) -> None:
    run = repository.act("pull_request", "pull-request.yml", event(repository))
    assert run.passed, run.text
    assert sorted(run.jobs) == ["Build and scan", "Comment", "Plan"]
    assert repository.asked == [f"{PLAN} in {REGION}"]
    (plan,) = [text for text in comments(github) if text.startswith("<!-- slipway.platform: plan -->")]
    assert "### Plan of the platforms" in plan
    assert "| + | vpc |" in plan
    assert "### Plan of the platforms" in run.plain


def test_a_fork_gets_neither_role_nor_token(repository: Repository, github: Github, emulator: Emulator) -> None:
    emulator.forget()
    run = repository.act("pull_request", "pull-request.yml", event(repository, head="somebody/shop"))
    assert run.passed, run.text
    assert sorted(run.jobs) == ["Build and scan", "Plan of a fork"]
    assert repository.asked == []
    assert github.calls == []
    assert emulator.calls() == []
    assert "### Plan of the platforms in an empty account" in run.plain
    assert "| + | vpc |" in run.plain

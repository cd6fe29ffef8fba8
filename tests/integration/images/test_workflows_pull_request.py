"""Pull requests to a repository of its own, from a branch of it and from a fork."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from sandbox.images.base_image import BaseImage
from tests.github.server import Github
from tests.integration.conftest import REGION, Emulator

from .github import ROOT, Repository, inventory, role

PLAN = "arn:aws:iam::123456789012:role/demo-plan"


LOOKS_AROUND = (
    "test:\n\t@! env | grep -E '^(AWS_(ACCESS|SECRET|SESSION)|ACTIONS_|GITHUB_TOKEN)' | cut -d= -f1 | grep .\n"
)


@pytest.fixture
def repository(
    emulator: Emulator, fake_github: Github, debian: BaseImage, collection: Path, tmp_path: Path
) -> Repository:
    role(emulator, "demo-plan")
    variables = {"AWS_REGION": REGION, "AWS_PLAN_ROLE": PLAN}
    found = Repository.of(ROOT / "examples/app", tmp_path / "app", collection, variables=variables)
    found.environment["AWS_ENDPOINT_URL"] = emulator.url
    found.github |= {"GITHUB_API_URL": fake_github.url, "GITHUB_REPOSITORY": "octo-org/shop"}
    found.secrets["GITHUB_TOKEN"] = "ghp_good"
    inventory(found, debian)
    makefile = found.folder / "Makefile"
    makefile.write_text(makefile.read_text().replace("test:\n", LOOKS_AROUND))
    found.environment["ACTIONS_RUNTIME_TOKEN"] = "a token"
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


def bodies(github: Github) -> list[str]:
    return [entry["body"] for entry in github.state.repository.comments]


def test_a_branch_is_scanned_planned_by_its_role_and_commented(repository: Repository, fake_github: Github) -> None:
    run = repository.act("pull_request", "pull-request.yml", event(repository))
    assert run.passed, run.text
    assert run.jobs == {"Build and scan": True, "Plan": True, "Comment": True}
    assert repository.asked == [f"{PLAN} in {REGION}"]
    comments = {text.partition("\n")[0]: text for text in bodies(fake_github)}
    assert sorted(comments) == [f"<!-- slipway.platform: {topic} -->" for topic in ("plan", "scan of app")]
    plan, scan = (comments[mark] for mark in sorted(comments))
    assert "### Plan of the platforms" in plan
    assert "| + | vpc |" in plan
    assert "## Trivy gate: passed" in scan


def test_a_fork_gets_neither_role_nor_token(repository: Repository, fake_github: Github, emulator: Emulator) -> None:
    emulator.forget()
    run = repository.act("pull_request", "pull-request.yml", event(repository, head="somebody/shop"))
    assert run.passed, run.text
    assert run.jobs == {"Build and scan": True, "Plan of a fork": True}
    assert repository.asked == []
    assert fake_github.calls == []
    assert emulator.calls() == []
    assert "## Trivy gate: passed" in run.plain
    assert "### Plan of the platforms in an empty account" in run.plain
    assert "| + | vpc |" in run.plain


def test_the_bases_questions_have_to_be_answered(repository: Repository) -> None:
    file = repository.folder / ".github/pull_request_template.md"
    template = file.read_text()
    asked = event(repository, body=template)
    file.write_text("## Why?\n")
    repository.commit("chore: fewer questions")
    refused = repository.act("pull_request", "questions.yml", asked)
    assert refused.jobs == {"Questions are answered": False}, refused.text
    assert refused.text.count("::error title=Questions::") == template.count("\n## "), refused.text
    answer = re.sub(r"^(## .*)$", r"\1\n\nIt does.", template, flags=re.MULTILINE).replace("- [ ] No.", "- [x] No.")
    asked["pull_request"]["body"] = answer
    accepted = repository.act("pull_request", "questions.yml", asked)
    assert accepted.jobs == {"Questions are answered": True}, accepted.text

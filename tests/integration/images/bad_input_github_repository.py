"""What the cases of bad_input_github_repository.yml stand on: a fake GitHub, and nothing written to it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.github.server import Github, serving

FAKES: dict[Path, Github] = {}
OPTIONS: dict[str, Any] = {"repository": "octo-org/shop", "token": "ghp_good", "api_url": "{github}"}


def left(tmp_path: Path, names: dict[str, str]) -> list[Any]:
    """Files of the case, what was written to GitHub, and what no request may have."""
    fake = FAKES[tmp_path]
    return [sorted(tmp_path.rglob("*")), fake.writes, fake.violations]


def setup(tmp_path: Path, request: pytest.FixtureRequest) -> dict[str, str]:
    context = serving(Github())
    FAKES[tmp_path] = context.__enter__()

    def end() -> None:
        del FAKES[tmp_path]
        context.__exit__(None, None, None)

    request.addfinalizer(end)
    request.getfixturevalue("monkeypatch").delenv("GITHUB_TOKEN", raising=False)
    return {"github": FAKES[tmp_path].url}


def archived(tmp_path: Path, request: pytest.FixtureRequest) -> dict[str, str]:
    names = setup(tmp_path, request)
    FAKES[tmp_path].state.repository.archived = True
    return names


def moved(tmp_path: Path, request: pytest.FixtureRequest) -> dict[str, str]:
    names = setup(tmp_path, request)
    FAKES[tmp_path].state.repository.moved_to = "octo-org/store"
    return names


def tags_stand(tmp_path: Path, request: pytest.FixtureRequest) -> dict[str, str]:
    names = setup(tmp_path, request)
    ruleset = {"id": 1, "name": "default branch", "target": "tag", "enforcement": "active", "rules": []}
    FAKES[tmp_path].state.repository.rulesets[1] = ruleset
    return names

"""Answers of others: npm's semver, the specification's parser, conventional-pre-commit and git-cliff."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conventional_pre_commit.format import ConventionalCommit
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from ansible_collections.slipway.platform.plugins.module_utils._pipeline.semver_tag.commits import parsed
from ansible_collections.slipway.platform.plugins.module_utils._pipeline.semver_tag.run import Runner
from ansible_collections.slipway.platform.plugins.module_utils._pipeline.semver_tag.versions import (
    Bump,
    core,
    raised,
    version,
)
from tests.semver_histories import Step, git, make_repository
from tests.semver_strings import INVALID, PRECEDENCE, VALID

from .semver_repository import execute

NPM = Path(__file__).resolve().parent.parent / "npm"
PROGRAMS = Path(sys.executable).parent
TYPES = ["feat", "fix", "docs", "chore", "Feat", "FIX", "build"]


def npm(versions: list[str], messages: list[str]) -> dict[str, Any]:
    assert (NPM / "node_modules").is_dir(), "the packages of tests/npm are missing: make venv"
    text = json.dumps({"versions": versions, "messages": messages})
    done = subprocess.run(
        [PROGRAMS / "node", NPM / "oracle.js"], input=text, capture_output=True, text=True, check=True
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


NUMBERS = st.integers(0, 20)
IDENTIFIERS = st.lists(st.from_regex(r"0|[1-9][0-9]{0,2}|[0-9]?[a-zA-Z-][0-9a-zA-Z-]{0,3}", fullmatch=True), max_size=3)
VERSIONS = st.builds(
    lambda numbers, pre, build: (
        ".".join(map(str, numbers)) + (f"-{'.'.join(pre)}" if pre else "") + (f"+{'.'.join(build)}" if build else "")
    ),
    st.tuples(NUMBERS, NUMBERS, NUMBERS),
    IDENTIFIERS,
    IDENTIFIERS,
)
WORDS = st.from_regex(r"[a-z]{1,8}( [a-z]{1,8}){0,3}", fullmatch=True)
TOKENS = st.sampled_from(["BREAKING CHANGE: ", "BREAKING-CHANGE: ", "Reviewed-by: ", "Refs #"])


@st.composite
def messages(draw: st.DrawFn) -> str:
    """Messages that keep to the specification."""
    scope = draw(st.sampled_from(["", "", "(api)", "(parser)"]))
    header = f"{draw(st.sampled_from(TYPES))}{scope}{draw(st.sampled_from(['', '', '!']))}: {draw(WORDS)}"
    body = draw(st.lists(WORDS, max_size=2))
    footers = draw(st.lists(st.builds(lambda token, words: token + words, TOKENS, WORDS), max_size=3))
    return "\n\n".join([header, *body, *(["\n".join(footers)] if footers else [])])


@seed(2026)
@given(st.lists(VERSIONS, min_size=30, max_size=60))
@settings(max_examples=4, deadline=None, database=None)
def compare_with_npm(texts: list[str]) -> None:
    answer = npm(texts, [])
    assert all(answer["valid"])
    found = [number for text in texts if (number := version(text)) is not None]
    assert [[one.compare(other) for other in found] for one in found] == answer["order"]
    parts = (Bump.PATCH, Bump.MINOR, Bump.MAJOR)
    assert [[str(raised(core(one), part)) for part in parts] for one in found] == answer["raised"]


def test_precedence_and_bumps_are_those_of_npm() -> None:
    compare_with_npm()


def test_the_strings_of_the_standard_are_judged_as_by_npm() -> None:
    texts = [
        text for text in [*VALID, *INVALID, *PRECEDENCE] if "9999999999" not in text
    ]  # npm has numbers up to 2**53
    assert [version(text) is not None for text in texts] == npm(texts, [])["valid"]


@seed(2026)
@given(st.lists(messages(), min_size=40, max_size=60, unique=True))
@settings(max_examples=3, deadline=None, database=None)
def compare_with_parsers(texts: list[str]) -> None:
    for text, theirs in zip(texts, npm([], texts)["parsed"], strict=True):
        ours = parsed(text)
        assert theirs is not None, text
        assert (ours.type, ours.scope, ours.description, ours.breaking is not None) == (
            theirs["type"].lower(),
            theirs["scope"],
            theirs["subject"],
            theirs["breaking"],
        ), text
        assert ConventionalCommit(text, types=TYPES).is_valid(), text


def test_messages_are_read_as_by_the_parsers() -> None:
    compare_with_parsers()


def test_messages_are_read_as_by_git_cliff(tmp_path: Path) -> None:
    """git-cliff is stricter than the other parsers; only `feat:b` is a feature to it, against paragraph 1."""
    texts = [
        "feat(x)!: y\n\nb\n\nBREAKING-CHANGE: z",
        "FIX: b\n\nFixes #12\nBREAKING CHANGE: c",
        "fix: b\n\nThis is no\nBREAKING CHANGE: c",
        "fix: b\n\nthis\n\nReviewed-by: Z\nBREAKING CHANGE: c",
        "fix: b\n\nBREAKING CHANGE: c\nd\n\ne\nReviewed-by: Z",
        "fix: b\n\nbreaking change: c",
        "fix(): b",
        "feat (x): b",
        "Update README",
        "chore!: drop",
        "docs: b",
    ]
    git_cliff(tmp_path, texts)


def git_cliff(folder: Path, texts: list[str]) -> None:
    steps: list[Step] = [*texts]
    make_repository(folder, steps)
    settings_file = folder / ".git" / "cliff.toml"
    settings_file.write_text("[git]\nconventional_commits = true\nfilter_unconventional = false\n")
    found = cliff(folder, "--context")
    by_message = {entry["raw_message"]: entry for entry in json.loads(found)[0]["commits"]}
    for text in texts:
        ours, theirs = parsed(text), by_message[text]
        assert (ours.type is not None) == theirs.get("conventional"), text
        assert (ours.breaking is not None) == bool(theirs.get("breaking")), text
        assert ours.scope == theirs.get("scope"), text
        assert ours.breaking == theirs.get("breaking_description"), text


def cliff(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        [
            PROGRAMS / "git-cliff",
            "--offline",
            "--config",
            folder / ".git" / "cliff.toml",
            "--repository",
            folder,
            *arguments,
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout[max(0, done.stdout.find("[{")) :].strip()


@pytest.mark.parametrize(
    "steps",
    [
        ["feat: a", {"tag": "v1.2.3"}, "fix: b"],
        ["feat: a", {"tag": "v1.2.3"}, "fix: b", "feat: c", "docs: d"],
        ["feat: a", {"tag": "v1.2.3"}, "fix: b", "feat(x)!: c"],
        ["feat: a", {"tag": "v1.2.3"}, "fix: b\n\nBREAKING CHANGE: c", "feat: d"],
        [
            "feat: a",
            {"tag": "v1.2.3"},
            {"branch": "s"},
            "feat: b",
            {"switch": "main"},
            "fix: c",
            {"merge": "s", "message": "m"},
        ],
        ["feat: a", {"tag": "v1.9.0"}, "feat: b", {"tag": "v1.10.0"}, "fix: c"],
    ],
)
def test_versions_are_those_of_git_cliff(tmp_path: Path, steps: list[Step]) -> None:
    make_repository(tmp_path, steps)
    (tmp_path / ".git" / "cliff.toml").write_text("[git]\nconventional_commits = true\n")
    ours = Runner({"repository": str(tmp_path)}, execute, check_mode=True).run().answer["tag_name"]
    assert ours == cliff(tmp_path, "--bumped-version")
    assert git(tmp_path, "status", "--porcelain") == ""

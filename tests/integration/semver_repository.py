"""Repositories for the tests of semver_tag, and runs of it."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any, Protocol

import pytest

from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Impossible, Outcome, Refusal
from ansible_collections.slipway.platform.plugins.module_utils._pipeline.semver_tag.run import Runner
from tests.semver_histories import Graph, Step, git, make_repository

FEATURE: list[Step] = ["feat: a", {"tag": "v1.0.0"}, "feat: b"]

HOSTILE = """
[color] ui = always
[core] quotePath = true
[i18n] logOutputEncoding = ISO-8859-1
commitEncoding = ISO-8859-1
[log] showSignature = true
follow = true
mailmap = true
date = relative
[format] pretty = oneline
[tag] gpgSign = true
sort = -refname
forceSignAnnotated = true
[status] showUntrackedFiles = no
relativePaths = true
[push] followTags = true
gpgSign = true
default = matching
[commit] gpgSign = true
"""
"""A user's configuration that must not change an answer."""


def execute(command: list[str], text: bytes) -> tuple[int, bytes, bytes]:
    done = subprocess.run(command, input=text, capture_output=True, check=False)
    return done.returncode, done.stdout, done.stderr


def run(repository: Path, *, check_mode: bool = False, **options: Any) -> Outcome:
    return Runner({"repository": str(repository), **options}, execute, check_mode=check_mode).run()


def refused(repository: Path, **options: Any) -> str:
    """The sentence that refuses a run, which writes nothing, in check mode and outside."""
    before = git(repository, "for-each-ref")
    sentences = set()
    for check_mode in (True, False):
        with pytest.raises((Refusal, Impossible)) as error:
            run(repository, check_mode=check_mode, **options)
        sentences.add(str(error.value))
    assert git(repository, "for-each-ref") == before
    (sentence,) = sentences
    return sentence


class Made(Protocol):
    def __call__(self, steps: list[Step], *, remote: bool = False) -> tuple[Path, Graph]: ...


def make(tmp_path: Path, steps: list[Step], *, remote: bool = False) -> tuple[Path, Graph]:
    """A repository of steps; with `remote`, also a bare one that it was pushed to."""
    folder = tmp_path / "repository"
    folder.mkdir()
    graph = make_repository(folder, steps)
    if remote:
        git(tmp_path, "clone", "--quiet", "--bare", "repository", "remote.git")
        git(folder, "remote", "add", "origin", str(tmp_path / "remote.git"))
    return folder, graph

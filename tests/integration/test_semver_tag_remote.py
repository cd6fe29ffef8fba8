"""Tags that semver_tag pushes, with others at work on the same remote."""

from __future__ import annotations

import threading
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Impossible
from ansible_collections.slipway.platform.plugins.module_utils._pipeline.semver_tag.git import _telling
from ansible_collections.slipway.platform.plugins.module_utils._pipeline.semver_tag.run import Runner
from tests.semver_histories import git

from .semver_repository import FEATURE, HOSTILE, Made, execute, make, refused, run


def test_a_reason_names_no_credentials() -> None:
    output = "hint: x\nfatal: unable to access 'https://me:secret@127.0.0.1/x.git/': refused.\n"
    assert _telling(output) == "fatal: unable to access 'https://***@127.0.0.1/x.git/': refused"
    assert _telling("") == "no reason given"


@pytest.fixture
def made(tmp_path: Path) -> Made:
    return partial(make, tmp_path)


def test_the_users_configuration_signs_and_pushes_nothing_else(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, _ = made(FEATURE, remote=True)
    git(folder, "-c", "user.name=x", "-c", "user.email=x@localhost", "tag", "--annotate", "--message=x", "other")
    (tmp_path / "config").write_text(HOSTILE)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "config"))
    run(folder, tag=True, push=True)
    assert git(tmp_path / "remote.git", "tag").split() == ["v1.0.0", "v1.1.0"]
    assert "SIGNATURE" not in git(folder, "cat-file", "tag", "v1.1.0")


def clones(tmp_path: Path, *names: str) -> list[Path]:
    for name in names:
        git(tmp_path, "clone", "--quiet", "remote.git", name)
    return [tmp_path / name for name in names]


def commit(folder: Path, message: str) -> None:
    who = ("-c", "user.name=x", "-c", "user.email=x@localhost")
    git(folder, *who, "commit", "--quiet", "--allow-empty", "-m", message)


def test_a_remote_that_moved_on_is_refused(made: Made, tmp_path: Path) -> None:
    made(FEATURE, remote=True)
    mine, theirs = clones(tmp_path, "mine", "theirs")
    options: dict[str, Any] = {"tag": True, "push": True}
    commit(theirs, "fix: c")
    ahead = git(theirs, "rev-parse", "HEAD")
    sentence = refused(theirs, **options)
    assert sentence.startswith(
        f"The remote 'origin' has no commit {ahead[:12]} yet, its branch 'main' stands at commit "
    )
    assert sentence == refused(theirs, taggable=True, push=True)
    assert run(theirs, taggable=True).plan.as_list() == []
    (theirs / "new").write_text("")
    assert refused(theirs, taggable=True).startswith("The tree is dirty ('new')")
    (theirs / "new").unlink()
    git(theirs, "push", "--quiet")
    assert f"stands at commit {ahead[:12]}, HEAD at " in refused(mine, **options)
    assert refused(mine, **options) == refused(mine, taggable=True, push=True)
    assert run(theirs, **options).answer["version"] == "1.1.0"
    assert refused(mine, **options) == (
        f"The remote 'origin' has moved on: 1.1.0 is next, but its tag 'v1.1.0' exists on commit {ahead[:12]}; "
        "fetch and compute anew."
    )
    git(mine, "pull", "--quiet", "--no-tags")
    assert refused(mine, **options) == (
        f"The remote 'origin' has moved on: its tag 'v1.1.0' on commit {ahead[:12]} is not in the clone; "
        "fetch and compute anew."
    )
    git(mine, "fetch", "--quiet", "--tags")
    assert not run(mine, **options).plan
    git(mine, "checkout", "--quiet", "-b", "new")
    commit(mine, "feat: d")
    assert refused(mine, **options) == "The remote 'origin' has no branch 'new'; push the commits before the tag."
    git(mine, "remote", "set-url", "origin", "https://me:secret@127.0.0.1:1/x.git")
    sentence = refused(mine, **options)
    assert sentence.startswith("The remote 'origin' cannot be read: fatal: unable to access")
    assert "secret" not in sentence


def test_a_candidate_of_what_the_remote_has_released_is_refused(made: Made, tmp_path: Path) -> None:
    """The release stands on another branch, and the clone has not heard of it."""
    made(FEATURE, remote=True)
    mine, theirs = clones(tmp_path, "mine", "theirs")
    git(theirs, "checkout", "--quiet", "-b", "other")
    commit(theirs, "docs: d")
    git(theirs, "tag", "v1.1.0")
    git(theirs, "push", "--quiet", "origin", "other", "v1.1.0")
    options: dict[str, Any] = {"push": True, "prereleases": [{"branch": "main", "identifier": "rc"}]}
    for how in ({"tag": True}, {"taggable": True}):
        assert "1.1.0-rc.1 is next, but its tag 'v1.1.0' exists on commit" in refused(mine, **options, **how)
    assert git(mine, "tag") == "v1.0.0"


def test_a_tag_that_was_made_and_not_pushed_is_pushed(made: Made, tmp_path: Path) -> None:
    folder, graph = made(FEATURE, remote=True)
    run(folder, tag=True)
    outcome = run(folder, tag=True, push=True)
    assert [change["name"] for change in outcome.plan.as_list()] == ["origin/v1.1.0"]
    assert git(tmp_path / "remote.git", "rev-parse", "v1.1.0^{commit}") == graph.head


def test_a_refused_push_leaves_the_clone_as_it_was(made: Made, tmp_path: Path) -> None:
    folder, _ = made(FEATURE, remote=True)
    hook = tmp_path / "remote.git" / "hooks" / "update"
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(Impossible) as error:
        run(folder, tag=True, push=True)
    assert str(error.value).startswith("The remote 'origin' did not take tag 'v1.1.0' (")
    assert git(folder, "tag") == git(tmp_path / "remote.git", "tag") == "v1.0.0"


def test_two_merges_in_a_row_get_two_versions(made: Made, tmp_path: Path) -> None:
    """Both runs have read the remote and decided on 1.1.0 before one pushes: one wins, the other computes anew."""
    made(FEATURE, remote=True)
    first, second = clones(tmp_path, "first", "second")
    commit(second, "fix: c")
    git(second, "push", "--quiet", "origin", "HEAD:refs/heads/later")
    commits = {first: git(first, "rev-parse", "HEAD"), second: git(second, "rev-parse", "HEAD")}
    both = threading.Barrier(2)
    results: dict[Path, str] = {}

    def race(folder: Path, branch: str) -> None:
        runner = Runner(
            {"repository": str(folder), "tag": True, "push": True, "branch": branch}, execute, check_mode=False
        )
        push = runner._git.push_tag

        def together(*arguments: Any) -> None:
            both.wait(30)
            push(*arguments)

        runner._git.push_tag = together  # type: ignore[method-assign]
        try:
            results[folder] = runner.run().answer["version"]
        except Impossible as error:
            results[folder] = str(error)

    racers = [threading.Thread(target=race, args=pair) for pair in ((first, "main"), (second, "later"))]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join(60)
    (winner,) = [folder for folder, result in results.items() if result == "1.1.0"]
    (loser,) = {first, second} - {winner}
    assert results[loser].startswith("The remote 'origin' did not take tag 'v1.1.0' (")
    assert git(tmp_path / "remote.git", "rev-parse", "v1.1.0^{commit}") == commits[winner]
    assert git(loser, "tag") == "v1.0.0"
    git(second, "fetch", "--quiet", "--tags")
    if loser == second:
        outcome = run(second, tag=True, push=True, branch="later")
        assert outcome.answer["version"] == "1.1.1"
        assert git(tmp_path / "remote.git", "rev-parse", "v1.1.1^{commit}") == commits[second]


def test_the_push_is_conditional_on_tag_and_branch(made: Made, tmp_path: Path) -> None:
    """What changes at the remote between reading it and pushing makes the whole push fail."""
    folder, graph = made(FEATURE, remote=True)
    remote = tmp_path / "remote.git"
    for change in (("tag", "v1.1.0", "v1.0.0"), ("update-ref", "refs/heads/main", "v1.0.0")):
        runner = Runner({"repository": str(folder), "tag": True, "push": True}, execute, check_mode=False)
        create = runner._git.create_tag

        def first(*arguments: Any, change: tuple[str, ...] = change, create: Any = create) -> None:
            git(remote, *change)
            create(*arguments)

        runner._git.create_tag = first  # type: ignore[method-assign]
        with pytest.raises(Impossible, match=r"did not take tag 'v1\.1\.0'"):
            runner.run()
        assert git(folder, "tag") == "v1.0.0"
        if change[0] == "tag":
            assert git(remote, "rev-parse", "v1.1.0") != graph.head
            git(remote, "tag", "--delete", "v1.1.0")
    assert git(remote, "tag") == "v1.0.0"
    assert git(remote, "rev-parse", "main") == git(remote, "rev-parse", "v1.0.0")

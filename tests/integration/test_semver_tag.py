"""The module semver_tag on real repositories and remotes; git is the witness of what was written."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import partial
from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Impossible, Refusal
from tests.semver_histories import HISTORIES, Step, build, decided, differences, git, make_repository
from tests.semver_strategies import MODEL, OPTIONS, histories, released

from .semver_repository import FEATURE, HOSTILE, Made, make, refused, run

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def made(tmp_path: Path) -> Made:
    return partial(make, tmp_path)


@pytest.mark.parametrize("history", HISTORIES, ids=lambda history: history["name"])
def test_history(made: Made, history: dict[str, Any]) -> None:
    folder, _ = made(history["steps"])
    try:
        outcome = run(folder, **history.get("options", {}))
        answer = dict(outcome.answer)
        answer["decided_by"] = [entry["header"] for entry in answer["decided_by"]]
        answer["warnings"] = len(outcome.warnings)
    except (Refusal, Impossible) as error:
        answer = {"refused": str(error)}
    assert differences(answer, history["answer"]) == {}


def test_a_life(made: Made) -> None:
    folder, graph = made(FEATURE, remote=True)
    options = {"tag": True, "push": True}
    planned = run(folder, check_mode=True, **options)
    assert git(folder, "tag") == "v1.0.0"
    first = run(folder, **options)
    assert json.dumps(first.plan.as_list()) == json.dumps(planned.plan.as_list())
    assert [change["kind"] for change in first.plan.as_list()] == ["git_tag", "remote_tag"]
    (tag, _remote) = first.plan.as_list()
    shown = {field["path"]: field["after"] for field in tag["fields"]}
    assert (tag["name"], shown) == ("v1.1.0", {"annotated": True, "commit": graph.head, "sign": "none"})
    for where in (folder, folder.parent / "remote.git"):
        assert git(where, "rev-parse", "v1.1.0^{commit}") == graph.head
        assert git(where, "cat-file", "-t", "v1.1.0") == "tag"
    assert git(folder, "for-each-ref", "--format=%(taggername) %(taggeremail) %(contents)", "refs/tags/v1.1.0") == (
        f"slipway <slipway@localhost> v1.1.0\n\n## 1.1.0\n\n### Features\n\n- b ({graph.head[:12]})"
    )
    again = run(folder, **options)
    assert not again.plan
    assert again.answer == {
        **again.answer,
        "version": "1.1.0",
        "previous_tag": "v1.1.0",
        "released": True,
        "due": False,
        "bump": "none",
        "tag_name": "v1.1.0",
        "claim": {"version": "1.1.0", "commit": graph.head},
    }
    (folder / "new").touch()
    assert not run(folder, **options).plan, "what is released needs no clean tree"


def test_the_time_of_the_commit_is_told_in_utc(made: Made) -> None:
    folder, _ = made(FEATURE)
    late = {"GIT_COMMITTER_DATE": "2026-03-01T00:30:00+02:00", "GIT_AUTHOR_DATE": "2026-03-02T00:00:00+02:00"}
    who = ("-c", "user.name=a", "-c", "user.email=a@localhost")
    git(folder, *who, "commit", "--quiet", "--allow-empty", "--message=feat: late", **late)
    assert run(folder).answer["created"] == "2026-02-28T22:30:00Z"


def test_without_tag_nothing_is_written(made: Made) -> None:
    folder, _ = made(FEATURE)
    outcome = run(folder, build_metadata="r1")
    assert not outcome.plan
    assert (outcome.answer["version"], outcome.answer["oci_tag"]) == ("1.1.0+r1", "1.1.0_r1")
    assert outcome.answer["tag_name"] == "v1.1.0"
    assert git(folder, "tag") == "v1.0.0"


def test_lightweight(made: Made) -> None:
    folder, graph = made(FEATURE)
    run(folder, tag=True, annotated=False)
    assert git(folder, "rev-parse", "refs/tags/v1.1.0") == graph.head


def test_a_detached_head_and_a_bare_repository(made: Made, tmp_path: Path) -> None:
    folder, graph = made(FEATURE, remote=True)
    git(folder, "checkout", "--quiet", "--detach")
    outcome = run(folder, tag=True, push=True)
    assert (outcome.answer["version"], outcome.answer["branch"]) == ("1.1.0", None)
    assert git(tmp_path / "remote.git", "rev-parse", "v1.1.0^{commit}") == graph.head
    assert run(tmp_path / "remote.git", tag=True).answer["released"]
    assert run(tmp_path / "remote.git", tag=True, tag_prefix="w").plan
    assert git(tmp_path / "remote.git", "rev-parse", "w0.1.0^{commit}") == graph.head


def test_signed_with_ssh(made: Made, tmp_path: Path) -> None:
    folder, _ = made(FEATURE)
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "x", "-f", key], check=True)
    run(folder, tag=True, sign="ssh", signing_key=str(key))
    signers = tmp_path / "signers"
    signers.write_text(f"slipway@localhost {key.with_suffix('.pub').read_text()}")
    git(folder, "-c", f"gpg.ssh.allowedSignersFile={signers}", "verify-tag", "v1.1.0")
    key.unlink()
    git(folder, "tag", "--delete", "v1.1.0")
    with pytest.raises(Impossible) as error:
        run(folder, tag=True, sign="ssh", signing_key=str(key))
    assert str(error.value) == f"Tag 'v1.1.0' was not made: git cannot sign with key '{key}'."
    assert git(folder, "tag") == "v1.0.0"


def test_signed_with_gpg(made: Made, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder, _ = made(FEATURE)
    home = tmp_path_factory.mktemp("gpg")
    home.chmod(0o700)
    monkeypatch.setenv("GNUPGHOME", str(home))
    new = ["--quick-generate-key", "slipway@localhost", "ed25519", "sign"]
    try:
        subprocess.run(["gpg", "--batch", "--quiet", "--passphrase", "", *new], check=True, capture_output=True)
        run(folder, tag=True, sign="gpg", signing_key="slipway@localhost")
        git(folder, "verify-tag", "v1.1.0", GNUPGHOME=str(home))
    finally:
        subprocess.run(["gpgconf", "--kill", "all"], check=True)


def test_refused_places(tmp_path: Path, made: Made) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    for folder in (empty, tmp_path / "nowhere"):
        with pytest.raises(Refusal) as error:
            run(folder)
        assert str(error.value) == f"repository is '{folder}'; a git repository is needed."
    git(empty, "init", "--quiet")
    assert refused(empty) == f"The repository '{empty}' has no commit yet."
    folder, _ = made(FEATURE)
    assert refused(folder, tag_prefix="v..") == "tag_prefix is 'v..'; the beginning of a git tag is allowed."
    assert refused(folder, paths=["shop"]) == "paths[0] is 'shop'; HEAD has no such path."


@pytest.mark.parametrize("change", ["changed", "staged", "new"])
def test_a_dirty_tree_is_refused(made: Made, change: str) -> None:
    folder, _ = made(FEATURE)
    name = "new file" if change == "new" else "file0"
    (folder / name).write_text("other")
    if change == "staged":
        git(folder, "add", name)
    sentence = f"The tree is dirty ('{name}'), so a tag would not name what was built; commit it first."
    assert refused(folder, tag=True) == sentence
    assert run(folder).answer["version"] == "1.1.0"


def test_an_ignored_file_is_not_dirty(made: Made) -> None:
    folder, _ = made(["feat: a", {"commit": "feat: b", "in": ".gitignore"}])
    (folder / "1").touch()
    (folder / ".git" / "info" / "exclude").write_text("1\n")
    assert run(folder, tag=True).plan


def test_an_expected_version(made: Made) -> None:
    folder, _ = made(FEATURE)
    assert refused(folder, tag=True, expected_version="1.0.1") == (
        "The version of HEAD is 1.1.0, but expected_version is 1.0.1; "
        "tags or commits have come in between, so compute anew."
    )
    assert run(folder, tag=True, expected_version="1.1.0").plan
    assert not run(folder, tag=True, expected_version="1.1.0").plan


def test_the_clone_may_be_shallow_above_the_last_tag(made: Made, tmp_path: Path) -> None:
    steps: list[Step] = ["feat: a", {"tag": "v0.9.0"}, "feat: b", "fix: c", {"tag": "v1.0.0"}, "fix: d"]
    steps += [
        {"branch": "s"},
        "feat: e",
        {"switch": "main"},
        "fix: f",
        {"merge": "s", "message": "Merge branch 's'"},
        "docs: g",
    ]
    folder, _ = made(steps)
    whole = run(folder, branch="main").answer
    assert (whole["version"], whole["previous"]) == ("1.1.0", "1.0.0")
    for depth in range(1, 9):
        clone = tmp_path / f"depth{depth}"
        git(tmp_path, "clone", "--quiet", f"--depth={depth}", "--branch=main", f"file://{folder}", clone.name)
        git(clone, "fetch", "--quiet", "--tags", f"--depth={depth}")
        reaches = "v1.0.0" in git(clone, "tag", "--merged=HEAD").split()
        if reaches:
            assert run(clone).answer == whole
        else:
            sentence = refused(clone)
            assert sentence.startswith("The clone is shallow: the history of HEAD is cut off at commit ")
            assert sentence.endswith("fetch all of it with its tags (git fetch --unshallow --tags).")
    assert reaches


PLACES = [("C", "UTC"), ("tr_TR.UTF-8", "America/St_Johns"), ("C.UTF-8", "Pacific/Kiritimati")]


@seed(2026)
@given(histories(), OPTIONS, st.integers(1, 12), st.sampled_from(PLACES))
@settings(max_examples=15, deadline=None, database=None)
def compare_clones(steps: list[Step], choices: dict[str, Any], depth: int, place: tuple[str, str]) -> None:
    tagged, _ = released(steps, choices)
    expected = decided(MODEL, build(tagged), choices)
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        whole = Path(folder) / "whole"
        whole.mkdir()
        make_repository(whole, tagged)
        answer = run(whole, **choices).answer
        assert {key: answer[key] for key in ("version", "bump", "due")} == {
            key: expected[key] for key in ("version", "bump", "due")
        }
        patch.setenv("LC_ALL", place[0])
        patch.setenv("TZ", place[1])
        assert run(whole, **choices).answer == answer
        git(whole.parent, "clone", "--quiet", f"--depth={depth}", "--branch=main", f"file://{whole}", "clone")
        try:
            found, reason = run(whole.parent / "clone", **choices).answer, ""
        except Impossible as error:
            found, reason = answer, str(error)
        assert found == answer
        if reason:
            assert reason.startswith("The clone is shallow: ")
            assert len(git(whole, "rev-list", "HEAD", *(f"^{tag}" for tag in releases(whole))).split()) >= depth


def releases(folder: Path) -> list[str]:
    return [tag for tag in git(folder, "tag", "--merged=HEAD").split() if "-" not in tag]


def test_every_clone_and_place_gives_the_same_answer_or_none() -> None:
    compare_clones()


def test_a_released_head_needs_no_history(made: Made, tmp_path: Path) -> None:
    folder, _ = made([*FEATURE, {"tag": "v1.1.0"}])
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{folder}", "shallow")
    assert run(tmp_path / "shallow").answer == run(folder).answer


def test_the_answer_does_not_depend_on_the_place(made: Made, tmp_path: Path) -> None:
    where = {"in": "shop/ü"}
    folder, _ = made([{"commit": "feat: über", **where}, {"tag": "v1.0.0"}, {"commit": "fix: ß", **where}])
    (tmp_path / "config").write_text(HOSTILE)
    arguments = {"repository": str(folder), "paths": ["shop/ü"], "tag": True}
    places: list[dict[str, str]] = [
        {},
        {"LC_ALL": "C.UTF-8", "TZ": "Pacific/Kiritimati"},
        {"LANG": "tr_TR.UTF-8", "LANGUAGE": "de", "TZ": "America/St_Johns"},
        {"GIT_CONFIG_GLOBAL": str(tmp_path / "config")},
        {"GIT_DIR": str(ROOT / ".git"), "GIT_WORK_TREE": str(ROOT), "GIT_PAGER": "false", "GIT_LITERAL_PATHSPECS": "1"},
    ]
    script = (
        "import sys; sys.path.insert(0, '.'); import tests.conftest\n"
        "from tests.integration.semver_repository import Path, run\n"
        "import json; given = json.loads(sys.stdin.read())\n"
        "outcome = run(Path(given.pop('repository')), check_mode=True, **given)\n"
        "print(json.dumps([outcome.answer, outcome.plan.as_list()]))"
    )
    answers = {
        subprocess.run(
            [sys.executable, "-c", script],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "HOME": "/nonexistent", **place},
            input=json.dumps(arguments),
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for place in places
    }
    assert len(answers) == 1
    answer, plan = json.loads(answers.pop())
    assert (answer["version"], answer["decided_by"][0]["header"], len(plan)) == ("1.0.1", "fix: ß", 1)


def test_a_machine_without_git(made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, _ = made(FEATURE)
    (tmp_path / "env").symlink_to(str(which("env")))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Impossible, match=r"^The program git is not installed\.$"):
        run(folder)


def test_the_module(made: Made, tmp_path: Path) -> None:
    """As its users run it: check mode, the run, the run again, and an unknown option."""
    folder, _ = made(["feat: a", {"tag": "v1.0.0"}, "fix: b\n\nno BREAKING CHANGE"])
    task = {"slipway.platform.semver_tag": {"repository": str(folder), "tag": True}, "diff": True}
    tasks = [
        {**task, "check_mode": True, "register": "planned"},
        {**task, "register": "made"},
        {**task, "register": "again"},
        {"slipway.platform.semver_tag": {"repository": str(folder), "tag": True, "branches": []}, "register": "wrong"},
    ]
    tasks[3]["ignore_errors"] = True
    results = "{{ [planned, made, again, wrong] | to_json }}"
    show = {"ansible.builtin.copy": {"content": results, "dest": str(tmp_path / "out")}}
    play = [{"hosts": "localhost", "gather_facts": False, "tasks": [*tasks, show]}]
    (tmp_path / "play.yml").write_text(json.dumps(play))
    program = Path(sys.executable).parent / "ansible-playbook"
    subprocess.run(
        [program, "-i", "localhost,", "-c", "local", tmp_path / "play.yml"],
        cwd=ROOT,
        env={**os.environ, "ANSIBLE_PYTHON_INTERPRETER": sys.executable, "GIT_DIR": "/nowhere"},
        check=True,
        capture_output=True,
    )
    planned, real, again, wrong = json.loads((tmp_path / "out").read_text())
    assert planned["changed"]
    assert real["changed"]
    assert not again["changed"]
    assert planned["changes"] == real["changes"]
    assert "+   create git tag 'v1.0.1'\n" in planned["diff"]["prepared"]
    assert 'sign: "none"\n' in planned["diff"]["prepared"]
    assert [real["version"], real["bump"], again["version"], again["bump"]] == ["1.0.1", "patch", "1.0.1", "none"]
    assert "speaks of a breaking change, but not in a footer" in json.dumps(real["warnings"])
    assert "branches" in wrong["msg"]

"""One comment for each topic under a pull request, and release notes, by requests that GitHub's description allows."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from werkzeug.wrappers import Response

from tests.github.conversations import comment as said
from tests.github.server import Github, serving
from tests.unit.github.actions import program

comment = program("comment")
release = program("release")
MARK = "<!-- slipway.platform: plan -->"


@pytest.fixture
def github(monkeypatch: pytest.MonkeyPatch) -> Iterator[Github]:
    with serving(Github()) as fake:
        given = {"GITHUB_API_URL": fake.url, "GITHUB_REPOSITORY": "octo-org/shop", "TOKEN": "ghp_good"}
        for name, value in {**given, "NUMBER": "7", "REPORT": "one", "TOPIC": "plan"}.items():
            monkeypatch.setenv(name, value)
        yield fake
        assert fake.violations == []


def bodies(github: Github) -> list[str]:
    return [entry["body"] for entry in github.state.repository.comments]


def test_a_comment_is_written_once_and_then_anew(github: Github) -> None:
    assert [comment.put(7, text, "plan") for text in ("one", "one", "two")] == ["written", "unchanged", "written anew"]
    assert bodies(github) == [f"{MARK}\ntwo"]
    assert len(github.writes) == 2


def test_each_topic_and_each_pull_request_has_a_comment_of_its_own(github: Github) -> None:
    comment.put(7, "one", "plan")
    comment.put(7, "two", "scan of app")
    comment.put(8, "three", "plan")
    assert len(bodies(github)) == 3


def test_comments_of_people_are_let_alone(github: Github) -> None:
    github.state.repository.comments += [said(7, 1, f"{MARK}\nmade up", "User"), said(7, 2, f"quoting {MARK}")]
    assert comment.put(7, "one", "plan") == "written"
    assert bodies(github)[:2] == [f"{MARK}\nmade up", f"quoting {MARK}"]


def test_the_comment_is_found_behind_many_others(github: Github) -> None:
    github.state.repository.comments += [said(7, number, f"comment {number}", "User") for number in range(205)]
    comment.put(7, "one", "plan")
    assert comment.put(7, "two", "plan") == "written anew"
    assert len(bodies(github)) == 206


def test_a_report_that_is_too_long_ends_at_a_line(github: Github) -> None:
    comment.put(7, "\n".join(f"| {number:06} |" for number in range(10_000)), "plan")
    (found,) = bodies(github)
    assert found.endswith(" |\n\nThe rest stands in the summary of the job.\n")


@pytest.mark.parametrize("code", [401, 403])
def test_a_token_that_may_only_read_is_no_error(github: Github, code: int) -> None:
    github.trouble = lambda method, path: Response("{}", status=code)
    assert comment.main() == 0
    assert bodies(github) == []


def test_any_other_refusal_is_an_error(github: Github) -> None:
    github.trouble = lambda method, path: Response("{}", status=500)
    with pytest.raises(comment.urllib.error.HTTPError):
        comment.main()


@pytest.fixture
def tagged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "Ada")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "ada@example.com")
    monkeypatch.chdir(tmp_path)
    text = "1.2.0\n\n## Features\n\n- greet\n\n-----BEGIN SSH SIGNATURE-----\nabc\n-----END SSH SIGNATURE-----\n"
    for arguments in (
        ["init", "-q"],
        ["commit", "-q", "--allow-empty", "-m", "feat: greet"],
        ["tag", "--cleanup", "verbatim", "-a", "v1.2.0", "-m", text],
    ):
        subprocess.run(["git", "-c", "commit.gpgSign=false", "-c", "tag.gpgSign=false", *arguments], check=True)
    for name, value in {"TAG": "v1.2.0", "VERSION": "1.2.0", "IMAGE": "registry/app@sha256:abc"}.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("tagged")
def test_release_notes_are_the_tags_message_and_the_image(github: Github) -> None:
    assert release.main() == 0
    (found,) = github.state.repository.releases
    assert (found["tag_name"], found["name"], found["prerelease"]) == ("v1.2.0", "1.2.0", False)
    assert found["body"] == "1.2.0\n\n## Features\n\n- greet\n\nImage: `registry/app@sha256:abc`\n"
    assert release.main() == 0
    assert len(github.writes) == 1


@pytest.mark.usefixtures("tagged")
def test_a_candidate_is_a_prerelease(github: Github, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VERSION", "1.3.0-rc.1")
    release.main()
    assert github.state.repository.releases[0]["prerelease"] is True

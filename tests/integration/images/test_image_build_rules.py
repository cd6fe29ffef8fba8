"""Images that break a rule: each is refused with its own sentence, and nothing is left."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sandbox.images import base_image

from .bases import changed
from .builds import Build, pack, program

REFUSED = "The image of app 1.2.3 for amd64 is refused. "


@pytest.fixture
def build(tmp_path: Path, image_cache: Path, debian: base_image.BaseImage) -> Build:
    made = Build(tmp_path, image_cache, debian)
    pack(made.artifact(), program())
    return made


HABITS = {
    "ignores-sigterm": "The application did not end within 3 seconds of SIGTERM.",
    "never-listens": "The application was not ready within 3 seconds: GET /readyz on port 8080 had no answer.",
    "answers-503": "The application was not ready within 3 seconds: GET /readyz on port 8080 answered 503.",
    "crashes": "The application ended with status 3 before it was ready: no configuration found.",
    "leaves-zombies": "The application leaves zombies of 'app' that it never waits for.",
    "writes-anywhere": (
        "The application only works while its root file system is writable; name the directories it writes to in "
        "writable_directories."
    ),
    "needs-root": (
        "The application ended with status 30 before it was ready: /var/lib/app.state: Read-only file system."
    ),
}


LATER = {"ignores-sigterm", "leaves-zombies", "writes-anywhere"}
"""Habits that show once it is ready."""


@pytest.mark.parametrize(("habit", "sentence"), HABITS.items(), ids=list(HABITS))
def test_habit(build: Build, habit: str, sentence: str) -> None:
    command = ["/opt/app/bin/app", habit]
    assert build.refused(command=command, ready_seconds=20 if habit in LATER else 3) == f"{REFUSED}{sentence}"


def test_a_program_that_is_not_there(build: Build) -> None:
    sentence = build.refused(command=["/opt/app/bin/other"], ready_seconds=3)
    assert sentence == (
        f"{REFUSED}The application ended with status 127 before it was ready: "
        "exec /opt/app/bin/other failed: No such file or directory."
    )


def test_orphans_are_reaped_by_the_init(build: Build) -> None:
    assert build.run(command=["/opt/app/bin/app", "leaves-orphans"]).plan


def test_declared_directories_are_writable(build: Build) -> None:
    command = ["/opt/app/bin/app", "keeps-state"]
    build.refused(command=command, ready_seconds=3)
    assert build.run(command=command, writable_directories=["/tmp", "/var/lib/app"]).plan


def test_a_connection_is_enough_without_a_path(build: Build) -> None:
    assert build.run(ready_path="", command=["/opt/app/bin/app", "answers-503"]).plan


def test_a_private_key(build: Build) -> None:
    key = b"-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEA\n-----END OPENSSH PRIVATE KEY-----\n"
    pack(build.artifact(), [*program(), ("share/x", key, 0o644)])
    assert build.refused() == f"{REFUSED}The image holds a key or credentials in /opt/app/share/x."


def test_owned_by_the_user(build: Build) -> None:
    pack(build.artifact(), program(), owner=10001)
    assert build.refused() == (
        f"{REFUSED}The user 10001 owns /opt/app/bin, which it could change. "
        "The user 10001 owns /opt/app/bin/app, which it could change."
    )


def test_too_large(build: Build) -> None:
    sentence = build.refused(maximum_size=10)
    assert sentence.startswith(f"{REFUSED}The image has 2")
    assert sentence.endswith(" MiB, but 10 MiB are allowed by maximum_size.")


def test_a_volume_of_the_base(build: Build, tmp_path: Path) -> None:
    build.base = changed(build.base, tmp_path / "base", config={"Volumes": {"/var/tmp": {}}})
    assert build.refused(cache_directory=str(tmp_path / "cache")) == (
        f"{REFUSED}The image declares volumes (/var/tmp), which are writable at run time."
    )


def test_labels_of_the_base_give_way(build: Build, tmp_path: Path) -> None:
    build.base = changed(build.base, tmp_path / "base", config={"Labels": {"org.opencontainers.image.title": "Debian"}})
    build.run()
    labels = json.loads(json.dumps(build.config()))["config"]["Labels"]
    assert labels["org.opencontainers.image.title"] == "app"

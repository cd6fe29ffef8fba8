"""The example application in a repository of its own, with a remote that its release tags are pushed to."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from sandbox.state import CHECKOUT, State

SOURCE = CHECKOUT / "examples" / "app"
# The same files give the same commit on every day and machine.
IDENTITY = {
    "GIT_AUTHOR_NAME": "slipway",
    "GIT_AUTHOR_EMAIL": "slipway@localhost",
    "GIT_AUTHOR_DATE": "2026-01-01T00:00:00Z",
    "GIT_COMMITTER_NAME": "slipway",
    "GIT_COMMITTER_EMAIL": "slipway@localhost",
    "GIT_COMMITTER_DATE": "2026-01-01T00:00:00Z",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
}


def git(folder: Path, *arguments: str) -> str:
    """Runs git there as nobody in particular, and returns what it printed."""
    outside = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments],
        env={**outside, **IDENTITY},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def prepare(state: State) -> Path:
    """The clone of the example below the sandbox's state; one that stands is left as it is.

    :returns: its folder; the remote `origin` stands beside it
    """
    folder = state.images / "app"
    remote = folder.with_suffix(".git")
    if (folder / ".git").is_dir() and remote.is_dir():
        return folder
    for old in (folder, remote):
        shutil.rmtree(old, ignore_errors=True)
    building = folder.with_name(f".{folder.name}")
    shutil.rmtree(building, ignore_errors=True)
    shutil.copytree(SOURCE, building)
    git(building, "init", "--quiet", "--initial-branch=main")
    git(building, "add", "--all")
    git(building, "commit", "--quiet", "--no-gpg-sign", "--message=feat: a small web service")
    git(building, "clone", "--quiet", "--bare", ".", str(remote))
    git(building, "remote", "add", "origin", str(remote))
    git(building, "fetch", "--quiet")
    git(building, "branch", "--quiet", "--set-upstream-to=origin/main")
    building.rename(folder)
    return folder

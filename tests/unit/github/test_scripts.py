"""The shell scripts of the actions, with stand-ins for what they call."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.unit.github.actions import SCRIPTS


@pytest.fixture
def collection(tmp_path: Path) -> Path:
    """A checkout with the scripts, an action, and a set-up that takes note of being called."""
    top = tmp_path / "collection"
    (top / ".github/actions/version").mkdir(parents=True)
    (top / ".github/scripts").mkdir()
    (top / "tools/cosign").mkdir(parents=True)
    for script in SCRIPTS.glob("*.sh"):
        (top / ".github/scripts" / script.name).write_text(script.read_text())
        (top / ".github/scripts" / script.name).chmod(0o755)
    write(
        top / "scripts/venv.sh",
        f'echo set up $1 >>{tmp_path}/log\nmkdir -p .venv/bin\ncp "{tmp_path}/play" .venv/bin/ansible-playbook',
    )
    write(tmp_path / "play", f'echo "$PWD: $*" >>{tmp_path}/log; env >{tmp_path}/env')
    return top


def write(path: Path, script: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/bash\n{script}\n")
    path.chmod(0o755)


def run(top: Path, name: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [str(top / ".github/scripts" / name), *arguments]
    given = {"PATH": os.environ["PATH"], "HOME": str(top), **environment}
    return subprocess.run(command, env=given, cwd=top.parent, capture_output=True, text=True, check=True)


def test_the_virtual_environment_is_made_once_and_plays_run_in_the_collection(collection: Path) -> None:
    with pytest.raises(subprocess.CalledProcessError) as refused:
        run(collection, "run.sh", "version")
    assert refused.value.stdout == "::error title=Runtime::The action runtime comes before this one in a job.\n"
    run(collection, "runtime.sh", "runtime.txt")
    run(collection, "runtime.sh", "runtime.txt")
    run(collection, "run.sh", "version")
    run(collection, "run.sh", "version", "--inventory", "mine")
    run(collection, "run.sh", "site.yml", "--check")
    play = ".github/actions/version/play.yml"
    assert (collection.parent / "log").read_text().splitlines() == [
        "set up runtime.txt",
        f"{collection}: {play} --inventory localhost,",
        f"{collection}: {play} --inventory mine",
        f"{collection}: site.yml --check",
    ]


def test_gits_token_is_in_the_environment_of_the_tag_and_on_no_command_line(collection: Path) -> None:
    given = {"TOKEN": "ghs_secret", "GITHUB_SERVER_URL": "https://github.example.com"}
    run(collection, "runtime.sh", "runtime.txt")
    done = run(collection, "tag.sh", **given)
    environment = dict(
        line.split("=", 1) for line in (collection.parent / "env").read_text().splitlines() if "=" in line
    )
    assert environment["GIT_CONFIG_KEY_0"] == "http.https://github.example.com/.extraheader"
    token = base64.b64encode(b"x-access-token:ghs_secret").decode()
    assert environment["GIT_CONFIG_VALUE_0"] == f"AUTHORIZATION: basic {token}"
    assert "TOKEN" not in environment
    assert "ghs_secret" not in done.stdout + done.stderr + (collection.parent / "log").read_text()


@pytest.mark.parametrize("there", [True, False])
def test_cosign_is_built_where_the_runner_has_none(collection: Path, there: bool) -> None:
    programs = collection.parent / "programs"
    write(programs / "go", f'echo "$PWD: $*" >>{collection.parent}/log')
    if there:
        write(programs / "cosign", "true")
    for name in ("dirname", "mkdir"):
        (programs / name).symlink_to(str(shutil.which(name)))
    run(collection, "cosign.sh", PATH=str(programs), RUNNER_TEMP=str(collection.parent / "temp"))
    log = collection.parent / "log"
    assert log.exists() != there
    if not there:
        (line,) = log.read_text().splitlines()
        assert line.startswith(f"{collection}/tools/cosign: build -trimpath")
        assert f"-o {collection.parent}/temp/bin/cosign github.com/sigstore/cosign/v3/cmd/cosign" in line


def test_reports_of_every_architecture_reach_summary_and_output(collection: Path) -> None:
    folder = collection.parent / "scans"
    summary, output = collection.parent / "summary", collection.parent / "output"
    given = {"DIRECTORY": str(folder), "GITHUB_STEP_SUMMARY": str(summary), "GITHUB_OUTPUT": str(output)}
    run(collection, "report.sh", **given)
    assert not output.exists()
    for architecture in ("amd64", "arm64"):
        (folder / architecture).mkdir(parents=True)
        (folder / architecture / "trivy-gate.md").write_text(f"## {architecture}\n")
    run(collection, "report.sh", **given)
    assert summary.read_text() == "## amd64\n## arm64\n"
    first, *lines, last = output.read_text().splitlines()
    assert first == f"report<<{last}"
    assert len(last) == 32
    assert lines == ["## amd64", "## arm64", ""]

"""The collection as its users get it: built, installed elsewhere, run from there."""

from __future__ import annotations

import json
import subprocess
import tarfile
from pathlib import Path

import pytest

from sandbox.resources import resources
from tests.integration.conftest import Emulator

from .plays import PLAYBOOK, ROOT, Run, environment, play

OF_DEVELOPMENT = {"tests", "sandbox", "molecule", "scripts", "tools", ".ci", ".venv", ".ansible", ".sandbox", ".cache"}
INVENTORY = ROOT / "inventories" / "sandbox"


def here(emulator: Emulator, folder: Path, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs a program of Ansible's in a folder that knows nothing of the checkout."""
    changed: dict[str, str | None] = {"ANSIBLE_CONFIG": None, "ANSIBLE_COLLECTIONS_PATH": str(folder)}
    return subprocess.run(
        [str(PLAYBOOK.with_name(program)), *arguments],
        cwd=folder,
        env=environment(emulator, **changed),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.fixture
def installed(emulator: Emulator, tmp_path: Path) -> Path:
    """A folder in which the built collection is installed; those it depends on are Python's packages."""
    command = [str(PLAYBOOK.with_name("ansible-galaxy")), "collection", "build", "--output-path", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=120)
    (tarball,) = tmp_path.glob("slipway-platform-*.tar.gz")
    with tarfile.open(tarball) as files:
        assert {name.partition("/")[0] for name in files.getnames()} & OF_DEVELOPMENT == set()
    done = here(emulator, tmp_path, "ansible-galaxy", "collection", "install", "--no-deps", "-p", ".", str(tarball))
    assert done.returncode == 0, done.stderr
    return tmp_path


def test_the_installed_collection_plans_what_the_checkout_plans(emulator: Emulator, installed: Path) -> None:
    done = here(
        emulator, installed, "ansible-playbook", "slipway.platform.site", "-i", str(INVENTORY), "--check", "--diff"
    )
    run = Run(done.returncode, done.stdout, done.stderr).assert_good()
    roots = {task["task"]["path"] for each in run.report["plays"] for task in each["tasks"]}
    assert roots
    assert [path for path in roots if not path.startswith(str(installed / "ansible_collections"))] == []
    assert run.changes()
    assert json.dumps(run.changes()) == json.dumps(play(emulator, "site.yml", "--check").assert_good().changes())
    assert emulator.writes() == []
    assert resources(emulator.url) == {}

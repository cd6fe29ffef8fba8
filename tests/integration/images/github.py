"""GitHub on this machine: act runs the workflows of a repository on the host, with stand-ins for third-party actions.

The files stay as they are. act fetches nothing: each pinned action is answered by a folder of ``actions/`` beside this
file, and this collection by a copy of the checkout. The copy differs in one thing: act does not know ``$/`` yet, the
repository that a workflow or action stands in, so it is written out with owner, name and commit.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandbox import tools
from sandbox.images import trivy_database
from sandbox.images.base_image import BaseImage
from tests.integration.conftest import REGION, Emulator
from tests.semver_histories import git

ROOT = Path(__file__).resolve().parent.parent.parent.parent
STAND_INS = Path(__file__).resolve().parent / "actions"
AUTHOR = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "Ada"), ("EMAIL", "ada@example.com"), ("DATE", "2026-11-02T10:00:00+0000"))
}
PROVIDER = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
COLLECTION = "slipway-platform/slipway.platform"
USES = re.compile(r"uses: ([\w.-]+/[\w.-]+)(/[^@\s]*)?@([0-9a-f]{40})")


def role(emulator: Emulator, name: str) -> None:
    """A role that GitHub's identity provider may assume."""
    trust = {"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity", "Principal": {"Federated": PROVIDER}}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    emulator.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=document)


def inventory(repository: Repository, base: BaseImage, registry: str = "", key: str = "") -> None:
    """The inventory's own values: what the sandbox has in place of Debian's registry, Trivy's, ECR and KMS."""
    repository.environment["DATABASE"] = str(trivy_database.prepare())
    (repository.folder / "inventory/group_vars/all.yml").write_text(
        json.dumps(
            {
                "ansible_connection": "local",
                "ansible_python_interpreter": "{{ ansible_playbook_python }}",
                "platform_name": "demo",
                "platform_region": REGION,
                "platform_account_id": "123456789012",
                "image_build_base_image": f"debian@{base.digest}",
                "image_build_base_location": f"oci:{base.layout}",
                "image_build_ready_path": "/readyz",
                "image_build_trivy_database": "{{ lookup('ansible.builtin.env', 'DATABASE') }}",
                "image_build_registries": [{"kind": "oci", "host": registry, "repository": "app", "tls_verify": False}],
                "image_build_signing_key": key,
                "image_build_signing_key_password": "{{ lookup('ansible.builtin.env', 'SIGNING_PASSWORD') }}",
            }
        )
    )


@dataclass
class Run:
    """What act printed and how it ended."""

    code: int
    text: str

    @property
    def passed(self) -> bool:
        return self.code == 0

    @property
    def plain(self) -> str:
        """What was printed, without the job in front of each line."""
        return re.sub(r"^\[[^\]]*\] +(?:\| )?", "", self.text, flags=re.MULTILINE)

    @property
    def jobs(self) -> dict[str, bool]:
        """The jobs that ran, in order of their ends, and whether they succeeded."""
        ends = re.findall(r"^\[(?:[^\]/]*/)*([^\]/]+?) *\] +🏁  Job (\w+)", self.text, flags=re.MULTILINE)
        return {name: end == "succeeded" for name, end in ends}


def checkout(folder: Path) -> Path:
    """A copy of the collection as GitHub would fetch it, with this checkout's virtual environment."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_file() and not name.startswith(("tests/", "molecule/")):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    (folder / ".venv").symlink_to(ROOT / ".venv")
    link = folder / ".ansible/collections/ansible_collections/slipway/platform"
    link.parent.mkdir(parents=True)
    link.symlink_to("../../../..", target_is_directory=True)
    return folder


@dataclass
class Repository:
    """A repository of its own with an application in it, and GitHub's side of its runs.

    :param environment: of the machine that runs the jobs.
    :param github: variables that the runner sets itself, such as GITHUB_REPOSITORY.
    """

    folder: Path
    collection: Path
    variables: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    github: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, example: Path, folder: Path, collection: Path, **settings: Any) -> Repository:
        shutil.copytree(example, folder, ignore=shutil.ignore_patterns("build"))
        repository = cls(folder, collection, **settings)
        repository.git("init", "--quiet", "--initial-branch", "main")
        repository.git("remote", "add", "origin", "https://github.com/demo/app.git")
        return repository

    @property
    def state(self) -> Path:
        return self.folder.parent / f"{self.folder.name}.act"

    @property
    def log(self) -> Path:
        """What the stand-ins were asked for, a line each."""
        return self.state / "stand-ins"

    @property
    def asked(self) -> list[str]:
        """The roles that were asked for, in order."""
        return self.log.read_text().splitlines() if self.log.exists() else []

    def git(self, *arguments: str) -> str:
        return git(self.folder, *arguments, **AUTHOR)

    def remote(self, folder: Path) -> None:
        """A bare repository as origin, with what stands here."""
        git(self.folder.parent, "clone", "--quiet", "--bare", str(self.folder), str(folder))
        self.git("remote", "set-url", "origin", str(folder))
        self.git("fetch", "--quiet", "origin")

    def commit(self, message: str) -> str:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.git("rev-parse", "HEAD").strip()

    def replaced(self) -> list[str]:
        """act's arguments that answer each pinned action by a folder here."""
        found: set[tuple[str, str]] = set()
        for top in (self.folder, self.collection):
            for path in sorted(top.glob(".github/**/*.yml")):
                for name, _, commit in USES.findall(path.read_text()):
                    found.add((name, commit))
        arguments = []
        for name, commit in sorted(found):
            place = self.collection if name == COLLECTION else STAND_INS / name.replace("/", "-")
            arguments += ["--local-repository", f"{name}@{commit}={place}"]
        return arguments

    def act(self, event: str, workflow: str, payload: dict[str, Any] | None = None, job: str = "") -> Run:
        """Run what the event starts in a workflow, on the host.

        :param job: only this one and those that it needs.
        """
        self.state.mkdir(exist_ok=True)
        event_file = self.state / "event.json"
        event_file.write_text(json.dumps(payload or {}))
        written_out(self.collection, pin_of(self.folder))
        go = tools.find_go(print).parent
        command = [str(Path(sys.prefix) / "bin/act"), event, "--workflows", f".github/workflows/{workflow}"]
        command += ["--platform", "ubuntu-latest=-self-hosted", "--no-cache-server", "--action-offline-mode"]
        command += ["--eventpath", str(event_file), "--action-cache-path", str(self.state / "cache"), *self.replaced()]
        command += ["--job", job] if job else []
        for option, values in (("--var", self.variables), ("--secret", self.secrets), ("--env", self.github)):
            for name, value in values.items():
                command += [option, f"{name}={value}"]
        environment = {
            **os.environ,
            "XDG_CACHE_HOME": str(self.state),
            "GOCACHE": os.environ.get("GOCACHE") or str(Path.home() / ".cache/go-build"),
            "GOTOOLCHAIN": "local",
            "GOFLAGS": "",
            "STAND_IN_PYTHON": sys.executable,
            "STAND_IN_LOG": str(self.log),
            "STAND_IN_REPOSITORY": str(self.folder),
            **self.environment,
        }
        environment["PATH"] = ":".join(filter(None, [self.environment.get("PATH"), str(go), os.environ["PATH"]]))
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
            environment.pop(name, None)
        done = subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False, timeout=300
        )
        return Run(done.returncode, done.stdout + done.stderr)


def pin_of(repository: Path) -> str:
    """The commit of the collection that a repository's workflows name; all of them must name one."""
    found = {
        commit
        for path in repository.glob(".github/workflows/*.yml")
        for name, _, commit in USES.findall(path.read_text())
        if name == COLLECTION
    }
    (pin,) = found
    return pin


def written_out(collection: Path, commit: str) -> None:
    for path in collection.glob(".github/**/*.yml"):
        text = path.read_text()
        path.write_text(re.sub(r"uses: \$/(\S+)", rf"uses: {COLLECTION}/\1@{commit}", text))

"""Registries for tests: the sandbox's own program on loopback ports, open or with a password."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sandbox import tools

USER, PASSWORD = "publisher", "opensesame"
HTPASSWD = f"{USER}:$2b$04$abcdefghijklmnopqrstuuFuhxWRTXIsURoluSTZ1N4tYaWGn9oOi\n"
ECR_PASSWORD = "123456789012-auth-token"
ECR_HTPASSWD = "AWS:$2b$04$abcdefghijklmnopqrstuu/cMn6kFoLFEf9ShbIPSVtJoiKQtizZG\n"
"""What the emulated ECR gives as user and password."""


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def execute(command: Any, environment: Mapping[str, str]) -> tuple[int, bytes, bytes]:
    """`Execute` by a plain subprocess."""
    done = subprocess.run(list(command), env={**os.environ, **environment}, capture_output=True, check=False)
    return done.returncode, done.stdout, done.stderr


class RegistryServer:
    """One registry.

    :param htpasswd: content of its password file; None for a registry that is open to everybody.
    :param read_only: refuses uploads.
    """

    def __init__(self, folder: Path, htpasswd: str | None = None, *, read_only: bool = False) -> None:
        self._folder = folder
        self._htpasswd = htpasswd
        self._read_only = read_only
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()
        self.address = f"127.0.0.1:{self.port}"

    def start(self) -> RegistryServer:
        self._folder.mkdir(parents=True, exist_ok=True)
        settings: dict[str, Any] = {
            "version": 0.1,
            "log": {"level": "error"},
            "storage": {"filesystem": {"rootdirectory": str(self._folder / "data")}, "delete": {"enabled": True}},
            "http": {"addr": self.address, "secret": "shared"},
        }
        if self._read_only:
            settings["storage"]["maintenance"] = {"readonly": {"enabled": True}}
        if self._htpasswd is not None:
            (self._folder / "htpasswd").write_text(self._htpasswd)
            settings["auth"] = {"htpasswd": {"realm": "tests", "path": str(self._folder / "htpasswd")}}
        (self._folder / "settings.yml").write_text(json.dumps(settings))
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [tools.program("registry"), "serve", str(self._folder / "settings.yml")], stdout=log, stderr=log
            )
        for _ in range(200):
            if self._answers():
                return self
            assert self._process.poll() is None, (self._folder / "log").read_text()
            time.sleep(0.05)
        raise AssertionError("the registry does not answer")

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait(10)
            self._process = None

    def wipe(self) -> None:
        """Empty again."""
        shutil.rmtree(self._folder / "data", ignore_errors=True)

    def requests(self) -> list[str]:
        """Lines of the access log: every request since the start."""
        return [line for line in (self._folder / "log").read_text(errors="replace").splitlines() if '"' in line]

    def referrers(self, repository: str, digest: str) -> list[str]:
        """Digests of what is signed and attested of a digest, in the tag that cosign keeps for it."""
        tag = f"sha256-{digest.removeprefix('sha256:')}"
        link = self._repository(repository) / "_manifests" / "tags" / tag / "current" / "link"
        return [entry["digest"] for entry in json.loads(self.blob(link.read_text()).read_bytes())["manifests"]]

    def forget_tag(self, repository: str, tag: str) -> None:
        """As if somebody had deleted it."""
        shutil.rmtree(self._repository(repository) / "_manifests" / "tags" / tag)

    def _repository(self, repository: str) -> Path:
        return self._folder / "data" / "docker" / "registry" / "v2" / "repositories" / repository

    def tags(self, repository: str) -> list[str]:
        """Tags as they stand on disk."""
        folder = self._repository(repository) / "_manifests" / "tags"
        return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []

    def writes(self) -> list[str]:
        """Requests since the start that wrote or tried to."""
        return [line for line in self.requests() if any(f'"{verb} /v2/' in line for verb in ("POST", "PUT", "PATCH"))]

    def blob(self, digest: str) -> Path:
        """The file of a blob or a manifest."""
        name = digest.removeprefix("sha256:")
        return self._folder / "data" / "docker" / "registry" / "v2" / "blobs" / "sha256" / name[:2] / name / "data"

    def _answers(self) -> bool:
        try:
            urllib.request.urlopen(f"http://{self.address}/v2/", timeout=1).close()
        except urllib.error.HTTPError as error:
            return error.code == 401
        except OSError:
            return False
        return True

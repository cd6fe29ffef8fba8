"""A release for tests of image_release: bucket, artifact, layouts, verdicts, key; and runs of the module's code."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

import boto3

from ansible_collections.slipway.platform.plugins.module_utils._aws.client import Api
from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Outcome
from ansible_collections.slipway.platform.plugins.module_utils._core.programs import Execute
from ansible_collections.slipway.platform.plugins.module_utils._pipeline.application_artifact.run import (
    Runner as ArtifactRunner,
)
from ansible_collections.slipway.platform.plugins.module_utils._pipeline.image_release.run import Runner
from sandbox import tools

from ..conftest import REGION, ROOT, Emulator
from . import layouts
from .registries import RegistryServer, execute

BUCKET = "demo-123456789012-eu-west-1-application"
PASSWORD = "a pass phrase"
TRIVY = str(ROOT / ".venv" / "bin" / "trivy")


def api_of(emulator: Emulator) -> Api:
    return Api({"region": REGION, "endpoint": emulator.url}, say=lambda text: None)


def cosign(*arguments: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    """cosign as a reader runs it."""
    environment = {**os.environ, "COSIGN_PASSWORD": PASSWORD}
    command = [str(tools.program("cosign")), *arguments]
    return subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False)


def signing_key(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    done = cosign("generate-key-pair", folder=folder)
    assert done.returncode == 0, done.stderr
    return folder / "cosign.key"


def make_bucket(emulator: Emulator) -> None:
    emulator.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})


def objects() -> list[tuple[str, str]]:
    """Key and content of everything in the bucket, the latter as S3's tag of it."""
    answer = boto3.client("s3").list_objects_v2(Bucket=BUCKET)
    return sorted((entry["Key"], entry["ETag"]) for entry in answer.get("Contents", []))


class Release:
    """Version 1.2.3 of `app`, ready to be released."""

    def __init__(
        self, emulator: Emulator, folder: Path, key: Path, servers: Iterable[RegistryServer], *names: str
    ) -> None:
        self.emulator, self.folder, self.key = emulator, folder, key
        self.servers = list(servers)
        self.s3 = emulator.client("s3")
        make_bucket(emulator)
        architectures = names or ("amd64",)
        files = []
        for name in architectures:
            path = folder / f"app-{name}.tar.gz"
            path.write_bytes(layouts.artifact(f"program for {name}".encode()))
            files.append({"architecture": name, "path": str(path)})
        options = {"bucket": BUCKET, "application": "app", "version": "1.2.3", "commit": layouts.COMMIT}
        self.artifacts = ArtifactRunner({**options, "artifacts": files}, api_of(emulator), check_mode=False).run()
        self.images = [self._image(entry) for entry in self.artifacts.answer["artifacts"]]
        self.verdicts = [verdict(image) for image in self.images]
        self.options: dict[str, Any] = {
            **options,
            "source": "https://git.example/app",
            "images": self.images,
            "artifacts": [
                {name: entry[name] for name in ("architecture", "key", "sha256")}
                for entry in self.artifacts.answer["artifacts"]
            ],
            "base": {"image": "debian:13-slim", "digest": layouts.BASE_DIGEST, "release": "13"},
            "registries": [registry(server) for server in self.servers],
            "verdicts": self.verdicts,
            "signing_key": str(key),
            "signing_key_password": PASSWORD,
            "cosign_path": str(tools.program("cosign")),
            "trivy_path": TRIVY,
        }

    def _image(self, entry: dict[str, Any]) -> dict[str, Any]:
        name = entry["architecture"]
        labels = {
            "org.opencontainers.image.title": "app",
            "org.opencontainers.image.version": "1.2.3",
            "org.opencontainers.image.revision": layouts.COMMIT,
            "io.slipway.artifact.sha256": entry["sha256"],
        }
        return self.image(self.folder / "layouts" / name, name, labels, f"program for {name}".encode())

    def image(self, folder: Path, architecture: str, labels: dict[str, str], content: bytes) -> dict[str, Any]:
        return layouts.layout(folder, architecture=architecture, content=content, labels=labels)

    def run(
        self,
        *,
        check_mode: bool = False,
        day: str = "2026-02-01",
        execute: Execute = execute,
        parent: str | None = None,
        **changed: Any,
    ) -> Outcome:
        temporary = self.folder / "temporary"
        temporary.mkdir(exist_ok=True)
        place = parent or str(temporary)
        runner = partial(Runner, api=api_of(self.emulator), execute=execute, parent=place, day=lambda: day)
        try:
            return runner({**self.options, **changed}, check_mode=check_mode).run()
        finally:
            assert list(temporary.iterdir()) == [], "a temporary file is left"

    def objects(self) -> list[str]:
        return [key.removeprefix("applications/app/1.2.3/") for key, _tag in objects()]

    def body(self, name: str) -> bytes:
        return bytes(self.s3.get_object(Bucket=BUCKET, Key=f"applications/app/1.2.3/{name}")["Body"].read())


def registry(server: RegistryServer, **changed: Any) -> dict[str, Any]:
    return {"kind": "oci", "host": server.address, "repository": "team/app", "tls_verify": False, **changed}


def verdict(image: dict[str, Any], **changed: Any) -> dict[str, Any]:
    """What trivy_gate returns, as far as it is read."""
    return {
        "verdict": "passed",
        "reasons": [],
        "counts": {"HIGH": 0, "LOW": 2},
        "digest": image["digest"],
        "config_digest": image["config_digest"],
        "database": {"version": 2, "updated_at": "2026-02-01T06:00:00Z"},
        "trivy_version": "0.76.0",
        **changed,
    }

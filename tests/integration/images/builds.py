"""Artifacts, bases and runs of image_build for its tests."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import shutil
import subprocess
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.slipway.platform.plugins.module_utils._aws.client import Api
from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Impossible, Outcome, Refusal
from ansible_collections.slipway.platform.plugins.module_utils._oci.layout import verify
from ansible_collections.slipway.platform.plugins.module_utils._pipeline.image_build.model import OPTIONS
from ansible_collections.slipway.platform.plugins.module_utils._pipeline.image_build.run import Runner
from sandbox.images.base_image import BaseImage

from .registries import execute

APPLICATION = Path(__file__).parent / "applications" / "app.pl"
BASE = "registry.example/library/debian"
COMMIT = "6f1ed002ab5595859014ebf0951522d9d6a5f3c1"
TODAY = date(2026, 11, 24)

Entry = tuple[str, bytes | None, int]
"""Path, content (None for a folder), mode."""


def program(text: str = "") -> list[Entry]:
    """What stands in an artifact: the application, with a comment behind it that makes it another one."""
    content = APPLICATION.read_bytes() + (f"# {text}\n".encode() if text else b"")
    return [("bin", None, 0o755), ("bin/app", content, 0o755)]


def pack(path: Path, entries: Sequence[Entry], *, links: Mapping[str, str] | None = None, owner: int = 0) -> str:
    """Writes an archive and its checksum file; the checksum."""
    path.parent.mkdir(parents=True, exist_ok=True)
    packed = io.BytesIO()
    with gzip.GzipFile("", "wb", 6, packed, mtime=0) as zipped, tarfile.open(fileobj=zipped, mode="w|") as archive:
        for name, content, mode in entries:
            entry = tarfile.TarInfo(name)
            entry.mode, entry.uid, entry.gid = mode, owner, owner
            entry.type = tarfile.DIRTYPE if content is None else tarfile.REGTYPE
            entry.size = len(content or b"")
            archive.addfile(entry, io.BytesIO(content or b""))
        for name, target in (links or {}).items():
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = tarfile.SYMTYPE, target
            archive.addfile(entry)
    path.write_bytes(packed.getvalue())
    return state_checksum(path)


def state_checksum(path: Path) -> str:
    checksum = hashlib.sha256(path.read_bytes()).hexdigest()
    path.with_name(f"{path.name}.sha256").write_text(f"{checksum}  {path.name}\n")
    return checksum


@dataclass
class Build:
    """One application in folders of its own; the cache is shared, so that layers are built once."""

    folder: Path
    cache: Path
    base: BaseImage
    options: dict[str, Any] = field(default_factory=dict)
    commands: list[Sequence[str]] = field(default_factory=list)
    api: Api | None = None
    said: str = ""

    @property
    def directory(self) -> Path:
        return self.folder / "images"

    def artifact(self, version: str = "1.2.3", architecture: str = "amd64") -> Path:
        name = f"app-{version}-linux-{architecture}.tar.gz"
        return self.folder / "artifacts" / "applications" / "app" / version / name

    def parameters(self, **options: Any) -> dict[str, Any]:
        """All options with their defaults, as Ansible would give them."""
        return {name: option.get("default") for name, option in OPTIONS.items()} | self.given(**options)

    def given(self, **options: Any) -> dict[str, Any]:
        return {
            "application": "app",
            "version": "1.2.3",
            "commit": COMMIT,
            "created": "2026-05-06T07:08:09Z",
            "source": "https://git.example/app",
            "artifact_directory": str(self.folder / "artifacts"),
            "base_image": f"{BASE}@{self.base.digest}",
            "base_location": f"oci:{self.base.layout}",
            "directory": str(self.directory),
            "cache_directory": str(self.cache),
            "ready_seconds": 20,
            "stop_seconds": 3,
            **self.options,
            **options,
        }

    def run(self, *, check_mode: bool = False, **options: Any) -> Outcome:
        def noted(command: Sequence[str], environment: Mapping[str, str]) -> tuple[int, bytes, bytes]:
            self.commands.append(command)
            answer = execute(command, environment)
            self.said += (answer[1] + answer[2]).decode(errors="replace")
            return answer

        self.commands.clear()
        self.said = ""
        return Runner(self.parameters(**options), noted, self.api, TODAY, check_mode=check_mode).run()

    def refused(self, **options: Any) -> str:
        """The sentence that refuses a run, which leaves nothing behind."""
        before = tree(self.directory)
        with pytest.raises((Refusal, Impossible)) as error:
            self.run(**options)
        assert tree(self.directory) == before
        self.assert_clean()
        return str(error.value)

    def assert_clean(self) -> None:
        """No containers in the store, no temporary files in the cache."""
        store = self.cache / "store"
        engines = (store / "images", store / "run")  # one that is killed leaves files of its own there
        found = [path for path in self.cache.glob("**/.*") if not any(map(path.is_relative_to, engines))]
        assert found == [], found
        for kind in ("overlay-containers",):
            listed = store / "images" / kind / "containers.json"
            assert not listed.exists() or json.loads(listed.read_bytes()) in ([], None)
        assert str(self.cache) not in Path("/proc/self/mountinfo").read_text()

    def layout(self, version: str = "1.2.3", architecture: str = "amd64") -> Path:
        return self.directory / f"app-{version}" / architecture

    def digest(self, version: str = "1.2.3", architecture: str = "amd64") -> str:
        return verify(str(self.layout(version, architecture))).manifest_digest

    def config(self, version: str = "1.2.3", architecture: str = "amd64") -> dict[str, Any]:
        return dict(verify(str(self.layout(version, architecture))).config)


def tree(folder: Path) -> dict[str, str]:
    """Path -> SHA-256 of everything below a folder."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        for path in sorted(folder.glob("**/*"))
    }


def unpacked(layout: Path, target: Path) -> Path:
    """The image's files, as skopeo and umask-free tar lay them out; the witness beside our own reading."""
    target.mkdir(parents=True)
    for layer in verify(str(layout)).layers:
        blob = layout / "blobs" / "sha256" / layer.digest.removeprefix("sha256:")
        names = subprocess.run(["tar", "-tzf", blob], capture_output=True, text=True, check=True).stdout.splitlines()
        subprocess.run(["tar", "-xzf", blob, "-C", target, "--exclude=.wh.*"], check=True)
        for name in names:
            path = Path(name)
            if path.name.startswith(".wh."):
                gone = target / path.with_name(path.name.removeprefix(".wh."))
                shutil.rmtree(gone) if gone.is_dir() and not gone.is_symlink() else gone.unlink(missing_ok=True)
    return target

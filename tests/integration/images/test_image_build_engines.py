"""Docker, and other architectures, where this machine has them; where it has not, the module says so."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from ansible_collections.slipway.platform.plugins.module_utils._oci.layout import verify
from sandbox.images import base_image

from .builds import Build, pack, program

REFUSED = "The image of app 1.2.3 for amd64 is refused. "


def has_docker() -> bool:
    """Whether a daemon answers."""
    if shutil.which("docker") is None:
        return False
    return subprocess.run(["docker", "info"], capture_output=True, check=False).returncode == 0


@pytest.fixture
def build(tmp_path: Path, image_cache: Path, debian: base_image.BaseImage) -> Build:
    made = Build(tmp_path, image_cache, debian)
    pack(made.artifact(), program())
    return made


def test_docker(build: Build) -> None:
    build.options["engine"] = "docker"
    if not has_docker():
        assert "docker" in build.refused()
        return
    made = build.run()
    (warning,) = made.warnings
    assert warning.startswith("Docker makes another digest with every build, so equal digests are not promised with it")
    assert made.answer["images"][0]["digest"] == build.digest()
    assert len(verify(str(build.layout())).layers) == 3
    assert build.run().plan.as_list() == []
    command = ["/opt/app/bin/app", "ignores-sigterm"]
    assert build.refused(command=command) == (f"{REFUSED}The application did not end within 3 seconds of SIGTERM.")
    containers = subprocess.run(["docker", "ps", "--all", "--quiet"], capture_output=True, check=True).stdout
    assert containers == b""
    for name in ("localhost/app:amd64", f"localhost/slipway-base:{build.base.digest.removeprefix('sha256:')}"):
        subprocess.run(["docker", "rmi", "--force", name], capture_output=True, check=True)


def test_another_architecture(build: Build, tmp_path: Path) -> None:
    other = next(name for name in ("arm64", "amd64") if name != base_image.machine_architecture())
    pack(build.artifact(architecture=other), program())
    if not base_image.emulated(other):
        sentence = build.refused(architectures=[other], base_location=f"oci:{build.base.layout}")
        assert sentence.startswith(f"architectures is '{other}'; this machine is ")
        with pytest.raises(base_image.BaseImageError, match=f"does not run programs for {other}"):
            base_image.prepare(architecture=other)
        return
    foreign = Build(build.folder, build.cache, base_image.prepare(architecture=other, say=print))
    made = foreign.run(architectures=[other], ready_seconds=60, stop_seconds=20)
    assert made.answer["images"][0]["architecture"] == other
    assert foreign.config(architecture=other)["architecture"] == other

"""Docker, and other architectures, where this machine has them; where it has not, the module says so."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ansible_collections.slipway.platform.plugins.module_utils._oci.layout import verify
from ansible_collections.slipway.platform.plugins.module_utils._pipeline.image_build.engine import Engine
from ansible_collections.slipway.platform.plugins.module_utils._pipeline.image_build.model import parse
from sandbox.images import base_image

from .builds import TODAY, Build, pack, program
from .registries import execute

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


@pytest.fixture
def short() -> Iterator[Path]:
    """A folder with a short name: podman takes no long one."""
    with tempfile.TemporaryDirectory(prefix="e-", dir="/tmp") as folder:
        yield Path(folder)


@pytest.fixture
def foreign(short: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], list[str]]]:
    """Another engine, with one container, to which the environment leads; answers the names of its containers."""
    own = ["podman", f"--root={short / 'root'}", f"--runroot={short / 'run'}", "--cgroup-manager=cgroupfs"]

    def say(*arguments: str) -> list[str]:
        return subprocess.run([*own, *arguments], capture_output=True, check=True, text=True).stdout.split()

    with tarfile.open(short / "image.tar", "w") as archive:
        archive.addfile(tarfile.TarInfo("file"))
    say("import", str(short / "image.tar"), "localhost/foreign:1")
    say("create", "--name=foreign", "--network=none", "localhost/foreign:1", "/bin/true")
    socket = short / "socket"
    with subprocess.Popen([*own, "system", "service", "--time=0", f"unix://{socket}"]) as service:
        try:
            while not socket.exists():
                assert service.poll() is None
                time.sleep(0.1)
            monkeypatch.setenv("CONTAINER_HOST", f"unix://{socket}")
            led = ["podman", "ps", "-a", "--format={{.Names}}"]
            seen = subprocess.run(led, capture_output=True, check=True, text=True).stdout.split()
            assert seen == ["foreign"], "the environment leads there"
            yield lambda: subprocess.run(led, capture_output=True, check=True, text=True).stdout.split()
        finally:
            service.terminate()
    subprocess.run(["umount", "--quiet", str(short / "root" / "overlay")], check=False)


def test_another_engine_is_left_alone(foreign: Callable[[], list[str]], build: Build, short: Path) -> None:
    engine = Engine(parse(build.parameters(), TODAY), execute, short / "store")
    with engine.alone():
        assert foreign() == ["foreign"]
    assert foreign() == ["foreign"]
    assert os.environ["CONTAINER_HOST"].startswith("unix://"), "who called keeps what was set"

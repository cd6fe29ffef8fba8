"""The same inputs give the same digest, in empty stores, from other registries, on other days. And a full disk."""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Impossible
from sandbox.images import base_image

from .bases import changed
from .builds import Build, pack, program, tree
from .registries import RegistryServer, execute

CLOCK = Path("/dev/slipway-clock")
"""Where the base that lies about the day reads it; of the machine's files, a step of a build sees its devices."""


def faketime(folder: Path) -> bytes:
    """The library that lies about the day, from its package in this machine's apt sources."""
    subprocess.run(["apt-get", "-qq", "download", "libfaketime"], cwd=folder, check=True, capture_output=True)
    (package,) = folder.glob("libfaketime_*.deb")
    unpacked = subprocess.run(["dpkg-deb", "--fsys-tarfile", package], check=True, capture_output=True).stdout
    with tarfile.open(fileobj=io.BytesIO(unpacked)) as archive:
        name = next(name for name in archive.getnames() if name.endswith("/libfaketime.so.1"))
        library = archive.extractfile(name)
        assert library is not None
        return library.read()


@pytest.fixture
def lying(debian: base_image.BaseImage, tmp_path: Path) -> Iterator[base_image.BaseImage]:
    """The base, with the day in all its programs being what stands in CLOCK."""
    files = {
        "usr/lib/libfaketime.so.1": faketime(tmp_path),
        "etc/ld.so.preload": b"/usr/lib/libfaketime.so.1\n",
        "etc/faketimerc": b"-> " + str(CLOCK).encode(),
    }
    yield changed(debian, tmp_path / "lying", files=files)
    CLOCK.unlink(missing_ok=True)


def test_equal_digests(tmp_path: Path, lying: base_image.BaseImage) -> None:
    digests, days, servers = [], [], []
    try:
        for number, clock in enumerate(("+0", "+2d")):
            server = RegistryServer(tmp_path / f"registry-{number}").start()
            servers.append(server)
            copy = ["skopeo", "--insecure-policy", "copy", "-q", "--preserve-digests", "--dest-tls-verify=false"]
            to = f"docker://{server.address}/mirror-{number}/debian:x"
            assert execute([*copy, f"oci:{lying.layout}", to], {})[0] == 0
            CLOCK.write_text(f"{clock}\n")
            build = Build(tmp_path / f"folder-{number}", tmp_path / f"cache-{number}", lying)
            pack(build.artifact(), program())
            build.run(base_location=f"{server.address}/mirror-{number}/debian", base_tls_verify=False)
            digests.append(build.digest())
            days.append(day_inside(build))
    finally:
        for server in servers:
            server.stop()
    assert days[0] != days[1]
    assert digests[0] == digests[1]


def day_inside(build: Build) -> str:
    """The day as a step of a build sees it, so that it is known to be a faked one."""
    store = build.cache / "store" / "conf"
    environment = {
        "CONTAINERS_STORAGE_CONF": str(store / "storage.conf"),
        "CONTAINERS_REGISTRIES_CONF": str(store / "registries.conf"),
        "CONTAINERS_CONF": str(store / "containers.conf"),
    }
    context = build.folder / "day"
    context.mkdir()
    (context / "Containerfile").write_text("FROM localhost/app:amd64\nUSER 0\nRUN echo day=$(date +%F)\n")
    command = ["buildah", "build", "--isolation=chroot", "--pull-never", str(context)]
    status, output, errors = execute(command, environment)
    assert status == 0, errors
    return next(line for line in output.decode().splitlines() if line.startswith("day="))


def test_equal_digests_of_podman(tmp_path: Path, debian: base_image.BaseImage) -> None:
    digests = []
    for number in (0, 1):
        build = Build(tmp_path / f"folder-{number}", tmp_path / f"cache-{number}", debian, {"engine": "podman"})
        pack(build.artifact(), program())
        build.run()
        digests.append(build.digest())
    assert digests[0] == digests[1]


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A disk of 60 MiB, less than the base alone takes."""
    folder = tmp_path / "small"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=60m", "tmpfs", folder], check=True)
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_full_disk(tmp_path: Path, small: Path, debian: base_image.BaseImage, image_cache: Path) -> None:
    build = Build(tmp_path, small / "cache", debian)
    pack(build.artifact(), program())
    sentence = build.refused()
    assert sentence == (
        f"The disk of '{small}/cache/store' is full, so the image cannot be built; make room, or set cache_directory."
    )
    subprocess.run(["mount", "-o", "remount,size=900m", small], check=True)
    made = build.run().answer["images"][0]
    assert made["digest"] == Build(tmp_path, image_cache, debian).digest()
    images = json.loads((small / "cache/store/images/overlay-images/images.json").read_bytes())
    assert sorted(name for image in images for name in image.get("names") or []) == [
        "localhost/app-system:amd64",
        "localhost/app:amd64",
        f"registry.example/library/debian@{debian.digest}",
    ]


def test_a_full_disk_of_the_layouts(
    tmp_path: Path, small: Path, debian: base_image.BaseImage, image_cache: Path
) -> None:
    build = Build(tmp_path, image_cache, debian, {"directory": str(small / "images")})
    pack(build.artifact(), program())
    subprocess.run(["mount", "-o", "remount,size=20m", small], check=True)
    with pytest.raises(Impossible) as error:
        build.run()
    assert str(error.value) == (
        f"The disk of '{small}/images' is full, so the image cannot be built; make room, or set directory."
    )
    assert list(tree(small)) == ["images"]

"""A release of a small image: registries on loopback ports, the emulated bucket, and cosign as witnesses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from ..conftest import Emulator
from .registries import RegistryServer
from .release import Release, cosign, signing_key


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return signing_key(tmp_path_factory.mktemp("key"))


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[list[RegistryServer]]:
    servers = [RegistryServer(tmp_path / "first").start(), RegistryServer(tmp_path / "second").start()]
    yield servers
    for server in servers:
        server.stop()


@pytest.fixture
def release(emulator: Emulator, tmp_path: Path, key: Path, servers: list[RegistryServer]) -> Release:
    return Release(emulator, tmp_path, key, servers[:1])


def test_a_release(release: Release, servers: list[RegistryServer]) -> None:
    planned = release.run(check_mode=True)
    assert servers[0].writes() == []
    assert release.keys() == ["app-1.2.3-linux-amd64.tar.gz", "app-1.2.3-linux-amd64.tar.gz.sha256", "claim.json"]
    done = release.run()
    assert json.dumps(done.plan.as_list()) == json.dumps(planned.plan.as_list())
    assert [change["kind"] for change in done.plan.as_list()] == [
        "image",
        "attestation",
        "attestation",
        "attestation",
        "signature",
        "sbom",
        "sbom",
        "release_manifest",
    ]
    image = release.images[0]["digest"]
    assert done.answer["digest"] == image
    assert json.loads(release.body("release.json")) == done.answer["manifest"]
    verified = cosign(
        "verify",
        "--key",
        str(release.key.with_suffix(".pub")),
        "--insecure-ignore-tlog",
        f"{servers[0].address}/team/app@{image}",
    )
    assert verified.returncode == 0, verified.stderr
    again = release.run()
    assert again.plan.as_list() == []
    assert len(servers[0].tags("team/app")) == 2

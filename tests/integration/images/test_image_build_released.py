"""Versions that stand in registries: never built over, told what is newer, refreshed under a version of their own."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.images import base_image

from .bases import edited
from .builds import COMMIT, Build, pack, program, unpacked
from .registries import RegistryServer, execute

OTHER = "0" * 40


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[list[RegistryServer]]:
    servers = [RegistryServer(tmp_path / "first").start(), RegistryServer(tmp_path / "second").start()]
    yield servers
    for server in servers:
        server.stop()


@pytest.fixture
def build(tmp_path: Path, image_cache: Path, debian: base_image.BaseImage, servers: list[RegistryServer]) -> Build:
    registries = [
        {"kind": "oci", "host": server.address, "repository": "team/app", "tls_verify": False} for server in servers
    ]
    made = Build(tmp_path, image_cache, debian, {"registries": registries})
    pack(made.artifact(), program())
    return made


def push(layout: Path, server: RegistryServer, tag: str = "1.2.3") -> None:
    copy = ["skopeo", "--insecure-policy", "copy", "-q", "--preserve-digests", "--dest-tls-verify=false"]
    status, _output, errors = execute([*copy, f"oci:{layout}", f"docker://{server.address}/team/app:{tag}"], {})
    assert status == 0, errors


def test_a_released_version(build: Build, servers: list[RegistryServer]) -> None:
    made = build.run()
    assert made.answer["released"] is False
    for server in servers:
        push(build.layout(), server)
    here = build.run()
    assert (here.plan.as_list(), here.answer["released"], here.warnings) == ([], True, ())
    assert here.answer["images"] == made.answer["images"]
    shutil.rmtree(build.directory)
    elsewhere = build.run()
    assert (elsewhere.plan.as_list(), elsewhere.answer["released"]) == ([], True)
    assert elsewhere.answer["images"][0]["digest"] == made.answer["images"][0]["digest"]
    assert elsewhere.answer["images"][0]["layout"] is None
    assert elsewhere.answer["newer"] == {"base": False, "index": False, "fixes": []}
    assert not build.directory.exists()
    fresh = build.run(refresh=True)
    assert (fresh.plan.as_list(), fresh.answer["version"]) == ([], "1.2.3")

    name = f"{servers[0].address}/team/app:1.2.3"
    never = "and a released version is never built over; raise the version."
    assert build.refused(commit=OTHER) == f"{name} is released from commit {COMMIT}, not from {OTHER}, {never}"
    old = made.answer["artifacts"][0]["sha256"]
    new = pack(build.artifact(), program("another"))
    assert build.refused() == f"{name} is released from an artifact with the SHA-256 {old}, not {new}, {never}"
    assert (
        build.refused(refresh=True) == f"{name} is released from an artifact with the SHA-256 {old}, not {new}, {never}"
    )
    for server in servers:
        assert server.tags("team/app") == ["1.2.3"]


def test_a_release_that_was_interrupted(build: Build, servers: list[RegistryServer], tmp_path: Path) -> None:
    made = build.run().answer["images"][0]
    push(build.layout(), servers[1])
    assert build.run().plan.as_list() == []
    shutil.rmtree(build.directory)
    planned = build.run(check_mode=True)
    assert not build.directory.exists()
    pulled = build.run()
    assert pulled.plan.as_list() == planned.plan.as_list()
    assert pulled.plan.as_list()[0]["fields"] == [{"path": "digest", "before": None, "after": made["digest"]}]
    assert build.digest() == made["digest"]
    assert (build.run().plan.as_list(), pulled.answer["released"]) == ([], False)
    assert build.refused(refresh=True) == (
        "refresh is True; app 1.2.3 is not released in all registries, so build it first."
    )
    other = edited(build.layout(), tmp_path / "other", labels={"other": "x"})
    push(tmp_path / "other", servers[0])
    assert build.refused() == (
        f"{servers[1].address}/team/app:1.2.3 is {made['digest']}, but {servers[0].address}/team/app:1.2.3 is {other}; "
        "raise the version."
    )


def test_what_is_newer(build: Build, servers: list[RegistryServer], tmp_path: Path) -> None:
    build.run()
    root = unpacked(build.layout(), tmp_path / "root")
    status = (root / "var/lib/dpkg/status").read_text()
    block = next(text for text in status.split("\n\n") if text.startswith("Package: tini\n"))
    version = next(line for line in block.splitlines() if line.startswith("Version: "))
    aged = status.replace(block, block.replace(version, "Version: 0.1~old-1")).encode()
    old = tmp_path / "old"
    labels = {"io.slipway.index.sha256": "0" * 64, "org.opencontainers.image.base.digest": "sha256:" + "0" * 64}
    edited(build.layout(), old, labels=labels, files={"var/lib/dpkg/status": aged})
    for server in servers:
        push(old, server)
    shutil.rmtree(build.directory)

    outcome = build.run()
    newer: dict[str, Any] = outcome.answer["newer"]
    assert (outcome.plan.as_list(), newer["base"], newer["index"]) == ([], True, True)
    told = {fix["package"]: (fix["from"], fix["to"]) for fix in newer["fixes"]}
    assert told == apt_upgrades(root, aged)
    assert list(told) == ["tini"]
    assert outcome.warnings == (f"app 1.2.3 is out of date; refresh would bring tini {told['tini'][1]}.",)
    assert build.run().answer["newer"] == newer

    planned = build.run(refresh=True, check_mode=True)
    refreshed = build.run(refresh=True)
    assert refreshed.plan.as_list() == planned.plan.as_list()
    assert (refreshed.answer["version"], refreshed.answer["tag"]) == ("1.2.3+r1", "1.2.3_r1")
    assert build.config("1.2.3+r1")["config"]["Labels"]["org.opencontainers.image.version"] == "1.2.3+r1"
    assert build.run(refresh=True).plan.as_list() == []
    for server in servers:
        push(build.layout("1.2.3+r1"), server, "1.2.3_r1")
    done = build.run(refresh=True)
    assert (done.plan.as_list(), done.answer["version"], done.answer["released"]) == ([], "1.2.3+r1", True)


def apt_upgrades(root: Path, status: bytes) -> dict[str, tuple[str, str]]:
    """What apt itself would upgrade: package -> versions."""
    (root / "var/lib/dpkg/status").write_bytes(status)
    for name in ("resolv.conf", "hosts"):
        (root / "etc" / name).write_bytes(Path("/etc", name).read_bytes())
    script = "apt-get -qq update && apt-get -s upgrade"
    done = subprocess.run(["chroot", root, "sh", "-c", script], capture_output=True, text=True, check=True)
    lines = [line.split() for line in done.stdout.splitlines() if line.startswith("Inst ")]
    return {words[1]: (words[2].strip("[]"), words[3].lstrip("(")) for words in lines}


def test_a_registry_that_is_down(build: Build, servers: list[RegistryServer]) -> None:
    servers[1].stop()
    assert build.refused() == f"The registry '{servers[1].address}' cannot be reached: connection refused."

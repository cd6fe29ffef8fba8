"""Parts of image_build that need no engine: sources of apt, archives, processes, released versions, layers."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Impossible, Refusal
from ansible_collections.slipway.platform.plugins.module_utils._oci.layout import verify
from ansible_collections.slipway.platform.plugins.module_utils._oci.registries import Image as Standing
from ansible_collections.slipway.platform.plugins.module_utils._oci.registries import Registry
from ansible_collections.slipway.platform.plugins.module_utils._pipeline.image_build import base, checks, engine, layout
from ansible_collections.slipway.platform.plugins.module_utils._pipeline.image_build.artifact import (
    Artifact,
    check_archive,
)
from ansible_collections.slipway.platform.plugins.module_utils._pipeline.image_build.model import parse
from ansible_collections.slipway.platform.plugins.module_utils._pipeline.image_build.release import decide

from .test_image_build_model import TODAY, parameters

SOURCES = """\
# a comment: with a colon
Types: deb deb-src
URIs: http://mirror.example/debian/
Suites: trixie trixie-updates
Components: main

Types: deb
Enabled: no
URIs: http://mirror.example/debian
Suites: sid

Types: deb-src
URIs: http://mirror.example/source
Suites: trixie

Types: deb
URIs: https://security.example/debian-security
Suites: trixie-security
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
"""
LIST = """\
deb [arch=amd64 signed-by=/x.gpg] http://mirror.example/debian bookworm main # comment
# deb http://mirror.example/debian sid main
deb-src http://mirror.example/debian bookworm main
deb http://flat.example/repository ./
"""


def test_sources_of_apt() -> None:
    assert base.releases("etc/apt/sources.list.d/debian.sources", SOURCES) == [
        "http://mirror.example/debian/dists/trixie/InRelease",
        "http://mirror.example/debian/dists/trixie-updates/InRelease",
        "https://security.example/debian-security/dists/trixie-security/InRelease",
    ]
    assert base.releases("etc/apt/sources.list", LIST) == [
        "http://mirror.example/debian/dists/bookworm/InRelease",
        "http://flat.example/repository/./InRelease",
    ]
    assert base.releases("etc/apt/sources.list.d/old.list.save", LIST) == []


def test_os_release() -> None:
    text = "PRETTY_NAME=\"Debian GNU/Linux 13\"\nID=debian\n# VERSION_ID=1\nVERSION_ID='13'\n"
    assert base.os_release(text) == {"PRETTY_NAME": "Debian GNU/Linux 13", "ID": "debian", "VERSION_ID": "13"}


def test_emulation(tmp_path: Path) -> None:
    mine, other = ("amd64", "arm64") if os.uname().machine == "x86_64" else ("arm64", "amd64")
    base.check_emulation(mine, tmp_path)
    emulator = tmp_path / base._EMULATORS[other]
    for content in (None, "disabled\n"):
        if content:
            emulator.write_text(content)
        with pytest.raises(Refusal, match=f"architectures is '{other}'; this machine is .* no emulator is registered"):
            base.check_emulation(other, tmp_path)
    emulator.write_text("enabled\ninterpreter /usr/bin/qemu\n")
    base.check_emulation(other, tmp_path)


def archive(path: Path, *entries: tuple[str, dict[str, Any]]) -> Path:
    with tarfile.open(path, "w:gz") as packed:
        for name, fields in entries:
            entry = tarfile.TarInfo(name)
            for key, value in fields.items():
                setattr(entry, key, value)
            packed.addfile(entry, io.BytesIO(b""))
    return path


LINK = {"type": tarfile.SYMTYPE}


@pytest.mark.parametrize(
    ("name", "fields", "reason"),
    [
        ("/bin/app", {}, "would land outside of the application's folder"),
        ("../app", {}, "would land outside of the application's folder"),
        ("bin/../../app", {}, "would land outside of the application's folder"),
        ("bin/app", {"mode": 0o4755}, "is setuid or setgid"),
        ("bin/app", {"mode": 0o2755}, "is setuid or setgid"),
        ("tty", {"type": tarfile.CHRTYPE}, "is neither a file nor a folder nor a link"),
        ("pipe", {"type": tarfile.FIFOTYPE}, "is neither a file nor a folder nor a link"),
        ("etc", {**LINK, "linkname": "/etc"}, "is a link to '/etc' outside of the application's folder"),
        ("bin/x", {**LINK, "linkname": "../../x"}, "is a link to '../../x' outside of the application's folder"),
        ("bin/x", {"type": tarfile.LNKTYPE, "linkname": "../x"}, "is a link to '../x' outside of the application's"),
    ],
)
def test_archive(tmp_path: Path, name: str, fields: dict[str, Any], reason: str) -> None:
    path = archive(tmp_path / "a.tar.gz", (name, fields))
    with pytest.raises(Impossible) as error:
        check_archive(path, "it")
    assert str(error.value).startswith(f"The artifact it holds '{name}', which {reason}")


def test_archives_that_are_good_or_none(tmp_path: Path) -> None:
    check_archive(archive(tmp_path / "good", ("./bin/x", {**LINK, "linkname": "../lib/x"}), ("./lib/x", {})), "it")
    with pytest.raises(Impossible, match=r"^The artifact it is an empty archive\.$"):
        check_archive(archive(tmp_path / "empty"), "it")
    (tmp_path / "text").write_text("no archive")
    with pytest.raises(Impossible, match=r"^The artifact it is no tar\.gz archive: "):
        check_archive(tmp_path / "text", "it")
    (tmp_path / "cut").write_bytes((tmp_path / "good").read_bytes()[:-20])
    with pytest.raises(Impossible, match=r"^The artifact it is no tar\.gz archive: "):
        check_archive(tmp_path / "cut", "it")


def status(number: int, name: str, state: str = "S (sleeping)", user: int = 10001, capabilities: str = "0") -> str:
    return (
        f"Name:\t{name}\nUmask:\t0022\nState:\t{state}\nPid:\t{number}\nUid:\t{user}\t{user}\t{user}\t{user}\n"
        f"CapEff:\t{capabilities}\nNoNewPrivs:\t1\n"
    )


@pytest.mark.parametrize(
    ("first", "second", "sentences"),
    [
        (status(1, "tini"), status(1, "tini"), []),
        ("", status(1, "app"), ["The first process of the container is 'app' instead of the init tini."]),
        ("", status(1, "tini", user=0), ["The process 'tini' runs as root."]),
        ("", status(1, "tini", capabilities="1f"), ["The process 'tini' has capabilities."]),
        ("", status(7, "x", "Z (zombie)"), []),
        (status(8, "x", "Z (zombie)"), status(7, "x", "Z (zombie)"), []),
        (status(7, "x"), status(7, "x", "Z (zombie)"), []),
        (
            status(7, "x", "Z (zombie)") + status(8, "y", "Z (zombie)"),
            status(7, "x", "Z (zombie)") + status(8, "y", "Z (zombie)"),
            ["The application leaves zombies of 'x', 'y' that it never waits for."],
        ),
    ],
)
def test_processes(first: str, second: str, sentences: list[str]) -> None:
    assert checks.process_failures(checks.processes(first), checks.processes(second)) == sentences


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a\nE: Unable to locate package x\nsubprocess exited 100\n", "Unable to locate package x"),
        ('time="2026" level=error msg="exit status 1"\nsomething\n', "something"),
        ("", "no reason given"),
    ],
)
def test_last_line(text: str, line: str) -> None:
    assert engine.last_line(text) == line


class Client:
    """A registry as a dictionary: tag or digest -> what stands there."""

    def __init__(self, name: str, standing: dict[str, Standing]) -> None:
        self.registry = Registry("oci", name, "app", name)
        self._standing = standing

    def inspect(self, of: str) -> Standing | None:
        return self._standing.get(of)


IMAGE = parse(parameters(), TODAY)
ARTIFACT = Artifact("amd64", "key", "2" * 64, "where")
NOW = ("sha256:base", "index")


def standing(version: str = "1.2.3", digest: str = "sha256:d", now: tuple[str, str] = NOW) -> Standing:
    labels = {
        "org.opencontainers.image.revision": IMAGE.commit,
        "org.opencontainers.image.version": version,
        "io.slipway.artifact.sha256": ARTIFACT.sha256,
        "org.opencontainers.image.base.digest": now[0],
        "io.slipway.index.sha256": now[1],
    }
    return Standing(digest, labels, {"amd64": digest})


def decided(
    *registries: dict[str, Standing],
    refresh: bool = False,
    is_released: Callable[[str], bool] = lambda _version: True,
    artifacts: tuple[Artifact, ...] = (ARTIFACT,),
) -> tuple[str, bool | None]:
    """Version, and whether it stands wholly (True), in part (False) or not (None)."""
    clients: list[Any] = [Client(f"r{number}", standing) for number, standing in enumerate(registries)]
    image = replace(IMAGE, refresh=refresh)
    decision = decide(image, artifacts, clients, lambda: {"amd64": NOW}, is_released)
    return decision.version, decision.release.complete if decision.release else None


OLD = ("sha256:old", "index")


def test_decisions() -> None:
    one = {"1.2.3": standing()}
    assert decided({}, {}) == ("1.2.3", None)
    assert decided(one, one) == ("1.2.3", True)
    assert decided(one, {}) == ("1.2.3", False)
    assert decided(one, is_released=lambda _version: False) == ("1.2.3", False)
    assert decided(one, refresh=True) == ("1.2.3", True)
    old = {"1.2.3": standing(now=OLD)}
    assert decided(old) == ("1.2.3", True)
    assert decided(old, refresh=True) == ("1.2.3+r1", None)
    first = {**old, "1.2.3_r1": standing(now=("sha256:base", "older"))}
    assert decided(first, refresh=True) == ("1.2.3+r2", None)
    assert decided(first, old, refresh=True) == ("1.2.3+r1", False)
    assert decided({**old, "1.2.3_r1": standing()}, refresh=True) == ("1.2.3+r1", True)


def test_decisions_that_are_refused() -> None:
    with pytest.raises(Refusal, match=r"refresh is True; app 1.2.3 is not released in all registries"):
        decided({}, refresh=True)
    with pytest.raises(Impossible, match=r"^r1/app:1.2.3 is sha256:e, but r0/app:1.2.3 is sha256:d; raise the version"):
        decided({"1.2.3": standing()}, {"1.2.3": standing(digest="sha256:e")})
    arm64 = Artifact("arm64", "key", "3" * 64, "where")
    with pytest.raises(Impossible, match=r"r0/app:1.2.3 is released without arm64, and a released version is never"):
        decided({"1.2.3": standing()}, artifacts=(ARTIFACT, arm64))


def test_an_index_is_compared_by_architecture() -> None:
    amd64, arm64 = standing(digest="sha256:d"), standing(digest="sha256:e")
    arm64 = replace(arm64, labels={**arm64.labels, "io.slipway.artifact.sha256": "3" * 64})
    index = Standing("sha256:i", amd64.labels, {"amd64": "sha256:d", "arm64": "sha256:e"})
    registry = {"1.2.3": index, "sha256:d": amd64, "sha256:e": arm64}
    artifacts = (ARTIFACT, Artifact("arm64", "key", "3" * 64, "where"))
    assert decided(registry, artifacts=artifacts) == ("1.2.3", True)
    wrong = (ARTIFACT, Artifact("arm64", "key", "4" * 64, "where"))
    with pytest.raises(Impossible, match=r"is released from an artifact with the SHA-256 3+, not 4+, and a released"):
        decided(registry, artifacts=wrong)


def raw_image(folder: Path) -> Path:
    """An image as engines write it into a folder of the form `dir:`."""
    folder.mkdir()
    layers, diff_ids = [], []
    for name in ("a", "b"):
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as made:
            made.addfile(tarfile.TarInfo(name), io.BytesIO(b""))
        digest = hashlib.sha256(packed.getvalue()).hexdigest()
        (folder / digest).write_bytes(packed.getvalue())
        layers.append({"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": f"sha256:{digest}", "size": 1})
        diff_ids.append(f"sha256:{digest}")
    rootfs = {"type": "layers", "diff_ids": diff_ids}
    config = json.dumps({"architecture": "amd64", "os": "linux", "rootfs": rootfs, "config": {}}).encode()
    name = hashlib.sha256(config).hexdigest()
    (folder / name).write_bytes(config)
    manifest = {"schemaVersion": 2, "config": {"digest": f"sha256:{name}"}, "layers": layers, "annotations": {"x": "y"}}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def test_a_layout_is_composed(tmp_path: Path) -> None:
    raw = raw_image(tmp_path / "raw")
    made = [
        layout.compose(raw, tmp_path / name, {"b": "2", "a": "1"}, layout.Packed(tmp_path / f"cache-{name}", {}))
        for name in ("first", "second")
    ]
    assert made[0].digest == made[1].digest == verify(str(tmp_path / "first")).manifest_digest
    assert verify(str(tmp_path / "first")).annotations == {"a": "1", "b": "2"}
    assert [entry.path for entry in made[0].files(0)] == ["/a"]
    assert made[0].size == sum(layer.size for layer in verify(str(tmp_path / "first")).layers)


def test_layers_of_the_base_keep_their_digest(tmp_path: Path) -> None:
    raw = raw_image(tmp_path / "raw")
    diff_id = json.loads((raw / "manifest.json").read_bytes())["layers"][0]["digest"]
    packed = gzip.compress((raw / diff_id.removeprefix("sha256:")).read_bytes(), compresslevel=1, mtime=7)
    given = tmp_path / hashlib.sha256(packed).hexdigest()
    given.write_bytes(packed)
    made = layout.compose(raw, tmp_path / "made", {}, layout.Packed(tmp_path / "cache", {diff_id: given}))
    assert made.manifest["layers"][0]["digest"] == f"sha256:{given.name}"
    given.write_bytes(b"damaged")
    made = layout.compose(raw, tmp_path / "again", {}, layout.Packed(tmp_path / "cache", {diff_id: given}))
    assert made.manifest["layers"][0]["digest"] != f"sha256:{given.name}"
    assert verify(str(tmp_path / "again")).diff_ids == made.diff_ids


def test_a_layout_with_a_changed_manifest_is_none(tmp_path: Path) -> None:
    made = layout.compose(raw_image(tmp_path / "raw"), tmp_path / "made", {}, layout.Packed(tmp_path / "cache", {}))
    made.blob(made.digest).write_bytes(b"{}")
    with pytest.raises(Impossible, match=r"is damaged: sha256:[0-9a-f]{64} is not what its name says"):
        layout.read(tmp_path / "made")

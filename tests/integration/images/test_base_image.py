"""The sandbox's base image: reproducible, from Debian or not at all."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from ansible_collections.slipway.platform.plugins.module_utils._oci.layout import verify
from sandbox.images import base_image

from .builds import Build, pack, program, unpacked


def apt_of_its_own(folder: Path, monkeypatch: pytest.MonkeyPatch, source: str) -> None:
    """This machine's apt with one source instead of its own ones."""
    for name in ("lists/partial", "parts", "cache"):
        (folder / name).mkdir(parents=True)
    (folder / "sources.list").write_text(source)
    (folder / "apt.conf").write_text(
        f'Dir::Etc::sourcelist "{folder}/sources.list";\nDir::Etc::sourceparts "{folder}/parts";\n'
        f'Dir::State::lists "{folder}/lists";\nDir::Cache "{folder}/cache";\nAPT::Sandbox::User "root";\n'
    )
    monkeypatch.setenv("APT_CONFIG", str(folder / "apt.conf"))


def test_a_machine_that_is_no_debian(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository = tmp_path / "ubuntu"
    repository.mkdir()
    (repository / "Packages").write_text("")
    (repository / "Release").write_text("Origin: Ubuntu\nLabel: Ubuntu\nSuite: noble\nCodename: noble\n")
    apt_of_its_own(tmp_path, monkeypatch, f"deb [trusted=yes] file:{repository} ./\n")
    subprocess.run(["apt-get", "-qq", "update"], check=True, capture_output=True)
    listed = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(ORIGIN)"], check=True, capture_output=True, text=True
    )
    assert set(listed.stdout.split()) == {"Ubuntu"}
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "made"))
    with pytest.raises(base_image.BaseImageError) as error:
        base_image.prepare()
    assert str(error.value) == (
        "The apt sources of this machine hold none of origin Debian with the label Debian and Debian-Security, so no "
        "base image can be made from them; use a Debian machine after `apt-get update`."
    )
    assert not (tmp_path / "made").exists()


def test_a_suite_that_is_not_known() -> None:
    with pytest.raises(base_image.BaseImageError, match=r"^The suite 'sid' is none of trixie, bookworm\.$"):
        base_image.prepare("sid")


def test_the_same_bytes_again(debian: base_image.BaseImage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    again = base_image.prepare()
    assert again.layout != debian.layout
    assert again.digest == debian.digest
    assert [path.name for path in again.layout.parent.glob(".base-*")] == [".base-trixie-amd64.lock"]


def test_what_is_inside(debian: base_image.BaseImage, tmp_path: Path) -> None:
    root = unpacked(debian.layout, tmp_path / "root")
    assert 'VERSION_ID="13"' in (root / "etc/os-release").read_text()
    suites = (root / "etc/apt/sources.list.d/debian.sources").read_text()
    assert "Suites: trixie trixie-updates\n" in suites
    assert "Suites: trixie-security\n" in suites
    assert [path.name for path in (root / "var/lib/apt/lists").rglob("*") if path.is_file()] in ([], ["lock"])
    assert list((root / "usr/share/man").glob("*/*")) == []
    assert (root / "usr/share/doc/apt/copyright").is_file()
    assert len(verify(str(debian.layout)).layers) == 1


def test_debian_12(tmp_path: Path, image_cache: Path) -> None:
    bookworm = base_image.prepare("bookworm", say=print)
    assert bookworm.release == "12"
    build = Build(tmp_path, image_cache, bookworm, {"base_release": "12"})
    pack(build.artifact(), program())
    made = build.run()
    assert made.answer["base"]["release"] == "12"
    root = unpacked(build.layout(), tmp_path / "root")
    assert 'VERSION_ID="12"' in (root / "etc/os-release").read_text()
    assert json.loads((build.layout() / "index.json").read_bytes())["manifests"][0]["digest"] == build.digest()

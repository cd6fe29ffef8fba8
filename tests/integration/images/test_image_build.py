"""The life of an image: built, unchanged, changed, damaged. Witnesses: skopeo, tar and apt."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ansible_collections.slipway.platform.plugins.module_utils._pipeline.image_build import base
from sandbox.images import base_image

from .builds import BASE, COMMIT, Build, pack, program, tree, unpacked
from .registries import execute


@pytest.fixture
def build(tmp_path: Path, image_cache: Path, debian: base_image.BaseImage) -> Build:
    made = Build(tmp_path, image_cache, debian)
    pack(made.artifact(), program())
    return made


def test_a_life(build: Build) -> None:
    planned = build.run(check_mode=True)
    assert not build.directory.exists()
    first = build.run()
    assert json.dumps(first.plan.as_list()) == json.dumps(planned.plan.as_list())
    (change,) = first.plan.as_list()
    assert (change["kind"], change["name"], change["action"]) == ("image", "app:1.2.3/amd64", "create")
    before = tree(build.directory)
    again = build.run()
    assert again.plan.as_list() == []
    assert again.answer == first.answer
    assert tree(build.directory) == before
    assert not any("build" in command for command in build.commands)
    build.assert_clean()

    checksum = pack(build.artifact(), program("another one"))
    changed = build.run(commit="9" * 40, created="2026-06-07T08:09:10Z")
    (change,) = changed.plan.as_list()
    assert change["action"] == "replace"
    fields = [(entry["path"], entry["after"]) for entry in change["fields"]]
    assert fields == [("artifact_sha256", checksum), ("commit", "9" * 40)]
    old, new = first.answer["images"][0], changed.answer["images"][0]
    assert [a == b for a, b in zip(old["diff_ids"], new["diff_ids"], strict=True)] == [True, True, False]
    assert "Using cache" in build.said
    assert "apt-get" not in build.said.split("Using cache")[1]
    assert sorted(path.name for path in build.layout().parent.iterdir()) == ["amd64", "amd64.json"]


def test_the_image(build: Build, tmp_path: Path) -> None:
    answer = build.run(environment={"GREETING": 'a "$HOME" \\n'}, labels={"team": "$x"}).answer
    image = answer["images"][0]
    described = json.loads(
        subprocess.run(
            ["skopeo", "inspect", f"oci:{build.layout()}"], capture_output=True, text=True, check=True
        ).stdout
    )
    assert described["Digest"] == image["digest"]
    assert described["Created"] == "2026-05-06T07:08:09Z"
    labels = described["Labels"]
    assert labels["org.opencontainers.image.revision"] == COMMIT
    assert labels["org.opencontainers.image.source"] == "https://git.example/app"
    assert labels["org.opencontainers.image.version"] == "1.2.3"
    assert labels["org.opencontainers.image.base.name"] == f"{BASE}@{build.base.digest}"
    assert labels["io.slipway.artifact.sha256"] == answer["artifacts"][0]["sha256"]
    assert labels["team"] == "$x"
    config = build.config()
    assert config["config"]["User"] == "10001:10001"
    assert config["config"]["Entrypoint"] == ["/usr/bin/tini", "--", "/opt/app/bin/app"]
    assert 'GREETING=a "$HOME" \\n' in config["config"]["Env"]
    assert len(config["rootfs"]["diff_ids"]) == 3
    root = unpacked(build.layout(), tmp_path / "root")
    assert (root / "opt/app/bin/app").read_bytes() == program()[1][1]
    assert [line for line in (root / "etc/passwd").read_text().splitlines() if ":10001:" in line] == [
        "nonroot:x:10001:10001::/nonexistent:/usr/sbin/nologin"
    ]
    assert list((root / "var/lib/apt/lists").glob("*")) == []
    assert list((root / "var/cache/apt").glob("*")) == []
    owned = subprocess.run(["find", root, "-uid", "10001"], capture_output=True, text=True, check=True)
    assert owned.stdout == ""


def test_nothing_is_left_to_upgrade(build: Build, tmp_path: Path) -> None:
    build.run()
    root = unpacked(build.layout(), tmp_path / "root")
    for name in ("resolv.conf", "hosts"):
        (root / "etc" / name).write_bytes(Path("/etc", name).read_bytes())
    script = "apt-get -qq update && apt-get -s upgrade"
    done = subprocess.run(["chroot", root, "sh", "-c", script], capture_output=True, text=True, check=True)
    assert "0 upgraded, 0 newly installed, 0 to remove and 0 not upgraded." in done.stdout


def test_a_damaged_layout_is_made_anew(build: Build) -> None:
    first = build.run()
    layer = max((build.layout() / "blobs" / "sha256").iterdir(), key=lambda path: path.stat().st_size)
    whole = layer.read_bytes()
    layer.write_bytes(b"")
    repaired = build.run()
    assert [change["action"] for change in repaired.plan.as_list()] == ["create"]
    assert layer.read_bytes() == whole
    assert repaired.answer == first.answer


def test_a_damaged_cache_is_passed_over(build: Build) -> None:
    first = build.run()
    for kept in (build.cache / "layers").iterdir():
        kept.write_bytes(b"")
    for path in build.layout().glob("blobs/sha256/*"):
        path.unlink()
    assert build.run().answer == first.answer
    for kept in (build.cache / "layers").iterdir():
        if kept.stat().st_size == 0:
            kept.unlink()


def test_podman_builds_the_same_layers_of_files(build: Build) -> None:
    outcome = build.run(engine="podman")
    assert any(command[:3] == ["podman", "--remote=false", "build"] for command in build.commands)
    podman = outcome.answer["images"][0]
    assert len(podman["diff_ids"]) == 3
    again = build.run(engine="podman")
    assert again.plan.as_list() == []


def test_from_the_registry_of_the_base(build: Build, registry: str) -> None:
    by_layout = build.run().answer["images"][0]["digest"]
    target = f"docker://{registry}/mirror/debian:13"
    copy = ["skopeo", "--insecure-policy", "copy", "-q", "--preserve-digests", "--dest-tls-verify=false"]
    assert execute([*copy, f"oci:{build.base.layout}", target], {})[0] == 0
    cache = build.folder / "cache"
    outcome = build.run(base_location=f"{registry}/mirror/debian", base_tls_verify=False, cache_directory=str(cache))
    assert outcome.answer["images"][0]["digest"] == by_layout
    assert registry not in json.dumps(build.config())


def test_an_index_that_moves_during_the_build(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    """The image is named after the index that was read; apt must not see another one."""
    pack(build.artifact(), program())
    read = base.fetched
    monkeypatch.setattr(base, "fetched", lambda address, checksum=None: read(address, checksum) + b"\n")
    assert build.refused() == "The index of Debian's packages changed during the build; run again."


def test_a_store_that_the_users_environment_wants(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = build.run().answer["images"]
    monkeypatch.setenv("STORAGE_DRIVER", "vfs")
    monkeypatch.setenv("STORAGE_OPTS", "vfs.ignore_chown_errors=true")
    pack(build.artifact(), program("another one"))
    other = build.run().answer["images"]
    assert other[0]["diff_ids"][:2] == plain[0]["diff_ids"][:2]
    assert not (build.cache / "store/images/vfs").exists()


def test_a_run_that_was_killed(build: Build) -> None:
    """What it leaves is taken away by the next run: folders, the engine's containers."""
    code = (
        "import sys, tests.conftest\n"
        "from pathlib import Path\n"
        "from sandbox.images.base_image import BaseImage\n"
        "from tests.integration.images.builds import Build\n"
        "base = BaseImage(Path(sys.argv[3]), sys.argv[4], 'trixie', 'amd64')\n"
        "Build(Path(sys.argv[1]), Path(sys.argv[2]), base).run(packages=['ca-certificates'])\n"
    )
    words = [str(build.folder), str(build.cache), str(build.base.layout), build.base.digest]
    root = Path(__file__).resolve().parents[3]
    process = subprocess.Popen([sys.executable, "-c", code, *words], cwd=root, start_new_session=True)
    building = build.cache / "store/images/overlay-containers/containers.json"
    for _ in range(600):
        if process.poll() is not None or (building.exists() and b"working-container" in building.read_bytes()):
            break
        time.sleep(0.05)
    assert process.poll() is None
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert [path.name[:7] for path in build.directory.iterdir()] == [".build-"]
    build.run()
    build.assert_clean()
    assert sorted(path.name for path in build.directory.iterdir()) == ["app-1.2.3"]

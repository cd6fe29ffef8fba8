"""Bills of materials of the sandbox's Debian base: reproducible, and valid for those who publish the formats."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import OutputFormat, SchemaVersion
from cyclonedx.validation import make_schemabased_validator
from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

from ansible_collections.slipway.platform.plugins.module_utils._oci import layout as _oci_layout
from ansible_collections.slipway.platform.plugins.module_utils._pipeline.image_release import sboms
from sandbox.images import base_image

from .registries import execute
from .release import TRIVY


@pytest.fixture(scope="module")
def made(debian: base_image.BaseImage, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[bytes]]:
    """Both bills, made twice, from two places and with two caches."""
    bodies: dict[str, list[bytes]] = {name: [] for name in sboms.FORMATS}
    for place in ("one", "another-place"):
        folder = tmp_path_factory.mktemp(place)
        shutil.copytree(debian.layout, folder / "layout")
        layout = _oci_layout.verify(str(folder / "layout"))
        subject = sboms.Subject("base-13-linux-amd64", layout.manifest_digest, "2026-01-31T12:00:00Z")
        for name, found in bodies.items():
            found.append(sboms.make(execute, TRIVY, layout, subject, name, str(folder / "cache")))
    return bodies


@pytest.mark.parametrize("name", sboms.FORMATS)
def test_the_same_image_gives_the_same_bytes(made: dict[str, list[bytes]], name: str) -> None:
    first, second = made[name]
    assert first == second
    assert b"another-place" not in second
    assert len(first) > 50_000


def test_cyclonedx_is_valid(made: dict[str, list[bytes]]) -> None:
    text = made["cyclonedx"][0].decode()
    version = SchemaVersion.from_version(json.loads(text)["specVersion"])
    assert make_schemabased_validator(OutputFormat.JSON, version).validate_str(text) is None


def test_spdx_is_valid(made: dict[str, list[bytes]], tmp_path: Path) -> None:
    file = tmp_path / "bill.spdx.json"
    file.write_bytes(made["spdx"][0])
    document = parse_file(str(file))
    assert [message.validation_message for message in validate_full_spdx_document(document)] == []
    assert document.creation_info.name == "base-13-linux-amd64"


def test_both_hold_the_packages_that_dpkg_knows(made: dict[str, list[bytes]]) -> None:
    spdx: dict[str, Any] = json.loads(made["spdx"][0])
    cyclonedx: dict[str, Any] = json.loads(made["cyclonedx"][0])
    packages = {entry["name"] for entry in spdx["packages"]}
    components = {entry["name"] for entry in cyclonedx["components"]}
    assert {"bash", "coreutils", "libc6"} <= packages & components


@pytest.mark.parametrize("name", sboms.FORMATS)
def test_nothing_beside_the_playbook_or_in_the_environment_counts(
    made: dict[str, list[bytes]],
    debian: base_image.BaseImage,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    (tmp_path / "trivy.yaml").write_text("scan:\n  skip-files: ['**/*']\npkg:\n  types: [library]\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TRIVY_PKG_TYPES", "library")
    layout = _oci_layout.verify(str(debian.layout))
    subject = sboms.Subject("base-13-linux-amd64", layout.manifest_digest, "2026-01-31T12:00:00Z")
    assert sboms.make(execute, TRIVY, layout, subject, name, str(tmp_path / "cache")) == made[name][0]

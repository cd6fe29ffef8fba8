"""The setup of bad_input_trivy_gate.yml."""

from __future__ import annotations

import json
import subprocess
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.oci_layouts import blob, put_index

from .trivy import NOW, TRIVY, fake_trivy, make_database, make_image

__all__ = ["trivy_setup"]


class TrivySetup:
    """trivy_gate with a good image, database and policy."""

    def __init__(self, folder: Path, request: pytest.FixtureRequest) -> None:
        self.folder, self.request = folder, request
        self.image = make_image(folder / "image")
        self.database = make_database(folder / "database")
        (folder / "policy.yml").write_text("{}")
        (folder / "text").write_text("text")
        self.options: dict[str, Any] = {
            "layout": str(self.image),
            "database": str(self.database),
            "directory": str(folder / "reports"),
            "trivy_path": str(TRIVY),
        }
        day = NOW.date()
        self.names = {
            "folder": str(folder),
            "image": str(self.image),
            "database": str(self.database),
            "policy": str(folder / "policy.yml"),
            "today": str(day),
            "yesterday": str(day - timedelta(days=1)),
            "too_late": str(day + timedelta(days=200)),
        }

    def state(self) -> list[str]:
        """Every file of the case, and every private folder of the gate."""
        private = Path(tempfile.gettempdir()).glob("ansible-moduletmp-*/trivy-gate-*")
        return sorted(str(path) for path in (*self.folder.rglob("*"), *private))

    def _policy(self, text: str) -> None:
        for name, value in self.names.items():
            text = text.replace(f"${name}", value)
        (self.folder / "policy.yml").write_text(text)

    def policy_with_an_unknown_key(self) -> None:
        self._policy("vulnerabilities:\n  severity: HIGH\n")

    def policy_with_a_key_twice(self) -> None:
        self._policy("exceptions: []\nexceptions: []\n")

    def policy_with_a_wrong_threshold(self) -> None:
        self._policy("secrets: {thresholds: {HIGH: none}}\n")

    def policy_that_is_a_list(self) -> None:
        self._policy("- HIGH\n")

    def exception_without_owner(self) -> None:
        self._policy("exceptions: [{id: CVE-1, package: x, reason: y, expires: $today}]\n")

    def exception_without_expiry(self) -> None:
        self._policy("exceptions: [{id: CVE-1, package: x, reason: y, owner: z}]\n")

    def exception_that_has_expired(self) -> None:
        self._policy("exceptions: [{id: CVE-1, package: x, reason: y, owner: z, expires: $yesterday}]")

    def exception_for_too_long(self) -> None:
        self._policy("exceptions: [{id: CVE-1, package: x, reason: y, owner: z, expires: $too_late}]")

    def emptied_layer(self) -> None:
        manifest = json.loads((self.image / "index.json").read_text())["manifests"][0]["digest"]
        self.names["layer"] = json.loads(blob(self.image, manifest).read_text())["layers"][0]["digest"]
        blob(self.image, self.names["layer"]).write_bytes(b"")

    def two_manifests(self) -> None:
        put_index(self.image, json.loads((self.image / "index.json").read_text())["manifests"] * 2)

    def no_database(self) -> None:
        (self.database / "db" / "trivy.db").unlink()

    def damaged_metadata(self) -> None:
        (self.database / "db" / "metadata.json").write_text('{"Version": 2}')

    def _program(self, script: str) -> None:
        program, self.names["checksum"] = fake_trivy(self.folder / "trivy", script)
        self.names["program"] = str(program)

    def another_program(self) -> None:
        self._program("exit 0")

    def malicious_program(self) -> None:
        self._program("""echo '{"Version": "0.69.4"}'""")

    def broken_program(self) -> None:
        self._program(
            """[ "$1" = version ] && echo '{"Version": "0.76.0"}' && exit; echo 'x FATAL no luck' >&2; exit 1"""
        )

    def vex_that_is_none(self) -> None:
        (self.folder / "app.vex.json").write_text('{"@context": "https://cyclonedx.org"}')

    def vex_without_justification(self) -> None:
        statement = {"vulnerability": "CVE-1", "products": ["pkg:npm/x"], "status": "not_affected"}
        document = {"@context": "https://openvex.dev/ns", "timestamp": NOW.isoformat(), "statements": [statement]}
        (self.folder / "app.vex.json").write_text(json.dumps(document))

    def full_disk(self) -> None:
        """A file system of 64 KiB that is full but for a page."""
        place = self.folder / "reports"
        place.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)], check=True)
        self.request.addfinalizer(lambda: subprocess.run(["umount", str(place)], check=True))
        (place / "other").write_bytes(b"x" * 60 * 1024)


@pytest.fixture
def trivy_setup(tmp_path: Path, request: pytest.FixtureRequest) -> TrivySetup:
    return TrivySetup(tmp_path, request)

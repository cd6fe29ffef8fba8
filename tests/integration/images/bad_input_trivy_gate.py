"""What the cases of bad_input_trivy_gate.yml stand on."""

from __future__ import annotations

import json
import subprocess
import tempfile
from datetime import timedelta
from pathlib import Path

import pytest

from tests.oci_layouts import blob, put_index

from .trivy import NOW, TRIVY, fake_trivy, make_database, make_image

OPTIONS = {
    "layout": "{image}",
    "database": "{database}",
    "directory": "{folder}/reports",
    "trivy_path": str(TRIVY),
}
Names = dict[str, str]


def left(tmp_path: Path, names: Names) -> list[str]:
    """Every file of the case, and every private folder of the gate."""
    private = Path(tempfile.gettempdir()).glob("ansible-moduletmp-*/trivy-gate-*")
    return sorted(str(path) for path in (*tmp_path.rglob("*"), *private))


def setup(tmp_path: Path, request: pytest.FixtureRequest) -> Names:
    """A good image, database and policy, and the days that exceptions need."""
    image = make_image(tmp_path / "image")
    (tmp_path / "policy.yml").write_text("{}")
    (tmp_path / "text").write_text("text")
    day = NOW.date()
    return {
        "folder": str(tmp_path),
        "image": str(image),
        "database": str(make_database(tmp_path / "database")),
        "policy": str(tmp_path / "policy.yml"),
        "today": str(day),
        "yesterday": str(day - timedelta(days=1)),
        "too_late": str(day + timedelta(days=200)),
    }


def _policy(tmp_path: Path, request: pytest.FixtureRequest, text: str) -> Names:
    names = setup(tmp_path, request)
    for name, value in names.items():
        text = text.replace(f"${name}", value)
    (tmp_path / "policy.yml").write_text(text)
    return names


def _program(tmp_path: Path, request: pytest.FixtureRequest, script: str) -> Names:
    program, checksum = fake_trivy(tmp_path / "trivy", script)
    return setup(tmp_path, request) | {"program": str(program), "checksum": checksum}


def policy_with_an_unknown_key(tmp_path: Path, request: pytest.FixtureRequest) -> Names:
    return _policy(tmp_path, request, "vulnerabilities:\n  severity: HIGH\n")


def policy_with_a_key_twice(tmp_path: Path, request: pytest.FixtureRequest) -> Names:
    return _policy(tmp_path, request, "exceptions: []\nexceptions: []\n")


def policy_with_a_wrong_threshold(tmp_path: Path, request: pytest.FixtureRequest) -> Names:
    return _policy(tmp_path, request, "secrets: {thresholds: {HIGH: none}}\n")


def policy_that_is_a_list(tmp_path: Path, request: pytest.FixtureRequest) -> Names:
    return _policy(tmp_path, request, "- HIGH\n")


def exception_without_owner(tmp_path: Path, request: pytest.FixtureRequest) -> Names:
    return _policy(tmp_path, request, "exceptions: [{id: CVE-1, package: x, reason: y, expires: $today}]\n")


def exception_without_expiry(tmp_path: Path, request: pytest.FixtureRequest) -> Names:
    return _policy(tmp_path, request, "exceptions: [{id: CVE-1, package: x, reason: y, owner: z}]\n")


def exception_that_has_expired(tmp_path: Path, request: pytest.FixtureRequest) -> Names:
    return _policy(tmp_path, request, "exceptions: [{id: CVE-1, package: x, reason: y, owner: z, expires: $yesterday}]")


def exception_for_too_long(tmp_path: Path, request: pytest.FixtureRequest) -> Names:
    return _policy(tmp_path, request, "exceptions: [{id: CVE-1, package: x, reason: y, owner: z, expires: $too_late}]")


def another_program(tmp_path: Path, request: pytest.FixtureRequest) -> Names:
    return _program(tmp_path, request, "exit 0")


def malicious_program(tmp_path: Path, request: pytest.FixtureRequest) -> Names:
    return _program(tmp_path, request, """echo '{"Version": "0.69.4"}'""")


def emptied_layer(tmp_path: Path, request: pytest.FixtureRequest) -> Names:
    names = setup(tmp_path, request)
    image = Path(names["image"])
    manifest = json.loads((image / "index.json").read_text())["manifests"][0]["digest"]
    layer = json.loads(blob(image, manifest).read_text())["layers"][0]["digest"]
    blob(image, layer).write_bytes(b"")
    return names | {"layer": layer}


def two_manifests(tmp_path: Path, request: pytest.FixtureRequest) -> Names:
    names = setup(tmp_path, request)
    put_index(tmp_path / "image", json.loads((tmp_path / "image" / "index.json").read_text())["manifests"] * 2)
    return names


def no_database(tmp_path: Path, request: pytest.FixtureRequest) -> Names:
    names = setup(tmp_path, request)
    (tmp_path / "database" / "db" / "trivy.db").unlink()
    return names


def damaged_metadata(tmp_path: Path, request: pytest.FixtureRequest) -> Names:
    names = setup(tmp_path, request)
    (tmp_path / "database" / "db" / "metadata.json").write_text('{"Version": 2}')
    return names


def vex_that_is_none(tmp_path: Path, request: pytest.FixtureRequest) -> Names:
    (tmp_path / "app.vex.json").write_text('{"@context": "https://cyclonedx.org"}')
    return setup(tmp_path, request)


def vex_without_justification(tmp_path: Path, request: pytest.FixtureRequest) -> Names:
    statement = {"vulnerability": "CVE-1", "products": ["pkg:npm/x"], "status": "not_affected"}
    document = {"@context": "https://openvex.dev/ns", "timestamp": NOW.isoformat(), "statements": [statement]}
    (tmp_path / "app.vex.json").write_text(json.dumps(document))
    return setup(tmp_path, request)


def full_disk(tmp_path: Path, request: pytest.FixtureRequest) -> Names:
    """A file system of 64 KiB that is full but for a page."""
    place = tmp_path / "reports"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)], check=True)
    request.addfinalizer(lambda: subprocess.run(["umount", str(place)], check=True))
    (place / "other").write_bytes(b"x" * 60 * 1024)
    return setup(tmp_path, request)


def broken_program(tmp_path: Path, request: pytest.FixtureRequest) -> Names:
    script = """[ "$1" = version ] && echo '{"Version": "0.76.0"}' && exit; echo 'x FATAL no luck' >&2; exit 1"""
    return _program(tmp_path, request, script)

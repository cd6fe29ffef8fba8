"""Images, databases and runs for the tests of trivy_gate. The program is real, images and databases are small."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Outcome
from ansible_collections.slipway.platform.plugins.module_utils._pipeline.trivy_gate.run import judge
from sandbox.images.trivy_database import Advisory, Vulnerability, write
from tests.oci_layouts import Files, make_layout

from ..conftest import ROOT

TRIVY = ROOT / ".venv" / "bin" / "trivy"
NOW = datetime.now(UTC).replace(microsecond=0)
VULNERABLE = {"libssl3": ("openssl", "3.0.11-1"), "libc6": ("glibc", "2.36-9"), "bash": ("bash", "5.2-1")}
MENDED = {"libssl3": ("openssl", "3.0.99-1"), "bash": ("bash", "5.2-1")}
"""Binary package -> source package and version."""


def _ago(days: int) -> datetime:
    return NOW - timedelta(days=days)


VULNERABILITIES = (
    Vulnerability("CVE-2026-0001", "CRITICAL", _ago(400), "buffer overflow"),
    Vulnerability("CVE-2026-0002", "HIGH", None, "nobody has dated this"),
    Vulnerability("CVE-2026-0003", "HIGH", _ago(3), "published lately"),
    Vulnerability("CVE-2026-0004", "MEDIUM", _ago(40)),
    Vulnerability("CVE-2026-0005", "LOW", _ago(5)),
    Vulnerability("CVE-2026-0006", "UNKNOWN", _ago(5)),
    Vulnerability("CVE-2026-0007", "HIGH", _ago(100), "not fixed yet"),
    Vulnerability("CVE-2026-0008", "LOW", None, "neither dated nor fixed"),
    Vulnerability("CVE-2026-0009", "CRITICAL", _ago(2), "in two packages"),
    Vulnerability("CVE-2026-0010", "HIGH", _ago(60), "of a language"),
    Vulnerability("CVE-2026-0011", "MEDIUM", None, "of a language, not fixed"),
)
_FIXED = "3.0.99-1"
ADVISORIES = (
    *(Advisory("debian 12", "openssl", f"CVE-2026-000{n}", _FIXED) for n in (1, 2, 3, 4, 5, 6, 9)),
    Advisory("debian 12", "openssl", "CVE-2026-0007"),
    Advisory("debian 12", "glibc", "CVE-2026-0008"),
    Advisory("debian 12", "glibc", "CVE-2026-0009", "2.36-9+deb12u9"),
    Advisory("debian 13", "openssl", "CVE-2026-0001", "3.5.0-1"),
    Advisory("pip", "jinja2", "CVE-2026-0010", "3.1.4"),
    Advisory("pip", "jinja2", "CVE-2026-0011"),
)


def make_database(
    folder: Path, *, updated: datetime | None = None, advisories: Sequence[Advisory] = ADVISORIES
) -> Path:
    write(folder, VULNERABILITIES, advisories, updated or NOW - timedelta(hours=1))
    return folder


def system(packages: Mapping[str, tuple[str, str]], release: str = "12.5") -> Files:
    """The files by which Trivy knows a Debian and its packages."""
    stanzas = (
        f"Package: {name}\nStatus: install ok installed\nArchitecture: amd64\nSource: {source}\nVersion: {version}\n"
        "Maintainer: nobody <nobody@example.org>\n"
        for name, (source, version) in packages.items()
    )
    return {
        "etc/debian_version": f"{release}\n",
        "etc/os-release": f'ID=debian\nVERSION_ID="{release.split(".")[0]}"\n',
        "var/lib/dpkg/status": "\n".join(stanzas) + "\n",
    }


JINJA2: Files = {
    "usr/lib/python3/dist-packages/jinja2-3.1.0.dist-info/METADATA": (
        "Metadata-Version: 2.1\nName: jinja2\nVersion: 3.1.0\nLicense: BSD-3-Clause\n"
    )
}
SECRET: Files = {
    "home/app/.aws/credentials": (
        "[default]\naws_access_key_id = AKIAQ7ZD4XMPL3R5TN2C\n"
        "aws_secret_access_key = " + "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" + "\n"
    )
}


def make_image(
    folder: Path, packages: Mapping[str, tuple[str, str]] = VULNERABLE, *more: Files, release: str = "12.5"
) -> Path:
    return make_layout(folder, [system(packages, release), *more])


def execute(command: list[str], folder: str) -> tuple[int, bytes, bytes]:
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    return done.returncode, done.stdout, done.stderr


def run(directory: Path, database: Path, *, check_mode: bool = False, **options: Any) -> Outcome:
    """A run of trivy_gate, by default in mode report; its reports are in `directory`."""
    folder = tempfile.mkdtemp(dir=directory.parent, prefix="private-")
    values = {"mode": "report", "trivy_path": str(TRIVY), "directory": str(directory), "database": str(database)}
    values |= {name: str(value) if isinstance(value, Path) else value for name, value in options.items()}
    try:
        return judge(values, execute, folder, check_mode=check_mode)
    finally:
        shutil.rmtree(folder)


def write_policy(path: Path, **content: Any) -> Path:
    path.write_text(json.dumps(content))
    return path


def trivy(database: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Trivy itself, the witness."""
    command = [str(TRIVY), *arguments[:1], "--cache-dir", str(database), "--cache-backend", "memory"]
    command += ["--skip-db-update", "--skip-java-db-update", "--offline-scan", "--skip-version-check", *arguments[1:]]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=database)


def fake_trivy(path: Path, script: str) -> tuple[Path, str]:
    """A program that is not Trivy, and its checksum."""
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path, hashlib.sha256(path.read_bytes()).hexdigest()

"""What trivy_gate decides against others' answers: Trivy's own flags on the same image, apt inside the image, and the
public validators of CycloneDX and SPDX.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tarfile
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

from ansible_collections.slipway.platform.plugins.module_utils._oci.layout import verify
from ansible_collections.slipway.platform.plugins.module_utils._pipeline.trivy_gate import canary, vex
from ansible_collections.slipway.platform.plugins.module_utils._pipeline.trivy_gate import policy as policies
from ansible_collections.slipway.platform.plugins.module_utils._pipeline.trivy_gate.decide import Decision, decide
from ansible_collections.slipway.platform.plugins.module_utils._pipeline.trivy_gate.model import SEVERITIES, Identity
from ansible_collections.slipway.platform.plugins.module_utils._pipeline.trivy_gate.report import parse
from sandbox.images import base_image, trivy_database
from tests.oci_layouts import make_layout

from .trivy import JINJA2, SECRET, VULNERABLE, make_database, make_image, run, trivy

NOW = datetime.now(UTC)
IDS = [f"CVE-2026-{n:04}" for n in range(1, 13)]
PURLS = [
    "pkg:deb/debian/libssl3",
    "pkg:deb/debian/libc6",
    "pkg:deb/debian/libc6@2.36-9",
    "pkg:pypi/jinja2",
    "pkg:npm/x",
]
PACKAGES = {"libssl3": "pkg:deb/debian/libssl3", "libc6": "pkg:deb/debian/libc6", "jinja2": "pkg:pypi/jinja2"}
KINDS = {"vulnerabilities": "vuln", "secrets": "secret", "misconfigurations": "misconfig", "licenses": "license"}
FLAGS = ("--format", "json", "--exit-code", "10", "--scanners")
NOTHING_UNUSED = {"unused": "warn"}


class Place:
    """An image, its database, and the report of everything that Trivy finds in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = make_database(folder / "database")
        licensed = {"usr/lib/python3/dist-packages/gnu-1.0.dist-info/METADATA": _metadata("gnu", "GPL-3.0-only")}
        self.image = make_image(folder / "image", VULNERABLE, {**JINJA2, **SECRET, **licensed})
        layout = verify(str(self.image))
        self.identity = Identity("image", layout.manifest_digest, layout.config_digest, layout.diff_ids)
        self.everything = {kind: self.scan([kind])[1] for kind in KINDS}

    def scan(self, kinds: list[str], *flags: str) -> tuple[int, Any]:
        """Exit status and report of Trivy with flags of its own."""
        more = ["--image-config-scanners", "misconfig"] if "misconfigurations" in kinds else []
        more += ["--skip-check-update"] if "misconfigurations" in kinds else []
        scanners = ",".join(KINDS[kind] for kind in kinds)
        done = trivy(self.database, "image", "--input", str(self.image), *FLAGS, scanners, *more, *flags)
        assert done.returncode in (0, 10), done.stderr
        return done.returncode, json.loads(done.stdout)

    def decide(self, kind: str, content: dict[str, Any], *documents: Path) -> Decision:
        """Our answer, from the report of everything of that kind."""
        found = parse(self.everything[kind])
        others = {"secrets": {"thresholds": dict.fromkeys(SEVERITIES, "any")}} if kind != "secrets" else {}
        policy = policies.parse({**NOTHING_UNUSED, **others, **content}, NOW.date())
        statements = [entry for path in documents for entry in vex.read(str(path), "vex")]
        return decide(policy, found, statements, self.identity, NOW)


def _metadata(name: str, license_name: str) -> str:
    return f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\nLicense: {license_name}\n"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(tmp_path_factory.mktemp("oracle"))


def refused(decision: Decision) -> Counter[tuple[str, str, str]]:
    return Counter(
        (entry.finding.id, entry.finding.package, entry.finding.severity) for entry in decision.entries if entry.refused
    )


def reported(report: Any) -> Counter[tuple[str, str, str]]:
    return Counter((entry.id, entry.package, entry.severity) for entry in parse(report).findings)


def thresholds(severities: set[str]) -> dict[str, Any]:
    return {severity: 0 if severity in severities else "any" for severity in SEVERITIES}


severity_sets = st.sets(st.sampled_from(SEVERITIES), min_size=1)
exceptions = st.lists(st.tuples(st.sampled_from(IDS), st.sampled_from(sorted(PACKAGES))), max_size=4, unique=True)
statuses = st.sampled_from(["not_affected", "fixed", "affected", "under_investigation"])
statements = st.lists(st.tuples(st.sampled_from(IDS), st.sampled_from(PURLS), statuses, st.integers(0, 80)), max_size=5)
unhurried = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@unhurried
@given(severity_sets, st.booleans(), exceptions, statements)
@example({"CRITICAL"}, True, [("CVE-2026-0009", "libc6")], [])
@example(
    {"CRITICAL", "HIGH"},
    False,
    [],
    [("CVE-2026-0001", PURLS[0], "not_affected", 3), ("CVE-2026-0001", PURLS[0], "affected", 1)],
)
def test_vulnerabilities_as_trivys_flags_decide(
    place: Place,
    severities: set[str],
    fixable_only: bool,
    accepted: list[tuple[str, str]],
    stated: list[tuple[str, str, str, int]],
) -> None:
    """Severity, ignore-unfixed, ignore file, VEX and exit code."""
    flags = ["--severity", ",".join(severities), *(["--ignore-unfixed"] if fixable_only else [])]
    ignored = place.folder / "ignored.yaml"
    ignored.write_text(
        json.dumps({"vulnerabilities": [{"id": name, "purls": [PACKAGES[package]]} for name, package in accepted]})
    )
    flags += ["--ignorefile", str(ignored)]
    documents = []
    if stated:
        document = place.folder / "app.vex.json"
        document.write_text(json.dumps(openvex(stated)))
        documents, flags = [document], [*flags, "--vex", str(document)]
    status, report = place.scan(["vulnerabilities"], *flags)
    day = str((NOW + timedelta(days=3)).date())
    decision = place.decide(
        "vulnerabilities",
        {
            "vulnerabilities": {"thresholds": thresholds(severities), "fixable_only": fixable_only},
            "exceptions": [
                {"id": name, "package": package, "reason": "r", "owner": "o", "expires": day}
                for name, package in accepted
            ],
        },
        *documents,
    )
    assert refused(decision) == reported(report)
    assert (decision.verdict == "failed") == (status == 10)


def openvex(stated: list[tuple[str, str, str, int]]) -> dict[str, Any]:
    """One statement each, so many days old; no two of the same time, since then none would be the latest."""
    return {
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": "https://example.org/vex",
        "author": "tests",
        "version": 1,
        "timestamp": NOW.isoformat(),
        "statements": [
            {
                "vulnerability": {"name": name},
                "products": [{"@id": purl}],
                "status": status,
                "timestamp": (NOW - timedelta(days=days, minutes=number)).strftime("%Y-%m-%dT%H:%M:%SZ"),
                **({"justification": "component_not_present"} if status == "not_affected" else {}),
            }
            for number, (name, purl, status, days) in enumerate(stated)
        ],
    }


@settings(parent=unhurried, max_examples=6)
@given(severity_sets, st.sets(st.sampled_from(["BSD-3-Clause", "GPL-3.0-only", "MIT"])))
def test_licenses_as_trivys_flags_decide(place: Place, severities: set[str], allowed: set[str]) -> None:
    flags = ["--severity", ",".join(severities), *(["--ignored-licenses", ",".join(allowed)] if allowed else [])]
    status, report = place.scan(["licenses"], *flags)
    section = {"thresholds": thresholds(severities), "allowed": sorted(allowed)}
    decision = place.decide("licenses", {"licenses": section})
    assert refused(decision) == reported(report)
    assert (decision.verdict == "failed") == (status == 10)


@settings(parent=unhurried, max_examples=4)
@given(severity_sets, st.booleans())
@example({"CRITICAL"}, True)
def test_secrets_as_trivys_flags_decide(place: Place, severities: set[str], accepted: bool) -> None:
    path, day = "home/app/.aws/credentials", str((NOW + timedelta(days=3)).date())
    ignored = place.folder / "ignored.yaml"
    entries = [{"id": "aws-access-key-id", "paths": [f"/{path}"]}] if accepted else []
    ignored.write_text(json.dumps({"secrets": entries}))
    status, report = place.scan(["secrets"], "--severity", ",".join(severities), "--ignorefile", str(ignored))
    exception = {"id": "aws-access-key-id", "package": path, "reason": "r", "owner": "o", "expires": day}
    content = {"secrets": {"thresholds": thresholds(severities)}, "exceptions": [exception] if accepted else []}
    decision = place.decide("secrets", content)
    assert refused(decision) == reported(report)
    assert (decision.verdict == "failed") == (status == 10)


@pytest.mark.parametrize("severity", SEVERITIES)
def test_misconfigurations_as_trivys_flags_decide(place: Place, severity: str) -> None:
    status, report = place.scan(["misconfigurations"], "--severity", severity)
    decision = place.decide("misconfigurations", {"misconfigurations": {"thresholds": thresholds({severity})}})
    assert refused(decision) == reported(report)
    assert (decision.verdict == "failed") == (status == 10)
    assert (status == 10) == (severity == "LOW"), "the image declares no health check"


@pytest.mark.parametrize("form", ["cyclonedx", "spdx-json"])
def test_boms_are_what_their_validators_accept(place: Place, form: str, tmp_path: Path) -> None:
    """Those that the gate takes, and the canary that it makes."""
    bom = tmp_path / "bom.spdx.json"
    done = trivy(place.database, "image", "--input", str(place.image), "--format", form, "--output", str(bom))
    assert done.returncode == 0, done.stderr
    if form == "spdx-json":
        assert validate_full_spdx_document(parse_file(str(bom))) == []
        return
    version = SchemaVersion.from_version(json.loads(bom.read_text())["specVersion"])
    assert JsonStrictValidator(version).validate_str(bom.read_text()) is None
    urls = [url for urls in canary.LANGUAGES.values() for url in urls]
    for family, (form_of_url, *names) in canary.OPERATING_SYSTEMS.items():
        content = canary.sbom(family, "12.5", [*(form_of_url.format(name) for name in names), *urls])
        assert JsonStrictValidator(SchemaVersion.V1_5).validate_str(json.dumps(content)) is None
        assert len(content["components"]) == 1 + len(names) + len(urls)


def test_what_can_be_fixed_is_what_apt_would_upgrade(tmp_path: Path) -> None:
    """A real Debian with a package that lacks its security update, and apt inside it."""
    database = trivy_database.prepare(print)
    image = base_image.prepare(say=print)
    choice = trivy_database.upgradable(database, image.suite)
    root = tmp_path / "root"
    unpack(image.layout, root)
    shutil.copy("/etc/resolv.conf", root / "etc" / "resolv.conf")
    apt(root, "update")
    package, update = next(iter(choice.items()))
    apt(root, "install", "--yes", "--no-install-recommends", f"{package}={update.before}")
    vulnerable = scan(tmp_path / "vulnerable", root, database)
    upgrades = re.findall(r"^Inst (\S+) \[", apt(root, "--simulate", "upgrade"), re.MULTILINE)
    assert vulnerable, f"{package} {update.before} has what {update.after} mends"
    assert vulnerable <= set(upgrades)
    apt(root, "upgrade", "--yes")
    assert scan(tmp_path / "mended", root, database) == set()


def unpack(layout: Path, root: Path) -> None:
    root.mkdir()
    for layer in verify(str(layout)).layers:
        with tarfile.open(layout / "blobs" / "sha256" / layer.digest.removeprefix("sha256:")) as archive:
            archive.extractall(root, filter="fully_trusted")


def apt(root: Path, *arguments: str) -> str:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"}
    command = ["chroot", str(root), "apt-get", "--quiet", "-o", "APT::Sandbox::User=root", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def scan(folder: Path, root: Path, database: Path) -> set[str]:
    """Packages with findings that an update mends; the image is what tells Trivy of its packages."""
    names = ["etc/debian_version", "etc/os-release", "usr/lib/os-release", "var/lib/dpkg/status"]
    layout = make_layout(folder / "image", [{name: (root / name).read_bytes() for name in names}])
    answer = run(folder / "reports", database, layout=layout).answer
    assert answer["verdict"] in ("passed", "failed"), answer["reasons"]
    findings = json.loads(Path(answer["report"]).read_text())["findings"]
    return {entry["package"] for entry in findings if entry["fixable"]}

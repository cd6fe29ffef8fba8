# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reports of the gate as JSON and Markdown, and how reports are written."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..._core.plan import Action, Change, Field, Plan, Ref
from .decide import COUNTED, Decision, Entry
from .model import SEVERITIES, Database, Identity, Scan

_ROWS = 50


@dataclass(frozen=True)
class Report:
    """Everything that a report tells. It holds the day, but no time and no path of the machine: the same image, policy
    and database give the same bytes on the same day.
    """

    decision: Decision
    identity: Identity
    scan: Scan
    database: Database
    trivy_version: str
    policy_checksum: str
    now: datetime


def as_dict(report: Report) -> dict[str, Any]:
    decision, identity, scan = report.decision, report.identity, report.scan
    return {
        "schema_version": 1,
        "verdict": decision.verdict,
        "reasons": list(decision.reasons),
        "warnings": list(decision.warnings),
        "counts": decision.counts(counted=True),
        "found": decision.counts(counted=False),
        "left_out": decision.left_out(),
        "target": identity.target,
        "digest": identity.manifest_digest,
        "config_digest": identity.config_digest,
        "diff_ids": list(identity.diff_ids),
        "operating_system": scan.operating_system,
        "packages": dict(sorted(scan.packages.items())),
        "database": report.database.as_dict(),
        "trivy_version": report.trivy_version,
        "policy_checksum": report.policy_checksum,
        "date": str(report.now.date()),
        "findings": [entry.as_dict() for entry in decision.entries],
    }


def as_json(report: Report) -> str:
    return json.dumps(as_dict(report), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def as_markdown(report: Report) -> str:
    """For the pull request: the verdict, its reasons, and tables of what was found."""
    decision = report.decision
    image = f" of `{_cell(report.identity.manifest_digest)}`" if report.identity.manifest_digest else ""
    lines = [f"## Trivy gate: {decision.verdict}", "", f"Scan of {_cell(report.identity.target)}{image}."]
    if decision.reasons:
        lines += ["", *(f"- {_cell(reason)}" for reason in decision.reasons)]
    if decision.warnings:
        lines += ["", *(f"- Warning: {_cell(warning)}" for warning in decision.warnings)]
    counted, found = decision.counts(counted=True), decision.counts(counted=False)
    lines += ["", "| counted of found |" + "".join(f" {severity} |" for severity in SEVERITIES)]
    lines += ["|---|" + "---:|" * len(SEVERITIES)]
    for kind in decision.sections:
        numbers = "".join(f" {counted[kind][severity]} of {found[kind][severity]} |" for severity in SEVERITIES)
        lines += [f"| {kind} |{numbers}"]
    entries = sorted(decision.entries, key=_order)
    if entries:
        lines += ["", "| severity | id | where | fixed in | |", "|---|---|---|---|---|"]
        lines += [_row(entry) for entry in entries[:_ROWS]]
    if len(entries) > _ROWS:
        lines += ["", f"{len(entries) - _ROWS} more stand in the JSON report."]
    database = report.database.as_dict()
    system = _cell(report.scan.operating_system) or "no operating system"
    dates = f"vulnerability database of {database['updated_at']}, decided on {report.now.date()}"
    lines += ["", f"Trivy {_cell(report.trivy_version)}, {system}, {dates}."]
    return "\n".join(lines) + "\n"


def _order(entry: Entry) -> tuple[bool, bool, int, str, str]:
    severity = entry.finding.severity
    rank = SEVERITIES.index(severity) if severity in SEVERITIES else -1
    return not entry.refused, entry.status != COUNTED, rank, entry.finding.id, entry.finding.package


def _row(entry: Entry) -> str:
    finding = entry.finding
    name = f"[{_cell(finding.id)}]({finding.url})" if _is_plain_url(finding.url) else _cell(finding.id)
    status = "refused" if entry.refused else "within its threshold" if not entry.why else f"{entry.status}: {entry.why}"
    cells = (finding.severity, finding.where, finding.fixed_version, status)
    severity, where, fixed, status = (_cell(cell) for cell in cells)
    return f"| {severity} | {name} | {where} | {fixed} | {status} |"


def _is_plain_url(url: str) -> bool:
    return url.startswith("https://") and not any(character in url for character in " ()<>|`\"'\\\n")


def _cell(text: str) -> str:
    """Text of strangers in Markdown: it makes no cell, no link, no mention and no HTML."""
    plain = " ".join(text.split())
    for character in "\\`*_{}[]<>()#!|~":
        plain = plain.replace(character, f"\\{character}" if character not in "<>" else f"&#{ord(character)};")
    return plain.replace("@", "@\u200b")


def planned(files: Mapping[str, str], decision: Decision) -> Plan:
    """The files that are not yet as they should be."""
    changes = []
    for path, text in sorted(files.items()):
        before = _content(path)
        if before != text:
            action = Action.CREATE if before is None else Action.UPDATE
            field = Field("verdict", None if before is None else "another report", decision.verdict)
            changes.append(Change(Ref("report", os.path.basename(path)), action, (field,)))
    return Plan(tuple(changes))


def write(files: Mapping[str, str]) -> None:
    """All files; where one cannot be written, none is changed."""
    building: dict[str, str] = {}
    try:
        for path, text in files.items():
            if _content(path) == text:
                continue
            folder = os.path.dirname(path)
            os.makedirs(folder, exist_ok=True)
            handle, building[path] = tempfile.mkstemp(dir=folder, prefix=".trivy-gate-")
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            os.chmod(building[path], 0o644)
        for path in list(building):
            os.replace(building[path], path)
            del building[path]
    finally:
        for name in building.values():
            os.unlink(name)


def _content(path: str) -> str | None:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except (FileNotFoundError, UnicodeDecodeError):
        return None

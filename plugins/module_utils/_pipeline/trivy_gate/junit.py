# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report as JUnit XML: a suite for each kind of finding with a case for each, and one for the verdict."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from .decide import COUNTED, Entry
from .output import Report

_FORBIDDEN = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot hold."""


def as_junit(report: Report) -> str:
    decision = report.decision
    root = ElementTree.Element("testsuites")
    verdict = ElementTree.Element("testcase", classname="trivy_gate", name="verdict", time="0")
    if decision.verdict in ("error", "unverified"):
        _child(verdict, "error", decision.verdict, "\n".join(decision.reasons))
    elif decision.verdict == "failed":
        _child(verdict, "failure", decision.verdict, "\n".join(decision.reasons))
    _suite(root, report, "verdict", [verdict])
    for kind in dict.fromkeys((*decision.sections, *(entry.finding.kind for entry in decision.entries))):
        _suite(root, report, kind, [_case(entry) for entry in decision.entries if entry.finding.kind == kind])
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _suite(root: ElementTree.Element, report: Report, name: str, cases: list[ElementTree.Element]) -> None:
    numbers = {"tests": str(len(cases))}
    for attribute, tag in (("failures", "failure"), ("errors", "error")):
        numbers[attribute] = str(sum(1 for case in cases if case.find(tag) is not None))
    stamp = f"{report.now.date()}T00:00:00"
    place = {"name": name, "package": "trivy_gate", "id": str(len(root)), "hostname": "localhost"}
    suite = ElementTree.SubElement(root, "testsuite", {**place, "timestamp": stamp, "time": "0", **numbers})
    properties = ElementTree.SubElement(suite, "properties")
    ElementTree.SubElement(properties, "property", name="digest", value=report.identity.manifest_digest or "none")
    suite.extend(cases)
    ElementTree.SubElement(suite, "system-out")
    ElementTree.SubElement(suite, "system-err")


def _case(entry: Entry) -> ElementTree.Element:
    """A finding that is refused has failed, another has passed and says why.

    Two schemas are in use for JUnit's reports, and only one of them knows cases that were skipped.
    """
    finding = entry.finding
    why = f" ({entry.status}: {entry.why})" if entry.status != COUNTED else ""
    name = _clean(f"{finding.severity} {finding.id} in {finding.where}{why}")
    case = ElementTree.Element("testcase", classname=_clean(finding.source or finding.kind), name=name, time="0")
    if entry.refused:
        fixed = f"fixed in {finding.fixed_version}" if finding.fixed_version else "no fixed version"
        _child(case, "failure", finding.severity, f"{finding.title or finding.id} ({fixed})\n{finding.url}".strip())
    return case


def _child(case: ElementTree.Element, tag: str, kind: str, text: str) -> None:
    message = _clean(text.split("\n", 1)[0])
    ElementTree.SubElement(case, tag, type=_clean(kind), message=message).text = _clean(text)


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("\ufffd", text)

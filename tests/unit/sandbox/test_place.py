"""What the base of the sandbox lacks, and what the policy says of it."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

from sandbox import screen
from sandbox.images.place import behind, policy
from sandbox.images.trivy_database import Update

FEW = Update("1", "2", {"CVE-1": "MEDIUM"})
BAD = Update("1", "2", {"CVE-2": "LOW", "CVE-3": "HIGH"})
WORST = Update("1", "2", {f"CVE-{number}": "CRITICAL" for number in range(4, 9)})


def test_libraries_with_few_findings_come_first_and_the_first_bad_one_is_held() -> None:
    assert behind({"tool": FEW, "libworst": WORST, "libbad": BAD, "libfew": FEW}) == (
        ["libfew", "libbad", "libworst"],
        ["libbad"],
    )
    assert behind({"tool": BAD, "libfew": FEW}) == (["libfew", "tool"], ["tool"])
    assert behind({"libfew": FEW}) == (["libfew"], [])
    assert behind({}) == ([], [])


def test_each_finding_of_what_is_held_has_an_exception_that_ends() -> None:
    terms = {
        "package": "libbad",
        "reason": "held at the version that was tested",
        "owner": "team-app",
        "expires": "2026-12-28",
    }
    assert policy({"libbad": BAD}, date(2026, 11, 28)) == {
        "exceptions": [{"id": "CVE-2", **terms}, {"id": "CVE-3", **terms}]
    }
    assert policy({}, date(2026, 11, 28)) == {"exceptions": []}


def test_the_screen_tells_exceptions_by_package(tmp_path: Path) -> None:
    why = "held (team-app, until 2026-12-28)"
    findings = [
        {"package": "libbad", "status": "excepted", "why": why},
        {"package": "libbad", "status": "excepted", "why": why},
        {"package": "other", "status": "unfixed", "why": "there is no fixed version yet"},
    ]
    (tmp_path / "report.json").write_text(json.dumps({"findings": findings}))
    assert screen._excepted(tmp_path / "report.json") == [f"2 in libbad: {why}"]

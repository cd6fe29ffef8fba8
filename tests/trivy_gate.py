"""Findings, scans and policies for the tests of trivy_gate."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from ansible_collections.slipway.platform.plugins.module_utils._pipeline.trivy_gate import policy as policies
from ansible_collections.slipway.platform.plugins.module_utils._pipeline.trivy_gate.decide import Decision, decide
from ansible_collections.slipway.platform.plugins.module_utils._pipeline.trivy_gate.model import (
    Database,
    Finding,
    Identity,
    Scan,
    Statement,
)

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
TODAY = NOW.date()
DIGEST = f"sha256:{'1' * 64}"
IDENTITY = Identity("layout", DIGEST, f"sha256:{'2' * 64}", (f"sha256:{'3' * 64}",))
DATABASE = Database(2, NOW - timedelta(hours=5), "4" * 64)
ANY = dict.fromkeys(("CRITICAL", "HIGH", "MEDIUM", "LOW", "UNKNOWN"), "any")


def days(number: float) -> datetime:
    """So many days ago."""
    return NOW - timedelta(days=number)


def day(number: int) -> date:
    """So many days from now."""
    return TODAY + timedelta(days=number)


def finding(identifier: str = "CVE-2026-0001", severity: str = "HIGH", **more: Any) -> Finding:
    values: dict[str, Any] = {
        "kind": "vulnerabilities",
        "package": "libssl3",
        "version": "3.0.1-1",
        "fixed_version": "3.0.2-1",
        "purl": "pkg:deb/debian/libssl3@3.0.1-1?arch=amd64&distro=debian-12.5",
        "source": "debian",
    }
    return Finding(id=identifier, severity=severity, **values | more)


def scan(*findings: Finding, **more: Any) -> Scan:
    values: dict[str, Any] = {
        "trivy_version": "0.76.0",
        "created": NOW,
        "family": "debian",
        "release": "12.5",
        "end_of_support": False,
        "packages": {"debian": 80},
        "languages": (),
        "results": 1,
        "image_id": IDENTITY.config_digest,
        "diff_ids": IDENTITY.diff_ids,
    }
    return Scan(findings=findings, **values | more)


def policy(**content: Any) -> policies.Policy:
    return policies.parse(content, TODAY)


def exception(identifier: str = "CVE-2026-0001", package: str = "libssl3", **more: Any) -> dict[str, Any]:
    given = {
        "id": identifier,
        "package": package,
        "reason": "not reachable",
        "owner": "team-a",
        "expires": str(day(30)),
    }
    return given | more


def statement(**more: Any) -> Statement:
    values: dict[str, Any] = {
        "document": "app.vex.json",
        "vulnerabilities": ("CVE-2026-0001",),
        "status": "not_affected",
        "products": (("pkg:deb/debian/libssl3", ()),),
        "written": days(1),
        "justification": "vulnerable_code_not_present",
    }
    return Statement(**values | more)


def decided(
    content: Mapping[str, Any], *findings: Finding, statements: tuple[Statement, ...] = (), **more: Any
) -> Decision:
    """The decision over findings in an image that is beyond doubt."""
    return decide(policy(**content), scan(*findings, **more), statements, IDENTITY, NOW)

"""From findings to the verdict."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ansible_collections.slipway.platform.plugins.module_utils._pipeline.trivy_gate.decide import (
    Decision,
    canary_doubts,
    decide,
    doubts,
    log_doubts,
    summary,
)
from tests.trivy_gate import (
    ANY,
    DATABASE,
    DIGEST,
    IDENTITY,
    NOW,
    day,
    days,
    decided,
    exception,
    finding,
    policy,
    scan,
    statement,
)

SEVERITIES = ("CRITICAL", "HIGH", "MEDIUM", "LOW", "UNKNOWN")


def statuses(decision: Decision) -> list[str]:
    return [entry.status for entry in decision.entries]


def test_nothing_found() -> None:
    decision = decided({})
    assert (decision.verdict, decision.reasons, decision.warnings) == ("passed", (), ())
    assert summary(decision) == "passed: 0 vulnerabilities, 0 secrets counted"


@pytest.mark.parametrize(
    ("severity", "verdict"),
    [("CRITICAL", "failed"), ("HIGH", "failed"), ("MEDIUM", "passed"), ("LOW", "passed"), ("UNKNOWN", "failed")],
)
def test_thresholds_by_default(severity: str, verdict: str) -> None:
    decision = decided({}, finding(severity=severity))
    assert decision.verdict == verdict
    assert decision.counts(counted=True)["vulnerabilities"] == {name: int(name == severity) for name in SEVERITIES}
    assert decision.entries[0].refused == (verdict == "failed")


@pytest.mark.parametrize(("allowed", "verdict"), [(1, "failed"), (2, "passed"), ("any", "passed")])
def test_a_threshold_is_what_is_allowed(allowed: Any, verdict: str) -> None:
    findings = [finding(f"CVE-2026-000{n}", "MEDIUM") for n in (1, 2)]
    decision = decided({"vulnerabilities": {"thresholds": {"MEDIUM": allowed}}}, *findings)
    assert decision.verdict == verdict
    if verdict == "failed":
        assert decision.reasons == (
            "2 MEDIUM vulnerabilities, 1 allowed: CVE-2026-0001 in libssl3 3.0.1-1, CVE-2026-0002 in libssl3 3.0.1-1.",
        )


@pytest.mark.parametrize("kind", ["vulnerabilities", "misconfigurations", "licenses"])
def test_a_threshold_that_is_named_leaves_the_others_at_their_defaults(kind: str) -> None:
    content = {kind: {"thresholds": {"MEDIUM": 0}}}
    refused = [name for name in SEVERITIES if decided(content, finding(severity=name, kind=kind)).verdict == "failed"]
    assert sorted(refused) == ["CRITICAL", "HIGH", "MEDIUM", "UNKNOWN"]
    secret = finding("aws-key", "LOW", kind="secrets", package="home/x", version="", purl="")
    assert decided({"secrets": {"thresholds": {"HIGH": "any"}}}, secret).verdict == "failed"
    assert decided({"vulnerabilities": {"thresholds": {"HIGH": None}}}, finding(severity="HIGH")).verdict == "failed"
    assert decided({"vulnerabilities": {"thresholds": {"HIGH": "any"}}}, finding(severity="HIGH")).verdict == "passed"
    assert (
        decided({"vulnerabilities": {"thresholds": {"UNKNOWN": "any"}}}, finding(severity="UNKNOWN")).verdict
        == "passed"
    )


def test_many_findings_are_not_all_named() -> None:
    decision = decided({}, *(finding(f"CVE-2026-000{n}") for n in range(7)))
    assert decision.reasons[0].startswith("7 HIGH vulnerabilities, 0 allowed: CVE-2026-0000 in")
    assert decision.reasons[0].endswith("CVE-2026-0004 in libssl3 3.0.1-1 and 2 more.")


def test_only_fixable_or_all() -> None:
    unfixed = finding(fixable=False, fixed_version="")
    decision = decided({}, unfixed)
    assert (decision.verdict, statuses(decision)) == ("passed", ["unfixed"])
    assert decision.left_out()["unfixed"] == 1
    assert decision.counts(counted=False)["vulnerabilities"]["HIGH"] == 1
    assert summary(decision) == "passed: 0 vulnerabilities, 0 secrets counted, 1 left out"
    decision = decided({"vulnerabilities": {"fixable_only": False}}, unfixed)
    assert (decision.verdict, statuses(decision)) == ("failed", ["counted"])


def test_other_kinds() -> None:
    secret = finding("aws-key", "LOW", kind="secrets", package="home/x", version="", purl="")
    wrong = finding("DS-0026", "LOW", kind="misconfigurations", package="image configuration", version="", purl="")
    assert decided({}, secret).reasons == ("1 LOW secret, 0 allowed: aws-key in home/x.",)
    assert decided({"secrets": {"thresholds": ANY}}, secret).verdict == "passed"
    assert decided({"misconfigurations": {}}, wrong).verdict == "passed"
    assert decided({"misconfigurations": {"thresholds": {"LOW": 0}}}, wrong).verdict == "failed"
    assert decided({}, wrong).verdict == "failed", "what was not asked for and is there is not allowed"


def test_licenses() -> None:
    gpl = finding("GPL-3.0-only", "HIGH", kind="licenses", package="readline", version="", purl="")
    mit = finding("MIT", "LOW", kind="licenses", package="jinja2", version="", purl="")
    assert decided({"licenses": {}}, gpl, mit).reasons == ("1 HIGH license, 0 allowed: GPL-3.0-only in readline.",)
    decision = decided({"licenses": {"allowed": ["GPL-3.0-only"]}}, gpl, mit)
    assert (decision.verdict, statuses(decision)) == ("passed", ["allowed", "counted"])
    decision = decided({"licenses": {"thresholds": ANY, "denied": ["MIT"]}}, gpl, mit)
    assert decision.reasons == ("1 license denied by the policy: MIT in jinja2.",)
    assert [entry.refused for entry in decision.entries] == [False, True]
    decision = decided({"licenses": {"thresholds": {"LOW": 0}, "denied": ["MIT"]}}, mit)
    assert decision.reasons == ("1 license denied by the policy: MIT in jinja2.",), "one reason is enough"


class TestExceptions:
    def test_fits(self) -> None:
        decision = decided({"exceptions": [exception()]}, finding())
        assert (decision.verdict, statuses(decision)) == ("passed", ["excepted"])
        assert decision.entries[0].why == f"not reachable (team-a, until {day(30)})"

    @pytest.mark.parametrize("other", [{"identifier": "CVE-2026-0002"}, {"package": "openssl"}])
    def test_another_id_or_package(self, other: dict[str, str]) -> None:
        decision = decided({"exceptions": [exception(**other)]}, finding())
        words = f"{other.get('identifier', 'CVE-2026-0001')} for '{other.get('package', 'libssl3')}'"
        assert decision.reasons == (
            "1 HIGH vulnerability, 0 allowed: CVE-2026-0001 in libssl3 3.0.1-1.",
            f"The exception {words} of team-a matches nothing; delete it.",
        )

    def test_one_that_matches_nothing(self) -> None:
        content = {"exceptions": [exception()]}
        assert decided(content).verdict == "failed"
        decision = decided(content | {"unused": "warn"})
        assert (decision.verdict, decision.reasons) == ("passed", ())
        assert decision.warnings == ("The exception CVE-2026-0001 for 'libssl3' of team-a matches nothing; delete it.",)

    def test_one_is_used_although_the_finding_would_not_count_anyway(self) -> None:
        assert decided({"exceptions": [exception()]}, finding(fixable=False)).verdict == "passed"
        assert decided({"exceptions": [exception()]}, finding(), statements=(statement(),)).verdict == "passed"


class TestGrace:
    CONTENT = {"vulnerabilities": {"grace_days": {"HIGH": 7}}}

    @pytest.mark.parametrize(
        ("published", "verdict"),
        [(days(0), "passed"), (days(6.99), "passed"), (days(7), "failed"), (days(400), "failed"), (None, "failed")],
    )
    def test_what_is_newly_published(self, published: Any, verdict: str) -> None:
        assert decided(self.CONTENT, finding(published=published)).verdict == verdict

    def test_a_date_in_the_future_is_none(self) -> None:
        assert decided(self.CONTENT, finding(published=days(-1))).verdict == "failed"

    def test_is_by_severity(self) -> None:
        assert decided(self.CONTENT, finding(severity="CRITICAL", published=days(1))).verdict == "failed"

    def test_is_told(self) -> None:
        (entry,) = decided(self.CONTENT, finding(published=days(2))).entries
        assert (entry.status, entry.why) == (
            "grace",
            f"published on {days(2).date()}, counts from {days(-5).strftime('%Y-%m-%dT%H:%M:%SZ')} on",
        )

    def test_is_none_by_default(self) -> None:
        assert decided({}, finding(published=days(0))).verdict == "failed"


class TestVex:
    @pytest.mark.parametrize(
        ("status", "verdict"),
        [("not_affected", "passed"), ("fixed", "passed"), ("affected", "failed"), ("under_investigation", "failed")],
    )
    def test_status(self, status: str, verdict: str) -> None:
        decision = decided({}, finding(), statements=(statement(status=status),))
        assert decision.verdict == verdict
        assert not any("matches nothing" in reason for reason in decision.reasons)

    def test_why(self) -> None:
        (entry,) = decided({}, finding(), statements=(statement(),)).entries
        assert (entry.status, entry.why) == ("vex", "not_affected: vulnerable_code_not_present")

    def test_that_matches_nothing(self) -> None:
        decision = decided({}, finding(), statements=(statement(vulnerabilities=("CVE-2026-0009",)),))
        assert decision.reasons[1:] == ("The statement on CVE-2026-0009 in 'app.vex.json' matches nothing; delete it.",)
        decision = decided({"unused": "warn"}, statements=(statement(),))
        assert decision.verdict == "passed"
        assert decision.warnings == ("The statement on CVE-2026-0001 in 'app.vex.json' matches nothing; delete it.",)

    @pytest.mark.parametrize(("age", "verdict"), [(90, "passed"), (91, "failed")])
    def test_that_has_expired(self, age: int, verdict: str) -> None:
        decision = decided({"unused": "warn"}, finding(), statements=(statement(written=days(age)),))
        assert decision.verdict == verdict
        if verdict == "failed":
            assert decision.entries[0].status == "counted"
            assert decision.reasons[1] == (
                f"The statement on CVE-2026-0001 in 'app.vex.json' is of {days(91).date()} and has expired (vex_days)."
            )

    def test_of_the_future_does_not_count(self) -> None:
        assert decided({}, finding(), statements=(statement(written=days(-1)),)).verdict == "failed"

    def test_the_latest_of_a_document_counts(self) -> None:
        earlier, later = statement(written=days(9)), statement(written=days(2), status="affected")
        assert decided({}, finding(), statements=(later, earlier)).verdict == "failed"
        assert decided({}, finding(), statements=(replace(later, written=days(20)), earlier)).verdict == "passed"
        other = replace(later, document="other.json")
        assert decided({}, finding(), statements=(earlier, other)).verdict == "passed", "each document for itself"


def test_an_operating_system_past_its_end_of_support() -> None:
    decision = decided({}, end_of_support=True)
    assert decision.verdict == "failed"
    assert decision.reasons[0].startswith("debian 12.5 is past its end of support: ")
    accepted = {"exceptions": [exception("END-OF-SUPPORT", "debian 12.5")]}
    assert decided(accepted, end_of_support=True).verdict == "passed"
    assert decided(accepted).verdict == "failed", "it matches nothing where the system is supported"
    for package in ("debian 11.5", "debian 12", "debian 12.4"):
        other = {"exceptions": [exception("END-OF-SUPPORT", package)]}
        assert len(decided(other, end_of_support=True).reasons) == 2


@pytest.mark.parametrize(
    ("family", "release", "package"),
    [
        ("alpine", "3.12.4", "alpine 3.12"),
        ("ubuntu", "20.10", "ubuntu 20.10"),
        ("centos", "7", "centos 7"),
        ("amazon", "2 (Karoo)", "amazon 2"),
    ],
)
def test_an_exception_for_the_end_of_support_names_major_and_minor(family: str, release: str, package: str) -> None:
    system: dict[str, Any] = {"end_of_support": True, "family": family, "release": release}
    assert decided({"exceptions": [exception("END-OF-SUPPORT", package)]}, **system).verdict == "passed"
    assert decided({"exceptions": [exception("END-OF-SUPPORT", package[:-1])]}, **system).verdict == "failed"


def test_doubts_come_before_everything() -> None:
    decision = decide(policy(), scan(finding()), (), IDENTITY, NOW, errors=["No scan."], unverified=["No proof."])
    assert decision.verdict == "error"
    assert decision.reasons[:2] == ("No scan.", "No proof.")
    assert decide(policy(), scan(finding()), (), IDENTITY, NOW, unverified=["No proof."]).verdict == "unverified"


class TestDoubts:
    def of(self, content: dict[str, Any] | None = None, **more: Any) -> list[str]:
        database = more.pop("database", DATABASE)
        is_image = more.pop("is_image", True)
        findings = more.pop("findings", ())
        return doubts(scan(*findings, **more), database, policy(**content or {}), NOW, is_image=is_image)

    def test_none(self) -> None:
        assert self.of() == []

    @pytest.mark.parametrize(("hours", "count"), [(47.9, 0), (48.1, 1), (-0.9, 0), (-1.1, 1)])
    def test_age_of_the_database(self, hours: float, count: int) -> None:
        found = self.of(database=replace(DATABASE, updated=NOW - timedelta(hours=hours)))
        assert len(found) == count

    def test_a_stale_database(self) -> None:
        database = replace(DATABASE, updated=days(3))
        assert self.of(database=database) == [
            "The vulnerability database is of 2026-11-17T12:00:00Z and stale: 48 hours are allowed."
        ]
        assert self.of({"database_hours": 73}, database=database) == []

    def test_a_database_of_the_future(self) -> None:
        assert self.of(database=replace(DATABASE, updated=days(-1))) == [
            "The vulnerability database is of 2026-11-21T12:00:00Z, which is in the future."
        ]

    def test_a_database_of_another_schema(self) -> None:
        assert self.of(database=replace(DATABASE, version=1)) == [
            "The vulnerability database has schema version 1, and 2 is what Trivy reads."
        ]

    def test_an_empty_report(self) -> None:
        assert self.of(results=0, packages={}, family="", release="", is_image=False)[0] == (
            "The report of Trivy is empty: it looked at nothing in the target."
        )

    def test_no_packages(self) -> None:
        assert self.of(packages={"debian": 0})[0] == (
            "Trivy found no packages at all, so it cannot have found vulnerabilities."
        )

    def test_no_operating_system(self) -> None:
        more: dict[str, Any] = {"family": "", "release": "", "packages": {"python-pkg": 3}}
        (sentence,) = self.of(**more)
        assert sentence.startswith("Trivy detected no operating system, so its packages were not looked at (")
        assert self.of({"operating_system": "optional"}, **more) == []

    def test_no_package_of_the_operating_system(self) -> None:
        assert self.of(packages={"debian": 0, "python-pkg": 3}) == [
            "Trivy detected debian 12.5, but not one package of it."
        ]
        assert self.of(packages={"python-pkg": 3}, is_image=False) == []

    def test_an_unknown_severity(self) -> None:
        assert self.of(findings=[finding(severity="NEGLIGIBLE")]) == [
            "The report has the severity 'NEGLIGIBLE', which is unknown."
        ]

    def test_the_canary(self) -> None:
        assert canary_doubts({"debian 12.5": True, "npm": False}, ["swift"]) == [
            "The vulnerability database holds nothing for npm: packages of it at version 0 have no findings.",
            "No canary is known for swift, so nothing shows that the database holds it (see canaries).",
        ]

    def test_a_checks_bundle_that_fell_back(self) -> None:
        log = "2026-11-20T12:00:00Z\tERROR\t[misconfig] Falling back to embedded checks\terr=..."
        assert log_doubts(log, policy(misconfigurations={})) == [
            "Trivy fell back from the checks bundle to the checks that it was built with."
        ]
        assert log_doubts(log, policy(misconfigurations={"checks": "embedded"})) == []

    def test_a_release_that_nobody_knows(self) -> None:
        log = 'WARN\tThis OS version is not on the EOL list\tfamily="debian" version="99"'
        assert len(log_doubts(log, policy())) == 1
        assert log_doubts("INFO\tDetected OS", policy()) == []


def test_the_image_by_its_digest_is_a_product_too() -> None:
    product = f"pkg:oci/app@{DIGEST.replace(':', '%3A')}?repository_url=127.0.0.1"
    parts = ("pkg:deb/debian/libssl3",)
    assert decided({}, finding(), statements=(statement(products=((product, parts),)),)).verdict == "passed"
    assert decided({}, finding(), statements=(statement(products=((product, ()),)),)).verdict == "passed"
    other = (f"pkg:oci/app@sha256%3A{'9' * 64}", parts)
    assert decided({}, finding(), statements=(statement(products=(other,)),)).verdict == "failed"
    assert (
        decided({}, finding(), statements=(statement(products=((product, ("pkg:deb/debian/x",)),)),)).verdict
        == "failed"
    )

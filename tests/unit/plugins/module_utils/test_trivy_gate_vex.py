"""OpenVEX documents: what they need, and which package a statement speaks of."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Impossible, Refusal
from ansible_collections.slipway.platform.plugins.module_utils._pipeline.trivy_gate.vex import (
    applies,
    matches,
    parse,
    read,
)
from tests.trivy_gate import IDENTITY, finding, statement

STATEMENT: dict[str, Any] = {
    "vulnerability": {"name": "CVE-2026-0001", "aliases": ["GHSA-x"]},
    "products": [{"@id": "pkg:deb/debian/libssl3", "subcomponents": [{"@id": "pkg:deb/debian/x"}]}],
    "status": "not_affected",
    "justification": "component_not_present",
}
DOCUMENT: dict[str, Any] = {
    "@context": "https://openvex.dev/ns/v0.2.0",
    "timestamp": "2026-11-01T00:00:00+01:00",
    "statements": [STATEMENT],
}


def test_a_statement() -> None:
    (found,) = parse(DOCUMENT, "a.json")
    assert found.vulnerabilities == ("CVE-2026-0001", "GHSA-x")
    assert found.products == (("pkg:deb/debian/libssl3", ("pkg:deb/debian/x",)),)
    assert (found.status, found.justification) == ("not_affected", "component_not_present")
    assert found.written.isoformat() == "2026-10-31T23:00:00+00:00"


def test_the_statements_own_time_comes_first() -> None:
    (found,) = parse(DOCUMENT | {"statements": [STATEMENT | {"timestamp": "2026-11-09T00:00:00Z"}]}, "a.json")
    assert found.written.day == 9


def test_older_forms_of_a_statement() -> None:
    given = STATEMENT | {"vulnerability": "CVE-1", "products": ["pkg:npm/x", {"identifiers": {"purl": "pkg:npm/y"}}]}
    (found,) = parse(DOCUMENT | {"statements": [given]}, "a.json")
    assert found.vulnerabilities == ("CVE-1",)
    assert found.products == (("pkg:npm/x", ()), ("pkg:npm/y", ()))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"status": "gone"}, "has the status 'gone'; allowed are not_affected, affected, fixed, under_investigation"),
        ({"vulnerability": None}, "names no vulnerability"),
        ({"vulnerability": {"name": ""}}, "names no vulnerability"),
        ({"justification": ""}, "says not_affected and does not justify it"),
        ({"products": []}, "names no product, or one without a package URL"),
        ({"products": [{}]}, "names no product, or one without a package URL"),
    ],
)
def test_statements_that_are_refused(change: dict[str, Any], why: str) -> None:
    with pytest.raises(Impossible) as error:
        parse(DOCUMENT | {"statements": [STATEMENT, STATEMENT | change]}, "a.json")
    assert str(error.value) == f"The VEX document 'a.json' cannot be used: statement 2 {why}."


def test_a_statement_without_any_time() -> None:
    with pytest.raises(Impossible, match="statement 1 has no time, and neither has the document"):
        parse({name: value for name, value in DOCUMENT.items() if name != "timestamp"}, "a.json")


@pytest.mark.parametrize(
    ("document", "why"),
    [
        ([], "is no OpenVEX document"),
        ({"@context": "https://example.org", "statements": [STATEMENT]}, "is no OpenVEX document"),
        (DOCUMENT | {"statements": []}, "has no statements"),
        (DOCUMENT | {"statements": ["x"]}, "statement 1 is no JSON object"),
    ],
)
def test_documents_that_are_refused(document: Any, why: str) -> None:
    with pytest.raises(Impossible, match=why):
        parse(document, "a.json")


def test_files_that_are_refused(tmp_path: Any) -> None:
    with pytest.raises(Refusal) as refusal:
        read(str(tmp_path / "x"), "vex[3]")
    assert str(refusal.value) == f"vex[3] is '{tmp_path / 'x'}'; the path of an OpenVEX document is needed."
    (tmp_path / "x").write_text("{")
    with pytest.raises(Impossible, match="is no JSON"):
        read(str(tmp_path / "x"), "vex[3]")


FOUND = "pkg:deb/debian/libssl3@3.0.1-1%2Bdeb12u1?arch=amd64&distro=debian-12.5"


@pytest.mark.parametrize(
    ("stated", "fits"),
    [
        ("pkg:deb/debian/libssl3", True),
        ("pkg:deb/debian/libssl3@3.0.1-1+deb12u1", True),
        ("pkg:deb/debian/libssl3@3.0.1-1%2Bdeb12u1?arch=amd64", True),
        ("pkg:deb/debian/libssl3?distro=debian-12.5&arch=amd64", True),
        ("pkg:deb/debian/libssl3@3.0.1-2", False),
        ("pkg:deb/debian/libssl3?arch=arm64", False),
        ("pkg:deb/debian/libssl3?epoch=1", False),
        ("pkg:deb/ubuntu/libssl3", False),
        ("pkg:rpm/debian/libssl3", False),
        ("pkg:deb/debian/libssl", False),
        ("libssl3", False),
        ("", False),
    ],
)
def test_package_urls(stated: str, fits: bool) -> None:
    assert matches(stated, FOUND) is fits


def test_what_has_no_package_url_is_meant_by_nobody() -> None:
    assert not matches("pkg:deb/debian/libssl3", "")


def test_names_with_an_at_sign() -> None:
    assert matches("pkg:npm/%40scope/name@1.0.0", "pkg:npm/%40scope/name@1.0.0")
    assert not matches("pkg:npm/%40scope/name@1.0.0", "pkg:npm/%40scope/name@1.0.1")


def test_a_statement_applies_to_vulnerabilities_alone() -> None:
    assert applies(statement(), finding(), IDENTITY)
    assert not applies(statement(), finding(kind="misconfigurations"), IDENTITY)
    assert not applies(statement(), finding("CVE-2026-0002"), IDENTITY)
    assert applies(statement(vulnerabilities=("GHSA-x", "CVE-2026-0001")), finding(), IDENTITY)
    assert not applies(statement(products=(("pkg:deb/debian/libssl3", ("pkg:deb/debian/x",)),)), finding(), IDENTITY)

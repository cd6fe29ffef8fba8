"""The policy file: what it may say, and one sentence for what it may not."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Impossible, Refusal
from ansible_collections.slipway.platform.plugins.module_utils._pipeline.trivy_gate.policy import POLICY, parse, read
from tests.conftest import ROOT
from tests.trivy_gate import TODAY, day, exception, policy


def test_the_default() -> None:
    found = policy()
    assert list(found.sections) == ["vulnerabilities", "secrets"]
    vulnerabilities = found.sections["vulnerabilities"]
    assert vulnerabilities.thresholds == {"CRITICAL": 0, "HIGH": 0, "MEDIUM": None, "LOW": None, "UNKNOWN": 0}
    assert vulnerabilities.fixable_only
    assert set(found.sections["secrets"].thresholds.values()) == {0}
    assert (found.database_hours, found.vex_days, found.unused, found.operating_system) == (48, 90, "fail", "required")


def test_sections_that_are_named_are_scanned_for() -> None:
    found = policy(misconfigurations={}, licenses={"allowed": ["MIT"]})
    assert list(found.sections) == ["vulnerabilities", "secrets", "misconfigurations", "licenses"]
    assert found.sections["misconfigurations"].checks == "bundle"
    assert found.sections["licenses"].allowed == ("MIT",)


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "unknown key": (
        {"severity": "HIGH"},
        f"policy.severity is 'HIGH'; it is unknown, allowed are {', '.join(sorted(POLICY))}.",
    ),
    "unknown key inside": (
        {"vulnerabilities": {"unfixed": True}},
        "policy.vulnerabilities.unfixed is True; it is unknown, allowed are fixable_only, grace_days, thresholds.",
    ),
    "unknown severity": (
        {"vulnerabilities": {"thresholds": {"BAD": 0}}},
        "policy.vulnerabilities.thresholds.BAD is 0; it is unknown, allowed are CRITICAL, HIGH, LOW, MEDIUM, UNKNOWN.",
    ),
    "negative threshold": (
        {"secrets": {"thresholds": {"LOW": -1}}},
        "policy.secrets.thresholds.LOW is -1; a whole number from 0 on or 'any' is allowed.",
    ),
    "true as threshold": (
        {"secrets": {"thresholds": {"LOW": True}}},
        "policy.secrets.thresholds.LOW is True; a whole number from 0 on or 'any' is allowed.",
    ),
    "negative grace": (
        {"vulnerabilities": {"grace_days": {"LOW": -1}}},
        "policy.vulnerabilities.grace_days.LOW is -1; 0 or more is allowed.",
    ),
    "no owner": (
        {"exceptions": [exception(owner=None)]},
        "policy.exceptions[0].owner is not set; a value is required.",
    ),
    "empty reason": (
        {"exceptions": [exception(reason=" ")]},
        "policy.exceptions[0].reason is ' '; a value is required.",
    ),
    "past expiry": (
        {"exceptions": [exception(expires=str(day(-1)))]},
        f"policy.exceptions[0].expires is '{day(-1)}'; CVE-2026-0001 has expired, fix it or decide anew.",
    ),
    "too long": (
        {"exceptions": [exception(expires=day(91))]},
        f"policy.exceptions[0].expires is '{day(91)}'; at most 90 days from today are allowed (exception_days).",
    ),
    "no date": (
        {"exceptions": [exception(expires="soon")]},
        "policy.exceptions[0].expires is 'soon'; a day like 2030-12-31 is allowed.",
    ),
    "a time": (
        {"exceptions": [exception(expires=20301231)]},
        "policy.exceptions[0].expires is 20301231; a day like 2030-12-31 is allowed.",
    ),
    "twice": (
        {"exceptions": [exception(), exception(reason="again")]},
        "policy.exceptions[1] is 'CVE-2026-0001 for libssl3'; it stands there twice.",
    ),
    "unknown key of an exception": (
        {"exceptions": [exception(ticket="X-1")]},
        "policy.exceptions[0].ticket is 'X-1'; it is unknown, allowed are expires, id, owner, package, reason.",
    ),
    "no days": ({"exception_days": 0}, "policy.exception_days is 0; 1 or more is allowed."),
    "no hours": ({"database_hours": 0}, "policy.database_hours is 0; 1 or more is allowed."),
    "no days for VEX": ({"vex_days": 0}, "policy.vex_days is 0; 1 or more is allowed."),
    "no purl": (
        {"canaries": ["rack"]},
        "policy.canaries[0] is 'rack'; a package URL with version is allowed (pkg:gem/rack@0).",
    ),
    "allowed and denied": (
        {"licenses": {"allowed": ["MIT"], "denied": ["MIT"]}},
        "policy.licenses.denied is 'MIT'; it stands in allowed too.",
    ),
    "choice": ({"unused": "ignore"}, "policy.unused is 'ignore'; allowed are fail, warn."),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_refused(case: str) -> None:
    content, sentence = BAD[case]
    with pytest.raises(Refusal) as error:
        parse(content, TODAY)
    assert str(error.value) == sentence


def test_the_example_of_the_documentation_holds_every_key() -> None:
    text = (ROOT / "docs" / "trivy_gate.md").read_text()
    content = yaml.safe_load(text.split("```yaml\n")[1].split("```")[0])
    assert parse(content, date(2026, 11, 20)).exceptions[0].owner == "team-payments"
    assert set(content) == set(POLICY)
    for name, option in POLICY.items():
        if isinstance(content[name], dict):
            assert set(content[name]) == set(option["options"])


@pytest.mark.parametrize("expires", [day(0), day(90), str(day(0))])
def test_the_last_days_that_are_allowed(expires: Any) -> None:
    assert str(policy(exceptions=[exception(expires=expires)]).exceptions[0].expires) == str(expires)


def test_a_file(tmp_path: Path) -> None:
    path = tmp_path / "policy.yml"
    path.write_text(
        "vulnerabilities:\n  thresholds: {CRITICAL: 0, LOW: any}\n"
        f"exceptions:\n  - {{id: CVE-1, package: x, reason: y, owner: z, expires: {day(3)}}}\n"
    )
    found = read(str(path), TODAY)
    assert found.sections["vulnerabilities"].thresholds["LOW"] is None
    assert found.exceptions[0].expires == day(3)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a: 1\na: 2\n", "The policy '{}' cannot be read: the key 'a' stands twice"),
        (
            "vulnerabilities:\n  thresholds: {HIGH: 0, HIGH: 9}\n",
            "The policy '{}' cannot be read: the key 'HIGH' stands",
        ),
        ("a: [", "The policy '{}' cannot be read: while parsing"),
        ("- a\n", "The policy '{}' cannot be read: a mapping of keys to values is needed."),
        ("", "The policy '{}' cannot be read: a mapping of keys to values is needed."),
        ("!!python/object:os.system {}", "The policy '{}' cannot be read: could not determine a constructor"),
    ],
)
def test_a_file_that_is_refused(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "policy.yml"
    path.write_text(text)
    with pytest.raises(Impossible) as error:
        read(str(path), TODAY)
    assert str(error.value).startswith(sentence.format(path))
    assert "\n" not in str(error.value)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(Refusal) as error:
        read(str(tmp_path / "x"), TODAY)
    assert str(error.value) == f"policy is '{tmp_path / 'x'}'; the path of a file is needed."

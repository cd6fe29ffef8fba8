"""Versions: the strings that semver.org publishes, precedence, bumps and OCI tags."""

from __future__ import annotations

import itertools
import re

import pytest

from ansible_collections.slipway.platform.plugins.module_utils._pipeline.semver_tag.versions import (
    Bump,
    bump_between,
    is_build_metadata,
    is_pre_release,
    oci_tag,
    raised,
    version,
)
from tests.semver_strings import INVALID, PRECEDENCE, VALID


@pytest.mark.parametrize("text", VALID)
def test_valid(text: str) -> None:
    assert str(version(text)) == text


@pytest.mark.parametrize("text", INVALID)
def test_invalid(text: str) -> None:
    assert version(text) is None


@pytest.mark.parametrize("text", ["1.2.3\n", " 1.2.3", "1.2.3 ", "v1.2.3", "1.\u0662.3", "1.2.3-\u0661"])
def test_nothing_stands_around_a_version(text: str) -> None:
    assert version(text) is None


def test_precedence_of_the_standard() -> None:
    for lower, higher in itertools.combinations(PRECEDENCE, 2):
        below, above = version(lower), version(higher)
        assert below is not None
        assert above is not None
        assert below < above


def test_build_metadata_does_not_count() -> None:
    one, other = version("1.0.0+a"), version("1.0.0+b")
    assert one is not None
    assert other is not None
    assert one.compare(other) == 0


@pytest.mark.parametrize(
    ("text", "pre_release", "build"),
    [
        ("rc", True, True),
        ("rc.1", True, True),
        ("0", True, True),
        ("01", False, True),
        ("-", True, True),
        ("", False, False),
        ("a..b", False, False),
        ("a_b", False, False),
        ("a+b", False, False),
    ],
)
def test_identifiers(text: str, pre_release: bool, build: bool) -> None:
    assert (is_pre_release(text), is_build_metadata(text)) == (pre_release, build)


@pytest.mark.parametrize("bump", list(Bump))
def test_a_bump_is_what_differs_first(bump: Bump) -> None:
    before = version("1.2.3")
    assert before is not None
    assert bump_between(before, raised(before, bump)) is bump


@pytest.mark.parametrize("text", [text for text in VALID if len(text) <= 128])
def test_oci_tag(text: str) -> None:
    """OCI distribution specification 1.1: the pattern of a tag."""
    assert re.fullmatch(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}", oci_tag(text))

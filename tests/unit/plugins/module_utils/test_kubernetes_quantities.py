"""Kubernetes' quantities, against the grammar's own examples and the parser of the kubernetes client."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kubernetes.utils.quantity import parse_quantity

from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Refusal
from ansible_collections.slipway.platform.plugins.module_utils._kubernetes.quantities import alike, checked, parsed


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1000m", Fraction(1)),
        ("1024Mi", Fraction(2**30)),
        ("1.5Gi", Fraction(3 * 2**29)),
        (".5", Fraction(1, 2)),
        ("1.", Fraction(1)),
        ("1e3", Fraction(1000)),
        ("1E3", Fraction(1000)),
        ("1E", Fraction(10**18)),
        ("25E-1", Fraction(5, 2)),
        ("+2k", Fraction(2000)),
        ("-2", Fraction(-2)),
        ("0.1n", Fraction(1, 10**9)),
    ],
)
def test_what_a_quantity_means(text: str, number: Fraction) -> None:
    assert parsed(text) == number


@pytest.mark.parametrize("text", ["", " 1", "1 ", "1K", "1e", "1.2.3", "Gi", "1mi", "1kk", "0x1", "٣", "1e1000", "--1"])
def test_what_is_no_quantity(text: str) -> None:
    assert parsed(text) is None


NUMBERS = st.from_regex(r"[0-9]{1,6}(\.[0-9]{1,3})?", fullmatch=True)
SUFFIXES = st.sampled_from(["", "m", "k", "M", "G", "T", "Ki", "Mi", "Gi", "Ti", "e2", "E-1"])


@given(NUMBERS, SUFFIXES)
def test_it_is_what_the_kubernetes_client_reads(number: str, suffix: str) -> None:
    if suffix[:1] in "eE" and suffix:  # which that parser does not know
        expected = Fraction(number) * Fraction(10) ** int(suffix[1:])
    else:
        expected = Fraction(parse_quantity(number + suffix))
    assert parsed(number + suffix) == expected


@pytest.mark.parametrize("value", ["-1", "1e30", "nothing", "", 1.5, True, None, ["1"], {"a": 1}, 2**63])
def test_what_is_refused(value: Any) -> None:
    with pytest.raises(Refusal, match=r"quota\.pods is .*; a Kubernetes quantity from 0 to 2\^63-1 is allowed"):
        checked("quota.pods", value)


def test_a_whole_number_needs_no_quotes() -> None:
    assert checked("quota.pods", 10) == "10"


def test_quantities_that_mean_the_same_are_written_as_declared() -> None:
    stands = {"cpu": "1", "memory": "1Gi", "pods": "3"}
    assert alike(stands, {"cpu": "1000m", "memory": "2048Mi"}) == {"cpu": "1000m", "memory": "1Gi", "pods": "3"}

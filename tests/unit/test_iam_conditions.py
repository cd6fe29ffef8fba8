"""The evaluator of IAM conditions, by what the IAM User Guide says of each operator."""

from __future__ import annotations

from typing import Any

import pytest

from tests.iam_conditions import allowed, holds


@pytest.mark.parametrize(
    ("operator", "wanted", "given", "answer"),
    [
        ("StringEquals", ["a", "b"], "b", True),
        ("StringEquals", ["a"], "A", False),
        ("StringEquals", ["a*"], "ab", False),
        ("StringEquals", ["a"], None, False),
        ("StringEqualsIgnoreCase", ["a"], "A", True),
        ("StringLike", ["a*"], "ab/c", True),
        ("StringLike", ["a?"], "abc", False),
        ("StringLike", ["a.c"], "abc", False),
        ("StringLike", ["*"], None, False),
        ("StringEqualsIfExists", ["a"], None, True),
        ("StringEqualsIfExists", ["a"], "b", False),
        ("ForAnyValue:StringEquals", ["a"], ["b", "a"], True),
        ("ForAnyValue:StringEquals", ["a"], None, False),
        ("ForAllValues:StringEquals", ["a"], ["b", "a"], False),
        ("ForAllValues:StringEquals", ["a"], None, True),
        ("Null", ["true"], None, True),
        ("Null", ["true"], "a", False),
        ("Null", ["false"], "a", True),
        ("Null", ["false"], None, False),
    ],
)
def test_operator(operator: str, wanted: list[str], given: Any, answer: bool) -> None:
    context = {} if given is None else {"aws:Key": given}
    assert holds({operator: {"aws:key": wanted}}, context) is answer


def test_all_keys_and_all_operators_have_to_hold() -> None:
    condition = {"StringEquals": {"a": ["1"], "b": ["2"]}, "StringLike": {"c": ["3*"]}}
    assert holds(condition, {"a": "1", "b": "2", "c": "33"})
    for missing in "abc":
        rest = {name: value for name, value in {"a": "1", "b": "2", "c": "33"}.items() if name != missing}
        assert not holds(condition, rest)


def test_an_operator_that_is_not_known_is_an_error() -> None:
    with pytest.raises(KeyError):
        holds({"ArnLike": {"a": ["1"]}}, {"a": "1"})


def test_a_denial_beats_what_is_allowed_and_nothing_is_allowed_by_default() -> None:
    allow = {"Effect": "Allow", "Action": ["s3:Get*"], "Resource": ["arn:aws:s3:::b/*"]}
    deny = {"Effect": "Deny", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::b/secret"]}
    policy = {"Statement": [allow, deny]}
    assert allowed(policy, "s3:getobject", "arn:aws:s3:::b/x")
    assert not allowed(policy, "s3:GetObject", "arn:aws:s3:::b/secret")
    assert not allowed(policy, "s3:PutObject", "arn:aws:s3:::b/x")
    assert not allowed(policy, "s3:GetObject", "arn:aws:s3:::B/x")

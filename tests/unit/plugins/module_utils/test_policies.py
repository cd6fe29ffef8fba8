"""Policy documents in canonical form: what means the same is written the same."""

from __future__ import annotations

import json
import random
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.slipway.platform.plugins.module_utils._aws.policies import canonical, check, document
from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Ref, Refusal

ACTIONS = st.sampled_from(["s3:GetObject", "s3:PutObject", "ec2:Describe*", "*"])
NAMES = st.sampled_from(["*", "123456789012", "arn:aws:iam::123456789012:root", "arn:aws:iam::123456789012:role/a"])
VALUES = st.sampled_from(["true", True, False, 1, "1", 1.2, "eu-west-1", "vpc-1"])


def some(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """One value, or a list of some, doubles among them."""
    return values | st.lists(values, min_size=1, max_size=4)


STATEMENTS = st.fixed_dictionaries(
    {"Effect": st.sampled_from(["Allow", "Deny"]), "Action": some(ACTIONS)},
    optional={
        "Sid": st.sampled_from(["", "One"]),
        "Resource": some(st.sampled_from(["*", "arn:aws:s3:::a", "arn:aws:s3:::b/*"])),
        "Principal": st.just("*")
        | st.fixed_dictionaries({}, optional={"AWS": some(NAMES), "Service": some(st.just("ec2.amazonaws.com"))}),
        "Condition": st.dictionaries(
            st.sampled_from(["StringEquals", "Bool"]),
            st.dictionaries(st.sampled_from(["aws:SourceAccount", "aws:SourceVpc"]), some(VALUES), max_size=2),
            max_size=2,
        ),
    },
)
POLICIES = st.fixed_dictionaries(
    {"Version": st.just("2012-10-17"), "Statement": STATEMENTS | st.lists(STATEMENTS, min_size=1, max_size=3)}
)


def as_aws_may_write_it(value: Any, draw: random.Random, key: str = "") -> Any:
    """The same policy in another spelling: lists shuffled, single entries in and out of lists, text for numbers."""
    if isinstance(value, dict):
        pairs = list(value.items())
        draw.shuffle(pairs)
        return {name: as_aws_may_write_it(entry, draw, name) for name, entry in pairs}
    if isinstance(value, list):
        entries = [as_aws_may_write_it(entry, draw) for entry in value]
        if key != "Statement":  # the order of statements stays
            draw.shuffle(entries)
        return entries[0] if len(entries) == 1 and draw.random() < 0.5 else entries
    if key in ("Version", "Sid", "Effect") or (key == "Principal" and value == "*"):
        return value
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return [text] if draw.random() < 0.5 and key else text


@given(POLICIES, st.randoms(use_true_random=False))
def test_another_spelling_is_no_difference(policy: dict[str, Any], draw: random.Random) -> None:
    assert canonical(as_aws_may_write_it(policy, draw)) == canonical(policy)


@given(POLICIES)
def test_a_canonical_policy_stays_as_it_is(policy: dict[str, Any]) -> None:
    once = canonical(policy)
    assert canonical(once) == once


@given(POLICIES)
def test_text_is_read_plain_and_url_encoded(policy: dict[str, Any]) -> None:
    text = json.dumps(policy)
    assert canonical(text) == canonical(quote(text)) == canonical(policy)


@given(STATEMENTS, st.sampled_from(["Effect", "Action"]))
def test_another_meaning_is_a_difference(statement: dict[str, Any], key: str) -> None:
    other = {"Effect": {"Allow": "Deny", "Deny": "Allow"}[statement["Effect"]], "Action": ["iam:PassRole"]}
    assert document({**statement, key: other[key]}) != document(statement)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"Principal": "*"}, {"Principal": {"AWS": "*"}}),
        ({"Principal": {"AWS": "123456789012"}}, {"Principal": {"AWS": ["arn:aws:iam::123456789012:root"]}}),
        ({"Condition": {}}, {}),
        ({"Sid": ""}, {}),
        ({"Resource": ["b", "a", "b"]}, {"Resource": ["a", "b"]}),
        ({"Condition": {"Bool": {"x": True}}}, {"Condition": {"Bool": {"x": ["true"]}}}),
        ({"Condition": {"NumericLessThan": {"x": 1.2}}}, {"Condition": {"NumericLessThan": {"x": "1.2"}}}),
    ],
)
def test_equals(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert document({"Effect": "Allow", "Action": "*", **one}) == document({"Effect": "Allow", "Action": "*", **other})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"Principal": {"AWS": "*"}}, {"Principal": {"Service": "*"}}),
        ({"Principal": {"AWS": "*"}}, {"NotPrincipal": {"AWS": "*"}}),
        ({"Resource": "a"}, {"NotResource": "a"}),
        ({"Condition": {"Bool": {"x": True}}}, {"Condition": {"Bool": {"x": False}}}),
        ({"Condition": {"StringLike": {"x": "a"}}}, {"Condition": {"StringEquals": {"x": "a"}}}),
    ],
)
def test_differs(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert document({"Effect": "Allow", "Action": "*", **one}) != document({"Effect": "Allow", "Action": "*", **other})


def test_the_order_of_statements_is_kept() -> None:
    first, second = {"Sid": "B", "Effect": "Deny", "Action": "*"}, {"Sid": "A", "Effect": "Allow", "Action": "*"}
    assert [entry["Sid"] for entry in document(first, second)["Statement"]] == ["B", "A"]


def test_an_account_of_another_partition() -> None:
    policy = {"Statement": {"Effect": "Allow", "Action": "*", "Principal": {"AWS": "123456789012"}}}
    assert canonical(policy, "aws-cn")["Statement"][0]["Principal"] == {"AWS": ["arn:aws-cn:iam::123456789012:root"]}


def test_references_stay_references() -> None:
    key = Ref("kms_key", "demo-eks")
    assert document({"Effect": "Allow", "Action": "*", "Resource": key})["Statement"][0]["Resource"] == [key]
    tests = {"StringEquals": {"aws:SourceVpc": Ref("vpc", "demo")}}
    found = document({"Effect": "Allow", "Action": "*", "Condition": tests})["Statement"][0]["Condition"]
    assert found == {"StringEquals": {"aws:SourceVpc": [Ref("vpc", "demo")]}}


@given(POLICIES)
def test_what_is_well_formed_passes(policy: dict[str, Any]) -> None:
    found = canonical(policy)
    check("policy", policy)
    check("policy", found)
    assert canonical(found) == found


STATEMENT = {"Effect": "Allow", "Action": "*", "Resource": "*"}


@pytest.mark.parametrize(
    ("policy", "sentence"),
    [
        ({}, "p.Statement is not set; a list of statements is required."),
        ({"Statement": []}, "p.Statement is []; a list of statements is required."),
        ({"Statement": "Allow"}, "p.Statement is 'Allow'; a list of statements is required."),
        ({"Statement": ["Allow"]}, "p.Statement[0] is 'Allow'; a mapping is allowed."),
        (
            {"Statements": [], "Statement": [STATEMENT]},
            "p.Statements is []; it is unknown, allowed are Version, Id and",
        ),
        ({"Version": "2012-10-18", "Statement": STATEMENT}, "p.Version is '2012-10-18'; allowed are 2012-10-17 and"),
        ({"Statement": {**STATEMENT, "Effect": "Permit"}}, "p.Statement[0].Effect is 'Permit'; allowed are Allow and"),
        ({"Statement": {"Effect": "Allow"}}, "p.Statement[0].Action is not set; at least one action is required."),
        ({"Statement": {**STATEMENT, "Principal": "me"}}, "p.Statement[0].Principal is 'me'; allowed are '*' and a"),
        ({"Statement": {**STATEMENT, "Condition": {"Bool": "x"}}}, "p.Statement[0].Condition is {'Bool': 'x'}; a map"),
        ({"Statement": {**STATEMENT, "Resources": "*"}}, "p.Statement[0].Resources is '*'; it is unknown, allowed are"),
    ],
)
def test_what_aws_would_call_malformed_is_refused(policy: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Refusal) as refused:
        check("p", policy)
    assert str(refused.value).startswith(sentence)

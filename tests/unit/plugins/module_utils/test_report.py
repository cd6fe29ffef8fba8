"""Plans and runs in words."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.slipway.platform.plugins.module_utils._core import report
from ansible_collections.slipway.platform.plugins.module_utils._core.plan import (
    Action,
    Change,
    Effect,
    Field,
    Plan,
    Ref,
)

NODES = Ref("eks_nodegroup", "spot")
POLICY = {"Statement": [{"Action": ["s3:GetObject"], "Effect": "Allow", "Resource": [f"arn:aws:s3:::{'b' * 60}/*"]}]}
CHANGES = (
    Change(Ref("vpc", "demo"), Action.CREATE, (Field("cidr_block", None, "10.0.0.0/16"), Field("dns", None, True))),
    Change(NODES, Action.UPDATE, (Field("scaling.max_size", 6, 8), Field("tags.Owner", "a", None))),
    Change(NODES, Action.REPLACE, (Field("subnets", [Ref("subnet", "a")], []),), Effect.ROLLS_NODES),
    Change(Ref("eks_cluster", "demo"), Action.UPDATE, (Field("version", "1.34", "1.35"),), Effect.INTERRUPTS),
    Change(Ref("kms_key", "old"), Action.DELETE),
)


def test_a_plan_says_what_happens_to_what_and_with_which_effect() -> None:
    assert report.diff(Plan(CHANGES))["prepared"].splitlines() == [
        "+   create vpc 'demo'",
        '    cidr_block: "10.0.0.0/16"',
        "    dns: true",
        "~   update eks nodegroup 'spot'",
        "    scaling.max_size: 6 -> 8",
        '    tags.Owner: "a" -> (none)',
        "-/+ replace eks nodegroup 'spot': rolls nodes",
        '    subnets: ["a"] -> []',
        "~   update eks cluster 'demo': interrupts what runs",
        '    version: "1.34" -> "1.35"',
        "-   delete kms key 'old'",
    ]


def test_an_empty_plan_shows_nothing() -> None:
    assert report.diff(Plan()) == {}


def test_what_is_long_shows_only_where_it_differs() -> None:
    after = {"Statement": [{**POLICY["Statement"][0], "Action": ["s3:PutObject"]}]}
    changed = Change(Ref("iam_role", "demo"), Action.UPDATE, (Field("policies.a", POLICY, after),))
    lines = list(report.lines([changed]))
    assert lines[1] == "    policies.a:"
    assert '      -        "s3:GetObject"' in lines
    assert '      +        "s3:PutObject"' in lines
    assert [line for line in lines if "@@" in line or "Resource" in line] == []


def test_what_is_long_and_new_shows_whole() -> None:
    lines = list(report.lines([Change(Ref("iam_role", "a"), Action.CREATE, (Field("policies.a", None, POLICY),))]))
    assert lines[1] == "    policies.a:"
    assert '      "Statement": [' in "\n".join(lines[2:])


def done(*changes: Change, layer: str = "vpc", seconds: float = 1.0, **failure: Any) -> dict[str, Any]:
    return report.entry(layer, seconds, {"changes": Plan(changes).as_list(), **failure})


def test_a_summary_counts_and_names_what_is_felt() -> None:
    totals = report.summary([done(CHANGES[0], seconds=0.42), done(*CHANGES[1:], layer="eks"), done(layer="eks")])
    assert totals == {
        "created": 1,
        "updated": 2,
        "replaced": 1,
        "deleted": 1,
        "left": 0,
        "rolls_nodes": ["eks nodegroup 'spot'"],
        "interrupts": ["eks cluster 'demo'"],
        "seconds": {"vpc": 0.4, "eks": 2.0},
    }
    assert report.summary_lines("demo", totals, check_mode=False) == [
        "demo: 1 created, 2 updated, 1 replaced, 1 deleted",
        "  rolls nodes: eks nodegroup 'spot'",
        "  interrupts what runs: eks cluster 'demo'",
        "  seconds: vpc 0.4, eks 2",
    ]


@pytest.mark.parametrize(("check_mode", "words"), [(True, "1 to create"), (False, "1 created")])
def test_a_check_run_says_what_would_be_done(check_mode: bool, words: str) -> None:
    totals = report.summary([done(CHANGES[0])])
    assert report.summary_lines("demo", totals, check_mode=check_mode)[0] == f"demo: {words}"


@pytest.mark.parametrize(("check_mode", "words"), [(True, "nothing to change"), (False, "nothing changed")])
def test_a_run_without_changes_says_so(check_mode: bool, words: str) -> None:
    assert report.summary_lines("demo", report.summary([]), check_mode=check_mode) == [f"demo: {words}"]


def test_a_failure_counts_what_was_made_and_what_is_left() -> None:
    lists = {"changes_done": Plan(CHANGES[:1]).as_list(), "changes_left": Plan(CHANGES[1:]).as_list()}
    totals = report.summary([done(failed=True, **lists)])
    assert (totals["created"], totals["replaced"], totals["left"]) == (1, 0, 4)
    assert report.summary_lines("demo", totals, check_mode=False)[0] == "demo: 1 created; 4 left undone"


def test_a_summary_keeps_no_value() -> None:
    secret = Change(Ref("vpc", "demo"), Action.CREATE, (Field("password", None, "hunter2"),))
    assert "hunter2" not in str(done(secret))

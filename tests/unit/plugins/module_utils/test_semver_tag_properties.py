"""What holds for every history: one answer whatever order things come in, always upwards, and done when done."""

from __future__ import annotations

import random
from itertools import pairwise
from types import SimpleNamespace
from typing import Any, cast

from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.slipway.platform.plugins.module_utils import _plan
from ansible_collections.slipway.platform.plugins.module_utils._semver_tag import commits, decision, options
from ansible_collections.slipway.platform.plugins.module_utils._semver_tag.versions import version
from tests.semver_histories import Graph, Step, build, decided

MODEL = cast("Any", SimpleNamespace(_plan=_plan, commits=commits, decision=decision, options=options))
MESSAGES = st.sampled_from(
    ["feat: a", "fix: b", "docs: c", "feat!: d", "Update", "perf(x): e", "fix: f\n\nBREAKING CHANGE: g", "revert: h"]
)
OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "major_zero_breaking": st.sampled_from(["minor", "major"]),
        "major_zero_feature": st.sampled_from(["patch", "minor"]),
        "other_types": st.sampled_from(["none", "patch"]),
        "reverts": st.sampled_from(["cancel", "patch", "none"]),
        "unconventional": st.sampled_from(["ignore", "patch"]),
        "merge_commits": st.sampled_from(["ignore", "read", "first_parent"]),
        "squash_commits": st.sampled_from(["title", "list"]),
        "prereleases": st.sampled_from([[], [{"branch": "main", "identifier": "rc"}]]),
        "minimum_version": st.sampled_from(["0.2.0", "1.0.0"]),
    },
)


@st.composite
def histories(draw: st.DrawFn) -> list[Step]:
    """Steps with merges; "release" stands for a tag of whatever version is next there."""
    steps: list[Step] = [draw(MESSAGES)]
    for number in range(draw(st.integers(0, 4))):
        steps += draw(st.lists(MESSAGES, max_size=4))
        if draw(st.booleans()):
            side = f"side{number}"
            steps += [{"branch": side}, *draw(st.lists(MESSAGES, min_size=1, max_size=2)), {"switch": "main"}]
            steps += [*draw(st.lists(MESSAGES, max_size=2)), {"merge": side, "message": f"Merge branch '{side}'"}]
        if draw(st.booleans()):
            steps.append("release")
    return steps


def released(steps: list[Step], choices: dict[str, Any]) -> tuple[list[Step], list[str]]:
    """The steps with each "release" replaced by its tag, and the versions in their order."""
    done: list[Step] = []
    versions: list[str] = []
    for step in steps:
        if step != "release":
            done.append(step)
            continue
        answer = decided(MODEL, build(done), choices)
        if answer["due"]:
            versions.append(answer["version"])
            done.append({"tag": f"v{answer['version']}"})
    return done, versions


@given(histories(), OPTIONS)
@settings(max_examples=150, deadline=None)
def test_versions_only_rise(steps: list[Step], choices: dict[str, Any]) -> None:
    _, versions = released([*steps, "release"], choices)
    numbers = [version(text) for text in versions]
    for lower, higher in pairwise(numbers):
        assert lower is not None
        assert higher is not None
        assert lower < higher


@given(histories(), OPTIONS)
@settings(max_examples=100, deadline=None)
def test_what_is_tagged_stays(steps: list[Step], choices: dict[str, Any]) -> None:
    tagged, _ = released([*steps, "release"], choices)
    once = decided(MODEL, build(tagged), choices)
    assert not once["due"]
    assert decided(MODEL, build(tagged), choices) == once


@given(histories(), OPTIONS, st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None)
def test_the_order_of_tags_and_of_what_is_not_in_HEAD_does_not_matter(
    steps: list[Step], choices: dict[str, Any], chance: random.Random
) -> None:
    tagged, _ = released(steps, choices)
    graph = build(tagged)
    tags = list(graph.tags.items())
    chance.shuffle(tags)
    other = Graph(graph.nodes, dict(tags), graph.branches, graph.branch)
    assert decided(MODEL, other, choices) == decided(MODEL, graph, choices)


@given(histories(), OPTIONS, MESSAGES)
@settings(max_examples=100, deadline=None)
def test_one_more_commit_never_lowers_the_version(steps: list[Step], choices: dict[str, Any], message: str) -> None:
    tagged, _ = released(steps, choices)
    before, after = (decided(MODEL, build(more), choices) for more in (tagged, [*tagged, message]))
    lower, higher = version(before["version"] or "0.0.0"), version(after["version"] or "0.0.0")
    assert lower is not None
    assert higher is not None
    assert lower <= higher


@given(st.text(max_size=200) | st.from_regex(r"[a-z]{1,5}(\(\w+\))?!?: \w+(\n.{0,20}){0,5}", fullmatch=True))
@settings(max_examples=300, deadline=None)
def test_every_text_is_a_message(text: str) -> None:
    for message in (text, *commits.listed(text), commits.without_merge_heading(text)):
        change = commits.parsed(message)
        assert change.type is None or change.type == change.type.lower()
        assert change.breaking is None or change.type is not None

"""What holds for every history: one answer whatever order things come in, always upwards, and done when done."""

from __future__ import annotations

import random
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.slipway.platform.plugins.module_utils._pipeline.semver_tag import commits, forges
from ansible_collections.slipway.platform.plugins.module_utils._pipeline.semver_tag.versions import version
from tests.semver_histories import Graph, Step, build, decided
from tests.semver_strategies import MESSAGES, MODEL, OPTIONS, histories, released


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
    for message in (text, *commits.listed(text), forges.without_heading(text)):
        change = commits.parsed(message)
        assert change.type is None or change.type == change.type.lower()
        assert change.breaking is None or change.type is not None

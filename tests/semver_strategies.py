"""Generated histories and options of semver_tag."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from hypothesis import strategies as st

from ansible_collections.slipway.platform.plugins.module_utils._core import plan
from ansible_collections.slipway.platform.plugins.module_utils._pipeline.semver_tag import commits, decision, options
from tests.semver_histories import Step, build, decided

MODEL = cast("Any", SimpleNamespace(plan=plan, commits=commits, decision=decision, options=options))
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

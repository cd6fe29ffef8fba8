"""Workflows and actions: pins, triggers, permissions, and that callers and what they call agree."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from .tree import ROOT

PINS = {
    "actions/checkout": ("3d3c42e5aac5ba805825da76410c181273ba90b1", "v7.0.1"),
    "actions/download-artifact": ("3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c", "v8.0.1"),
    "actions/upload-artifact": ("043fb46d1a93c77aae656e7c1c64a875d1fc6a0a", "v7.0.1"),
    "aws-actions/configure-aws-credentials": ("e6de054238d6b7531b4efff3b6587d9aade6a06c", "v6.2.3"),
}
"""Every action of others that is used: the commit of its tag."""
ROLE = "aws-actions/configure-aws-credentials"
OURS = "slipway-platform/slipway.platform"
TRIGGERS = {"pull_request", "push", "schedule", "workflow_call", "workflow_dispatch"}
"""What may start a workflow. Not among them: what runs a fork's code with rights (pull_request_target, workflow_run,
issue_comment), and what a tag or a release that a workflow makes with GITHUB_TOKEN would never start."""
SAME_REPOSITORY = "github.event.pull_request.head.repo.full_name == github.repository"
REUSABLE = sorted(ROOT.glob(".github/workflows/*.yml"))
CALLERS = sorted(ROOT.glob("examples/*/.github/workflows/*.yml"))
ACTIONS = sorted(ROOT.glob(".github/actions/*/action.yml"))
EVERY = [*REUSABLE, *CALLERS, *ACTIONS]


class Loader(yaml.SafeLoader):
    """YAML 1.2 in one point: `on` is a word and no truth value."""


Loader.yaml_implicit_resolvers = {
    first: [entry for entry in entries if entry[0] != "tag:yaml.org,2002:bool" or first in "tTfF"]
    for first, entries in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def load(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), Loader)
    return loaded


def jobs(path: Path) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = load(path)["jobs"]
    return found


def steps(path: Path) -> Iterator[dict[str, Any]]:
    if "runs" in load(path):
        yield from load(path)["runs"]["steps"]
    for job in load(path).get("jobs", {}).values():
        yield from job.get("steps", [])


def uses(path: Path) -> list[tuple[str, str]]:
    """What the file uses, with the comment behind it."""
    return re.findall(r"^\s*(?:- )?uses: (\S+)(?: # (\S+))?$", path.read_text(), re.MULTILINE)


@pytest.mark.parametrize("path", EVERY, ids=name)
def test_actions_of_others_are_pinned_by_the_commit_of_their_tag(path: Path) -> None:
    for used, comment in uses(path):
        action, _, commit = used.partition("@")
        if not used.startswith("$/") and not action.startswith(OURS):
            assert (commit, comment) == PINS[action]


@pytest.mark.parametrize("path", [*REUSABLE, *CALLERS], ids=name)
def test_nothing_dangerous_starts_a_workflow(path: Path) -> None:
    started = load(path)["on"]
    assert set(started) <= TRIGGERS
    assert "tags" not in ((started or {}).get("push") or {}), "a tag that a workflow pushes starts none"


@pytest.mark.parametrize("path", [*REUSABLE, *CALLERS], ids=name)
def test_permissions_are_none_but_those_of_each_job(path: Path) -> None:
    assert load(path)["permissions"] == {}
    for job in jobs(path).values():
        assert job["permissions"]
        if "uses" not in job:
            assert job["timeout-minutes"] <= 120
            assert job["concurrency"]["group"]


@pytest.mark.parametrize("path", REUSABLE, ids=name)
def test_what_a_pull_request_starts_has_no_rights_for_forks(path: Path) -> None:
    """A job that may write, or speak to AWS, is one of branches of the same repository."""
    if path.stem not in ("pull-request", "questions", "test"):
        return
    assert "secrets" not in path.read_text()
    for job in jobs(path).values():
        if "write" in job["permissions"].values():
            assert SAME_REPOSITORY in job["if"]
        else:
            assert job["permissions"] == {"contents": "read"}


@pytest.mark.parametrize("path", [*REUSABLE, *CALLERS], ids=name)
def test_secrets_are_named_one_by_one_and_only_for_one_step(path: Path) -> None:
    for job in jobs(path).values():
        assert job.get("secrets") != "inherit"
        assert "secrets." not in str(job.get("env", {}))
    assert "secrets." not in str(load(path).get("env", {}))


@pytest.mark.parametrize("path", REUSABLE, ids=name)
def test_checkouts_leave_no_token_behind(path: Path) -> None:
    for step in steps(path):
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] == "false" or step["with"]["persist-credentials"] is False
        if step.get("uses", "").startswith("aws-actions/"):
            assert (step["with"]["output-credentials"], step["with"]["output-env-credentials"]) == (True, False)


COMPILE, RUNTIME = "$/.github/actions/compile", "$/.github/actions/runtime"
INSTALLS = re.compile(r"venv\.sh|cosign\.sh|runtime\.sh|\b(?:pip|uv|npm|apt-get|go build)\b")


@pytest.mark.parametrize("path", REUSABLE, ids=name)
def test_code_of_the_application_runs_where_nothing_is_worth_stealing(path: Path) -> None:
    """No role, no secret and a token that reads, in the job; and no job that has more of them compiles."""
    for job in jobs(path).values():
        used = [step.get("uses", "") for step in job["steps"]]
        if COMPILE in used:
            assert job["permissions"] == {"contents": "read"}
            assert "secrets" not in str(job)
            assert not [action for action in used if action.startswith("aws-actions/")]


def test_what_was_compiled_is_handed_on_by_digest() -> None:
    build = jobs(ROOT / ".github/workflows/build.yml")
    assert build["compile"]["outputs"] == {"checksums": "${{ steps.compile.outputs.checksums }}"}
    (artifact,) = [step for step in build["artifact"]["steps"] if step.get("uses") == "$/.github/actions/artifact"]
    assert artifact["with"]["checksums"] == "${{ needs.compile.outputs.checksums }}"
    used = [step["uses"].partition("@")[0] for step in build["artifact"]["steps"]]
    assert "actions/checkout" not in used, "the job that writes has nothing of the application's to run"


@pytest.mark.parametrize("path", REUSABLE, ids=name)
def test_what_is_installed_comes_before_the_role(path: Path) -> None:
    for job in jobs(path).values():
        used = [step.get("uses", "").partition("@")[0] for step in job["steps"]]
        role = used.index(ROLE) if ROLE in used else len(used)
        assert RUNTIME not in used[role:]
        for step in job["steps"]:
            if "AWS_SECRET_ACCESS_KEY" in step.get("env", {}):
                assert RUNTIME in used[:role]
                assert job["steps"].index(step) > role
        if ROLE in used:
            (runtime,) = [step for step in job["steps"] if step.get("uses") == RUNTIME]
            assert "lock" not in runtime.get("with", {}), "the development lock is none for a role"


def test_only_the_action_runtime_installs() -> None:
    for path in ACTIONS:
        scripts = [ROOT / ".github/scripts" / found for found in re.findall(r"scripts/([\w.]+)", path.read_text())]
        text = "".join(str(step.get("run")) for step in steps(path)) + "".join(file.read_text() for file in scripts)
        assert bool(INSTALLS.search(text)) == (path.parent.name == "runtime"), path


def test_the_runtime_is_a_handful_of_packages_at_the_versions_of_the_lock() -> None:
    pins = [
        set(re.findall(r"^([a-z0-9-]+==\S+)", (ROOT / file).read_text(), re.MULTILINE))
        for file in ("runtime.txt", "requirements.txt")
    ]
    assert pins[0] < pins[1]
    assert len(pins[0]) <= 25


@pytest.mark.parametrize("path", EVERY, ids=name)
def test_what_others_wrote_reaches_a_shell_by_the_environment_alone(path: Path) -> None:
    for step in steps(path):
        assert "${{" not in step.get("run", "")
        assert "github-script" not in step.get("uses", "")


@pytest.mark.parametrize("path", [*REUSABLE, *ACTIONS], ids=name)
def test_local_actions_get_the_inputs_that_they_name(path: Path) -> None:
    for step in steps(path):
        used = step.get("uses", "")
        if used.startswith("$/"):
            agree(load(ROOT / used.removeprefix("$/") / "action.yml")["inputs"], step.get("with", {}))


@pytest.mark.parametrize("path", CALLERS, ids=name)
def test_callers_give_what_the_workflows_take(path: Path) -> None:
    """Inputs, secrets and at least the permissions, at the commit that is pinned and as they are now."""
    for job in jobs(path).values():
        called, _, commit = job["uses"].partition("@")
        assert called.startswith(f"{OURS}/.github/workflows/")
        file = called.removeprefix(f"{OURS}/")
        pinned = subprocess.run(
            ["git", "show", f"{commit}:{file}"], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert pinned.returncode == 0, f"{commit} is no commit of this repository with {file}: {pinned.stderr}"
        for text in (pinned.stdout, (ROOT / file).read_text()):
            workflow = yaml.load(text, Loader)
            takes = workflow["on"]["workflow_call"] or {}
            agree(takes.get("inputs", {}), job.get("with", {}))
            agree(takes.get("secrets", {}), job.get("secrets", {}))
            wanted = {right for inner in workflow["jobs"].values() for right in inner["permissions"].items()}
            assert wanted <= set(job["permissions"].items())


def agree(takes: dict[str, Any], given: dict[str, Any]) -> None:
    assert set(given) <= set(takes)
    assert {key for key, entry in takes.items() if entry.get("required") is True} <= set(given)


@pytest.mark.parametrize("path", [*REUSABLE, *ACTIONS], ids=name)
def test_inputs_and_outputs_are_described(path: Path) -> None:
    top = load(path)
    described = top.get("on", top)
    described = described.get("workflow_call", described) if isinstance(described, dict) else described
    for kind in ("inputs", "outputs", "secrets"):
        for key, entry in (described.get(kind) or {}).items():
            assert entry["description"].endswith("."), key


def test_questions_are_looked_at_whenever_they_may_have_changed() -> None:
    kinds = ["opened", "edited", "reopened", "synchronize"]
    for path in (ROOT / ".github/workflows/questions.yml", ROOT / "examples/app/.github/workflows/questions.yml"):
        assert load(path)["on"]["pull_request"]["types"] == kinds


def test_the_example_asks_the_projects_questions() -> None:
    ours, theirs = (ROOT / top / ".github/pull_request_template.md" for top in ("", "examples/app"))
    assert theirs.read_text() == ours.read_text()

"""The plan of a pull request in Markdown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.github.actions import program

plan = program("plan")


def change(name: str = "app", action: str = "create", effect: str = "none", **fields: Any) -> dict[str, Any]:
    listed = [{"path": path, "before": None, "after": value} for path, value in fields.items()]
    return {"kind": "bucket", "name": name, "action": action, "effect": effect, "fields": listed}


def report(*results: dict[str, Any], stats: dict[str, Any] | None = None) -> dict[str, Any]:
    tasks = [{"task": {"name": "a task"}, "hosts": {"demo": result}} for result in results]
    return {"plays": [{"tasks": tasks}], "stats": {"demo": {}} if stats is None else stats}


def test_changes_of_all_tasks_stand_in_one_table_in_order() -> None:
    text = plan.markdown(
        report(
            {"changes": [change("a"), change("b", "update", "interrupts", versioning=True, acl="private")]},
            {"changes": [change("c", "delete"), change("d", "replace", "rolls_nodes", ami="x")]},
            {"msg": "a task without changes"},
        ),
        "Plan",
    )
    assert text == (
        "### Plan\n\n**demo**: 4 changes\n\n"
        "| | kind | name | what changes | effect |\n|---|---|---|---|---|\n"
        "| + | bucket | a |  |  |\n"
        "| ~ | bucket | b | acl, versioning | interrupts |\n"
        "| - | bucket | c |  |  |\n"
        "| ± | bucket | d |  | rolls nodes |\n"
    )


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (report({}), "**demo**: nothing changes"),
        (report({"changes": [change()]}), "**demo**: 1 change\n"),
        (report(stats={}), "The inventory holds no platform."),
        (report({"failed": True, "msg": "x is 'a'; b is allowed."}), "the plan failed\n\n> x is 'a'; b is allowed."),
        (
            report({"changes": [change()]}, {"failed": True, "msg": "no."}),
            "the plan failed\n\n> no.\n\n| | kind |",
        ),
        (report({"unreachable": True}), "the plan failed\n\n> failed without a message"),
        (None, "The plan failed before it began"),
    ],
)
def test_what_there_is_to_say_without_a_table(given: dict[str, Any] | None, expected: str) -> None:
    assert expected in plan.markdown(given, "Plan")


def test_a_long_plan_is_cut_where_a_comment_would_end() -> None:
    text = plan.markdown(report({"changes": [change(f"b{number}") for number in range(230)]}), "Plan")
    assert text.count("| + |") == 200
    assert text.endswith("\n\n30 more stand in the log.\n")


@pytest.mark.parametrize("name", ["a|b", "![x](http://evil)", "<img src=x>", "a\nb", "`code`", "@everyone", "<!-- x"])
def test_no_name_becomes_markup(name: str) -> None:
    row = plan.markdown(report({"changes": [change(name)]}), "Plan").splitlines()[-1]
    assert row.replace("\\|", "").count("|") == 6
    assert not [sign for sign in "`<@![" if sign in row.replace(f"\\{sign}", "")]


@pytest.mark.parametrize(
    ("given", "code", "expected", "changes"),
    [
        (report({"changes": [change()]}), 0, 0, "1"),
        (report({}), 0, 0, "0"),
        (report({"failed": True, "msg": "no."}), 2, 2, "0"),
        (report(stats={}), 0, 1, "0"),
        (None, 4, 4, "0"),
    ],
)
def test_what_was_not_planned_is_no_plan_without_changes(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    given: dict[str, Any] | None,
    code: int,
    expected: int,
    changes: str,
) -> None:
    monkeypatch.setattr(plan, "planned", lambda environment, *more: (code, given))
    monkeypatch.setattr(plan.subprocess, "run", lambda command, check: None)
    for name in ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.setenv("ACCOUNT", "standing")
    monkeypatch.setenv("TITLE", "Plan")
    assert plan.main() == expected
    assert (tmp_path / "GITHUB_OUTPUT").read_text().startswith(f"changes={changes}\nreport<<")
    assert (tmp_path / "GITHUB_STEP_SUMMARY").read_text() == plan.markdown(given, "Plan")

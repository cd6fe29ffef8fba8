"""The plan of a pull request in Markdown."""

from __future__ import annotations

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

"""Options checked strictly: one sentence for what is wrong, and values cast once."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.slipway.platform.plugins.module_utils._core.options import (
    COMMON,
    IN_QUOTES,
    check_confirmation,
    checked,
)
from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Refusal

from .cloud import Cloud

OPTIONS: dict[str, dict[str, Any]] = {
    "name": {"type": "str", "required": True},
    "wait": {"type": "bool", "default": True},
    "days": {"type": "int"},
    "kind": {"choices": ["managed", "self_managed"], "default": "managed"},
    "zones": {"type": "list", "elements": "str", "default": []},
    "scaling": {
        "type": "dict",
        "default": {},
        "options": {"min_size": {"type": "int", "default": 1}, "max_size": {"type": "int"}},
    },
    "groups": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "use": {"type": "str", "required": True},
            "labels": {"type": "dict", "default": {}},
            "types": {"type": "list", "elements": "str", "choices": ["a", "b"], "default": []},
        },
    },
    "any": {"type": "raw"},
}


def test_defaults_are_set_at_every_depth() -> None:
    assert checked(OPTIONS, {"name": "demo", "groups": [{"use": "x"}], "scaling": {"max_size": "3"}}) == {
        "name": "demo",
        "wait": True,
        "days": None,
        "kind": "managed",
        "zones": [],
        "scaling": {"min_size": 1, "max_size": 3},
        "groups": [{"use": "x", "labels": {}, "types": []}],
        "any": None,
    }
    assert checked(OPTIONS, {"name": "demo"})["scaling"] == {"min_size": 1, "max_size": None}


def test_a_default_is_nobody_elses() -> None:
    checked(OPTIONS, {"name": "demo"})["zones"].append("x")
    assert checked(OPTIONS, {"name": "demo"})["zones"] == []


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({}, "name is not set; a value is required."),
        ({"name": None}, "name is not set; a value is required."),
        ({"name": "x", "nam": "y"}, "nam is 'y'; it is unknown, allowed are any, days, groups, kind, name, scaling,"),
        (
            {"name": 1.30},
            f"name is 1.3; a text is allowed ({IN_QUOTES}).",
        ),
        ({"name": True}, "name is True; a text is allowed"),
        ({"name": ["x"]}, "name is ['x']; a text is allowed"),
        ({"name": "x", "wait": "maybe"}, "wait is 'maybe'; allowed are true and false."),
        ({"name": "x", "wait": ["yes"]}, "wait is ['yes']; allowed are true and false."),
        ({"name": "x", "wait": {}}, "wait is {}; allowed are true and false."),
        ({"name": "x", "days": "ten"}, "days is 'ten'; a whole number is allowed."),
        ({"name": "x", "days": 1.5}, "days is 1.5; a whole number is allowed."),
        ({"name": "x", "days": True}, "days is True; a whole number is allowed."),
        ({"name": "x", "kind": "other"}, "kind is 'other'; allowed are managed, self_managed."),
        ({"name": "x", "zones": "a"}, "zones is 'a'; a list is allowed."),
        ({"name": "x", "zones": "[a"}, "zones is '[a'; a list is allowed, but -e name=value gives a text; write -e '{"),
        ({"name": "x", "groups": [{"use": "a", "types": "[]"}]}, "groups[0].types is '[]'; a list is allowed."),
        ({"name": "x", "kind": False}, "kind is False; a text is allowed"),
        ({"name": "x", "zones": ["a", 1.5]}, "zones[1] is 1.5; a text is allowed"),
        ({"name": "x", "scaling": []}, "scaling is []; a mapping of keys to values is allowed."),
        ({"name": "x", "scaling": {"min": 1}}, "scaling.min is 1; it is unknown, allowed are max_size, min_size."),
        ({"name": "x", "groups": [{"use": "a"}, {}]}, "groups[1].use is not set; a value is required."),
        ({"name": "x", "groups": ["a"]}, "groups[0] is 'a'; a mapping of keys to values is allowed."),
        ({"name": "x", "groups": [{"use": "a", "types": ["c"]}]}, "groups[0].types[0] is 'c'; allowed are a, b."),
    ],
)
def test_what_is_wrong_is_refused(values: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Refusal) as refused:
        checked(OPTIONS, values)
    assert str(refused.value).startswith(sentence)


@pytest.mark.parametrize(
    ("values", "command"),
    [
        ({"zones": "[]"}, """-e '{"zones": []}'"""),
        ({"zones": ' ["a","b"]'}, """-e '{"zones": ["a", "b"]}'"""),
        ({"zones": "[a, b]"}, """-e '{"zones": [...]}'"""),
        ({"scaling": '{"max_size": 3}'}, """-e '{"scaling": {"max_size": 3}}'"""),
    ],
)
def test_a_list_that_came_as_text_is_answered_with_the_command_that_is_meant(
    values: dict[str, Any], command: str
) -> None:
    with pytest.raises(Refusal) as refused:
        checked(OPTIONS, {"name": "x", **values})
    assert str(refused.value).endswith(f" is allowed, but -e name=value gives a text; write {command}.")


SURVEY: dict[str, dict[str, Any]] = {
    "version": {"choices": ["1.2", "1.3"]},
    "again": {"choices": ["1.3", "1.30"]},
    "answer": {"choices": ["No", "Perhaps"]},
    "both": {"choices": ["no", "off"]},
    "day": {"type": "str"},
    "wait": {"type": "bool"},
    "count": {"type": "int"},
}


@pytest.mark.parametrize(
    ("name", "arrived", "meant"),
    [
        ("version", 1.3, "1.3"),
        ("answer", False, "No"),
        ("day", date(2026, 11, 28), "2026-11-28"),
        ("day", 4711, "4711"),
        ("day", None, None),
        ("wait", False, False),
        ("count", 90, 90),
    ],
)
def test_an_answer_of_a_survey_is_taken_where_one_text_alone_can_be_meant(name: str, arrived: Any, meant: Any) -> None:
    assert checked(SURVEY, {name: arrived})[name] == meant


@pytest.mark.parametrize(
    ("name", "arrived"),
    [("version", 1.4), ("again", 1.3), ("both", False), ("day", 1.3), ("day", True), ("day", datetime(2026, 11, 28))],
)
def test_an_answer_of_a_survey_is_refused_where_the_text_is_lost(name: str, arrived: Any) -> None:
    with pytest.raises(Refusal, match="which a survey of AWX drops and its extra variables keep"):
        checked(SURVEY, {name: arrived})


def test_the_user_knows_an_option_by_its_variable() -> None:
    with pytest.raises(Refusal) as refused:
        checked(OPTIONS, {"name": "x", "groups": [{}]}, lambda name: f"vpc_{name}")
    assert str(refused.value) == "vpc_groups[0].use is not set; a value is required."


@pytest.mark.parametrize("text", ["true", "True", "yes", "1", " on ", 1, True, 1.0])
def test_what_ansible_takes_for_true(text: Any) -> None:
    assert checked(OPTIONS, {"name": "x", "wait": text})["wait"] is True


@pytest.mark.parametrize("text", ["false", "No", "0", "off", 0, False])
def test_what_ansible_takes_for_false(text: Any) -> None:
    assert checked(OPTIONS, {"name": "x", "wait": text})["wait"] is False


GOOD = st.fixed_dictionaries(
    {"name": st.text(max_size=3)},
    optional={
        "wait": st.booleans() | st.sampled_from(["yes", "no"]),
        "days": st.integers() | st.integers().map(str),
        "zones": st.lists(st.text(max_size=2) | st.integers(), max_size=3),
        "groups": st.lists(st.fixed_dictionaries({"use": st.text(max_size=2)}), max_size=2),
        "any": st.none() | st.integers() | st.lists(st.integers(), max_size=2),
    },
)


@given(GOOD)
def test_what_was_checked_passes_unchanged(values: dict[str, Any]) -> None:
    once = checked(OPTIONS, values)
    assert checked(OPTIONS, once) == once
    assert set(once) == set(OPTIONS)


@given(st.integers())
def test_whole_numbers_may_be_text(number: int) -> None:
    assert checked(OPTIONS, {"name": "x", "days": str(number)})["days"] == number
    assert checked(OPTIONS, {"name": number})["name"] == str(number)


def test_every_module_takes_the_common_options() -> None:
    assert checked(COMMON, {}) == {"state": "present", "known": {}}
    found = checked(Cloud().box.specification, {"platform_name": "demo"})
    assert (found["state"], found["adopt"], found["tags"], found["known"]) == ("present", False, {}, {})


@pytest.mark.parametrize(("confirmation", "shown"), [("", "not set"), ("other", "'other'")])
def test_a_confirmation_that_is_given_is_the_name_of_the_platform(confirmation: str, shown: str) -> None:
    check_confirmation("destroy_confirm", "demo", "demo")
    check_confirmation("destroy_confirm", None, "demo")
    with pytest.raises(Refusal) as refused:
        check_confirmation("destroy_confirm", confirmation, "demo")
    allowed = "'demo' is required, the name of the platform that is to be destroyed"
    assert str(refused.value) == f"destroy_confirm is {shown}; {allowed}."

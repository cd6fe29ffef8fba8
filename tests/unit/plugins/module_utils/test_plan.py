"""The planner: what is applied plans to nothing, in the right order, with the right effect."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ansible_collections.slipway.platform.plugins.module_utils._core.plan import (
    Action,
    Change,
    Effect,
    Field,
    Found,
    Impossible,
    Plan,
    Ref,
    Refusal,
    Resource,
    Rules,
    comparable,
    differences,
    named,
    plain,
    plan,
    quote,
    references,
    resolved,
    tag_differences,
)

REFS = st.builds(Ref, st.sampled_from(["vpc", "subnet", "kms_key"]), st.sampled_from(["demo", "demo-a", "demo-b"]))
SCALARS = st.none() | st.booleans() | st.integers(-3, 3) | st.text("ab", max_size=2) | REFS
KEYS = st.text("abc", min_size=1, max_size=2)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)
ATTRIBUTES = st.dictionaries(KEYS, VALUES, max_size=4)
TAGS = st.dictionaries(
    st.sampled_from(["Owner", "Name", "aws:x", "eks:y", "By"]), st.text("ab", max_size=1), max_size=4
)
RESOURCES = st.builds(Resource, REFS, ATTRIBUTES, st.none() | TAGS)
FOUND = st.builds(Found, st.text("i-", min_size=1, max_size=3), ATTRIBUTES, st.none() | TAGS)
RULES = (Rules("vpc"), Rules("subnet"), Rules("kms_key"))


def with_field(attributes: Mapping[str, Any], path: list[str], value: Any) -> dict[str, Any]:
    """Attributes in which one field has the value; None is a key that is not there."""
    name, rest = path[0], path[1:]
    inner = attributes.get(name)
    after = with_field(inner if isinstance(inner, dict) else {}, rest, value) if rest else value
    return {key: entry for key, entry in {**attributes, name: after}.items() if entry is not None}


def applied(observed: Mapping[Ref, Found], made: Plan) -> dict[Ref, Found]:
    """What stands once the fields of a plan were written."""
    after = dict(observed)
    for change in made.changes:
        found = after.pop(change.ref, Found("new", {}, {}))
        if change.action is Action.DELETE:
            continue
        attributes, tags = dict(found.attributes), dict(found.tags or {})
        for field in change.fields:
            if field.attribute == "tags":
                tags[field.path.removeprefix("tags.")] = field.after
            else:
                attributes = with_field(attributes, field.path.split("."), field.after)
        tags = {key: value for key, value in tags.items() if value is not None}
        after[change.ref] = Found(found.id, attributes, tags)
    return after


def without_tags_attribute(resource: Resource) -> bool:
    return "tags" not in resource.attributes


@given(
    st.lists(RESOURCES.filter(without_tags_attribute), max_size=4, unique_by=lambda resource: resource.ref),
    st.dictionaries(REFS, FOUND, max_size=4),
)
def test_what_is_applied_plans_to_nothing(declared: list[Resource], observed: dict[Ref, Found]) -> None:
    made = plan(declared, observed, RULES, ignore_tags=("aws:",))
    assert plan(declared, applied(observed, made), RULES, ignore_tags=("aws:",)) == Plan()


@given(
    st.lists(RESOURCES, max_size=4, unique_by=lambda resource: resource.ref), st.dictionaries(REFS, FOUND, max_size=4)
)
def test_creates_and_updates_come_in_the_order_of_making_and_deletes_go_backwards(
    declared: list[Resource], observed: dict[Ref, Found]
) -> None:
    changes = plan(declared, observed, RULES).changes
    made = [change.ref for change in changes if change.action is not Action.DELETE]
    gone = [change.ref for change in changes if change.action is Action.DELETE]
    assert made == [resource.ref for resource in declared if resource.ref in made]
    assert [change.action for change in changes[len(made) :]] == [Action.DELETE] * len(gone)
    order = [rule.name for rule in RULES]
    assert [order.index(ref.kind) for ref in gone] == sorted((order.index(ref.kind) for ref in gone), reverse=True)
    assert set(gone) == set(observed) - {resource.ref for resource in declared}
    assert {change.ref for change in changes if change.action is Action.CREATE} == {
        resource.ref for resource in declared
    } - set(observed)


@given(ATTRIBUTES, ATTRIBUTES)
def test_a_field_for_each_difference_and_none_for_what_is_equal(before: dict[str, Any], after: dict[str, Any]) -> None:
    found = list(differences(before, after))
    assert list(differences(before, before)) == []
    assert list(differences(after, after)) == []
    assert {field.attribute for field in found} <= set(after)
    assert all(comparable(field.before) != comparable(field.after) for field in found)
    assert [field.path for field in found] == sorted({field.path for field in found}, key=lambda path: path.split("."))


def test_what_is_not_declared_is_kept_at_the_top_and_removed_below_it() -> None:
    before = {"kept": 1, "scaling": {"min": 1, "max": 3}}
    assert list(differences(before, {"scaling": {"min": 1}})) == [Field("scaling.max", 3, None)]


@given(st.permutations([Ref("subnet", "demo-a"), Ref("subnet", "demo-b"), "subnet-1"]))
def test_a_list_with_references_is_a_set(entries: list[Any]) -> None:
    before = {"subnets": [Ref("subnet", "demo-a"), "subnet-1", Ref("subnet", "demo-b")]}
    assert list(differences(before, {"subnets": entries})) == []
    assert list(differences(before, {"subnets": entries[:2]})) != []


def test_a_list_without_references_has_an_order() -> None:
    assert list(differences({"types": ["a", "b"]}, {"types": ["b", "a"]})) == [Field("types", ["a", "b"], ["b", "a"])]


@given(TAGS, TAGS)
def test_tags_of_others_stay(before: dict[str, str], after: dict[str, str]) -> None:
    found = tag_differences(before, after, ("aws:", "eks:"))
    written = {field.path.removeprefix("tags."): field.after for field in found}
    left = {key: value for key, value in {**before, **written}.items() if value is not None}
    foreign = {key: value for key, value in before.items() if key.startswith(("aws:", "eks:"))}
    assert left == {**foreign, **after}


def test_no_beginning_to_ignore_means_that_nothing_is_ignored() -> None:
    assert tag_differences({"By": "hand"}, {}, ()) == [Field("tags.By", "hand", None)]


def one(rule: Rules, before: dict[str, Any], after: dict[str, Any]) -> Change:
    ref = Ref(rule.name, "demo")
    (change,) = plan([Resource(ref, after)], {ref: Found("vpc-1", before)}, [rule]).changes
    return change


def test_an_immutable_attribute_is_a_replacement() -> None:
    rule = Rules("vpc", immutable=frozenset({"cidr_block"}))
    assert one(rule, {"cidr_block": "a", "dns": 1}, {"cidr_block": "b", "dns": 1}).action is Action.REPLACE
    assert one(rule, {"cidr_block": "a", "dns": 1}, {"cidr_block": "a", "dns": 2}).action is Action.UPDATE


def test_a_fixed_attribute_is_refused_once_it_has_a_value() -> None:
    rule = Rules("vpc", fixed={"cidr_block": "AWS fixes it"})
    with pytest.raises(Impossible) as impossible:
        one(rule, {"cidr_block": "a"}, {"cidr_block": "b"})
    assert str(impossible.value) == "cidr_block of vpc 'demo' is 'a' and cannot become 'b': AWS fixes it."
    assert one(rule, {"cidr_block": None}, {"cidr_block": "b"}).action is Action.UPDATE


@pytest.mark.parametrize(
    ("changed", "effect"),
    [
        ({"a": 1}, Effect.NONE),
        ({"a": 1, "b": 1}, Effect.ROLLS_NODES),
        ({"b": 1, "c": 1}, Effect.INTERRUPTS),
        ({"c": {"x": 1}}, Effect.INTERRUPTS),
    ],
)
def test_the_strongest_effect_counts(changed: dict[str, Any], effect: Effect) -> None:
    rule = Rules("vpc", effects={"b": Effect.ROLLS_NODES, "c": Effect.INTERRUPTS})
    assert one(rule, {}, changed).effect is effect


def test_what_holds_a_resource_is_released_before_its_deletion() -> None:
    ref = Ref("vpc", "demo")
    rule = Rules("vpc", release={"deletion_protection": False})
    made = plan([], {ref: Found("vpc-1", {"deletion_protection": True})}, [rule])
    assert made.changes == (
        Change(ref, Action.UPDATE, (Field("deletion_protection", True, False),)),
        Change(ref, Action.DELETE),
    )
    free = plan([], {ref: Found("vpc-1", {"deletion_protection": False})}, [rule])
    assert free.changes == (Change(ref, Action.DELETE),)


def test_what_would_collide_goes_first() -> None:
    new, old = Ref("vpc", "new"), Ref("vpc", "old")
    rule = Rules("vpc", delete_first=True)
    changes = plan([Resource(new)], {old: Found("vpc-1")}, [rule]).changes
    assert [(change.ref, change.action) for change in changes] == [(old, Action.DELETE), (new, Action.CREATE)]


def test_a_create_shows_what_is_set() -> None:
    ref = Ref("vpc", "demo")
    (change,) = plan([Resource(ref, {"b": None, "c": False, "a": 1}, {"Name": "demo"})], {}, [Rules("vpc")]).changes
    assert change.fields == (Field("a", None, 1), Field("c", None, False), Field("tags.Name", None, "demo"))


@given(st.lists(RESOURCES, max_size=3, unique_by=lambda resource: resource.ref))
def test_a_plan_is_json_with_names(declared: list[Resource]) -> None:
    made = plan(declared, {}, RULES)
    text = json.dumps(made.as_list())
    assert json.loads(text) == made.as_list()
    assert bool(made) == bool(declared)


@given(VALUES, st.dictionaries(REFS, st.text("xyz-", min_size=3, max_size=5), min_size=1))
def test_references_become_identifiers_and_back(value: Any, ids: dict[Ref, str]) -> None:
    assume(set(references(value)) <= set(ids) and len(set(ids.values())) == len(ids))
    names = {identifier: ref for ref, identifier in ids.items()}
    back = named(Found("x", {"value": resolved(value, ids)}), names).attributes["value"]
    assert back == value


def test_a_reference_without_identifier_is_an_error() -> None:
    with pytest.raises(KeyError):
        resolved({"vpc": [Ref("vpc", "demo")]}, {})


@given(VALUES)
def test_plain_values_hold_no_references(value: Any) -> None:
    assert list(references(plain(value))) == []
    assert plain(plain(value)) == plain(value)


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("x", "option is 'x'; nothing is allowed."),
        (3, "option is 3; nothing is allowed."),
        (None, "option is not set; nothing is allowed."),
        (["x"], "option is ['x']; nothing is allowed."),
    ],
)
def test_a_refusal_is_one_sentence(value: Any, sentence: str) -> None:
    refusal = Refusal("option", value, "nothing is allowed")
    assert str(refusal) == sentence
    assert refusal.sentence("vpc_option") == f"vpc_{sentence}"


def test_words() -> None:
    assert Ref("iam_role", "demo-nodes").words == "iam role 'demo-nodes'"
    assert str(Ref("vpc", "demo")) == "demo"
    assert quote(True) == "True"


def test_what_is_not_shown_yet_is_no_difference() -> None:
    ref = Ref("eks_cluster", "demo")
    declared = [Resource(ref, {"zonal_shift": True, "version": "1.36"})]
    shown = Found("demo", {"zonal_shift": False, "version": "1.35"}, state="pending")
    hidden = replace(shown, unshown=frozenset({"zonal_shift"}))
    assert [field.path for field in plan(declared, {ref: shown}, [Rules("eks_cluster")]).changes[0].fields] == [
        "version",
        "zonal_shift",
    ]
    assert [field.path for field in plan(declared, {ref: hidden}, [Rules("eks_cluster")]).changes[0].fields] == [
        "version"
    ]

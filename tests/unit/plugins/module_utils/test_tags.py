"""Tags: what AWS takes, the identity, and whose a resource is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.slipway.platform.plugins.module_utils._aws import tags as _tags
from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Found, Impossible, Ref, Refusal

VPC = Ref("vpc", "demo")
TAGS = st.dictionaries(st.text("abcXYZ09 _.:/=+-@", min_size=1, max_size=9), st.text(max_size=9), max_size=5)


@pytest.mark.parametrize(
    ("tags", "sentence"),
    [
        ({"aws:x": "y"}, "tags.aws:x is 'y'; a key that begins with 'aws:' or 'slipway:' is reserved."),
        ({"AWS:x": "y"}, "tags.AWS:x is 'y'; a key that begins with 'aws:' or 'slipway:' is reserved."),
        ({"slipway:platform": "y"}, "tags.slipway:platform is 'y'; a key that begins with 'aws:' or 'slipway:'"),
        ({"": "y"}, "tags. is 'y'; a key has 1 to 128 letters, digits, spaces or _.:/=+-@."),
        ({"k" * 129: "y"}, f"tags.{'k' * 129} is 'y'; a key has 1 to 128 letters"),
        ({"a#b": "y"}, "tags.a#b is 'y'; a key has 1 to 128 letters"),
        ({"Owner": "v" * 257}, f"tags.Owner is '{'v' * 257}'; a value has at most 256 letters"),
        ({"Owner": "a*b"}, "tags.Owner is 'a*b'; a value has at most 256 letters"),
        ({"Owner": 3}, "tags.Owner is 3; a value has at most 256 letters"),
        ({f"key{number}": "" for number in range(41)}, "tags is '41 tags'; at most 40 tags are allowed."),
    ],
)
def test_what_aws_refuses_is_refused(tags: dict[str, str], sentence: str) -> None:
    with pytest.raises(Refusal) as refused:
        _tags.check("tags", tags)
    assert str(refused.value).startswith(sentence)


@pytest.mark.parametrize(
    "tags", [{}, {"Owner": ""}, {"k" * 128: "v" * 256}, {"cost center/1": "a.b:c=d+e-f@g_h"}, {"Größe": "groß"}]
)
def test_what_aws_takes_passes(tags: dict[str, str]) -> None:
    assert _tags.check("tags", tags) == tags


@given(TAGS)
def test_the_identity_wins(tags: dict[str, str]) -> None:
    found = _tags.of("demo", "demo-a", {**tags, "slipway:platform": "other", "Name": "x"}, **{"slipway:x": "y"})
    assert found == {**tags, "slipway:x": "y", "Name": "demo-a", "slipway:platform": "demo"}


@given(TAGS)
def test_lists_of_pairs_and_back(tags: dict[str, str]) -> None:
    assert _tags.from_list(_tags.to_list(tags)) == tags
    assert _tags.from_list(_tags.to_list(tags, "TagKey", "TagValue"), "TagKey", "TagValue") == tags
    assert [pair["Key"] for pair in _tags.to_list(tags)] == sorted(tags)
    assert _tags.from_list(None) == {}


def owned(tags: dict[str, str] | None, *, declared: bool, adopt: bool = False) -> bool:
    found = {VPC: Found("vpc-1", {}, tags)}
    return VPC in _tags.belonging(found, frozenset({VPC} if declared else ()), "demo", adopt=adopt)


@pytest.mark.parametrize("declared", [True, False])
@pytest.mark.parametrize("adopt", [True, False])
def test_what_carries_the_identity_is_ours(declared: bool, adopt: bool) -> None:
    assert owned({"slipway:platform": "demo"}, declared=declared, adopt=adopt)
    assert owned(None, declared=declared, adopt=adopt)


@pytest.mark.parametrize("tags", [{}, {"slipway:platform": "other"}])
@pytest.mark.parametrize("adopt", [True, False])
def test_what_is_neither_ours_nor_declared_is_left_alone(tags: dict[str, str], adopt: bool) -> None:
    assert not owned(tags, declared=False, adopt=adopt)


def test_what_is_declared_and_nobodys_is_refused_or_adopted() -> None:
    assert owned({"Owner": "me"}, declared=True, adopt=True)
    with pytest.raises(Impossible) as impossible:
        owned({"Owner": "me"}, declared=True)
    assert str(impossible.value) == (
        "vpc 'demo' exists without the tag slipway:platform=demo; set platform_adopt to true to take it over, "
        "or delete or rename it."
    )


@pytest.mark.parametrize("adopt", [True, False])
def test_what_belongs_to_another_platform_is_never_taken(adopt: bool) -> None:
    with pytest.raises(Impossible, match="vpc 'demo' belongs to the platform 'other'"):
        owned({"slipway:platform": "other"}, declared=True, adopt=adopt)


def options(**given: object) -> dict[str, object]:
    return {"environment": None, "owner": None, "cost_center": None, "tags": {}, **given}


def test_descriptive_options_become_tags_and_tags_win() -> None:
    everything = options(environment="production", owner="me", cost_center="4712", tags={"Owner": "you", "Team": "a"})
    assert _tags.described(everything) == {
        "Environment": "production",
        "Owner": "you",
        "CostCenter": "4712",
        "Team": "a",
    }
    assert _tags.described(options()) == {}


@pytest.mark.parametrize("value", ["", "a" * 257, "semi;colon"])
def test_a_descriptive_option_that_is_no_value_of_a_tag_is_refused(value: str) -> None:
    with pytest.raises(Refusal) as refused:
        _tags.described(options(owner=value))
    assert str(refused.value) == (f"owner is '{value}'; 1 to 256 letters, digits, spaces or _.:/=+-@ are allowed.")

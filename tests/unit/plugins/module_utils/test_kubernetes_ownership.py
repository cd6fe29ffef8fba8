"""Whose an object is, and which of its fields are ours."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Found, Impossible, Ref
from ansible_collections.slipway.platform.plugins.module_utils._kubernetes import ownership

REF = Ref("namespace", "team")


def entry(manager: str, operation: str, *labels: str, **more: Any) -> dict[str, Any]:
    fields = {"f:metadata": {"f:labels": {".": {}, **{f"f:{label}": {} for label in labels}}}}
    return {"manager": manager, "operation": operation, "fieldsV1": fields, **more}


def test_ours_is_what_we_have_applied() -> None:
    managed = [
        entry("slipway", "Apply", "a", "example.com/b"),
        entry("slipway", "Update", "c"),
        entry("slipway", "Apply", "d", subresource="status"),
        entry("kubectl", "Apply", "e"),
    ]
    thing = {"metadata": {"managedFields": managed}}
    assert ownership.owned(thing, "metadata", "labels") == {"a", "example.com/b"}
    assert ownership.owned(thing, "metadata", "annotations") == set()
    assert ownership.owned({"metadata": {}}, "metadata", "labels") == set()


def ours(tags: dict[str, str], *, declared: bool = True, adopt: bool = False) -> dict[Ref, Found]:
    found = {REF: Found("team", {}, tags)}
    return ownership.belonging(found, frozenset({REF} if declared else ()), "demo", adopt=adopt)


def test_what_carries_the_label_is_the_platforms() -> None:
    assert list(ours({ownership.PLATFORM: "demo"}, declared=False)) == [REF]


def test_what_does_not_is_left_alone_refused_or_adopted() -> None:
    assert ours({}, declared=False) == {}
    assert list(ours({}, adopt=True)) == [REF]
    with pytest.raises(Impossible) as refused:
        ours({})
    assert str(refused.value) == (
        "namespace 'team' exists without the label slipway.platform/platform=demo; set adopt to true to take it over, "
        "or delete or rename it."
    )


def test_another_platforms_is_never_taken() -> None:
    with pytest.raises(Impossible, match="belongs to the platform 'other'"):
        ours({ownership.PLATFORM: "other"}, adopt=True)

"""Names, labels and annotations of Kubernetes' objects."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Refusal
from ansible_collections.slipway.platform.plugins.module_utils._kubernetes import names


@pytest.mark.parametrize("name", ["a", "0", "team-a", "a" * 63, "1--2"])
def test_names_that_are_allowed(name: str) -> None:
    assert names.dns_label("name", name) == name


@pytest.mark.parametrize("name", ["", "-a", "a-", "A", "a.b", "a_b", "a" * 64, "a\n", "ä", "a b"])
def test_names_that_are_refused(name: str) -> None:
    with pytest.raises(Refusal, match="1 to 63 lower-case letters, digits and hyphens"):
        names.dns_label("name", name)


@pytest.mark.parametrize("key", ["a", "A_b.c-1", "example.com/a", "a.b-c.d/" + "a" * 63, "x/y"])
def test_keys_that_are_allowed(key: str) -> None:
    assert names.check_labels("labels", {key: "v"}) == {key: "v"}


@pytest.mark.parametrize("key", ["", "/a", "a/", "Example.com/a", "a/b/c", "a" * 64, ".a", "a" * 254 + "/b", "a b", 1])
def test_keys_that_are_refused(key: Any) -> None:
    with pytest.raises(Refusal, match="a key has 1 to 63"):
        names.check_labels("labels", {key: "v"})
    with pytest.raises(Refusal, match="a key has 1 to 63"):
        names.check_annotations("annotations", {key: "v"})


@pytest.mark.parametrize("value", ["a b", "a" * 64, "-a", "a/b", True, 1, None, "a\n"])
def test_values_of_labels_that_are_refused(value: Any) -> None:
    with pytest.raises(Refusal, match=r"(?s)labels\.team is .*; a value is a text of at most 63"):
        names.check_labels("labels", {"team": value})


def test_a_label_may_be_empty() -> None:
    assert names.check_labels("labels", {"a": ""}) == {"a": ""}


def test_annotations_hold_any_text_up_to_their_size() -> None:
    assert names.check_annotations("annotations", {"a": "{ }\n"}) == {"a": "{ }\n"}
    with pytest.raises(Refusal, match="annotations is '262145 bytes'; at most 262144 bytes"):
        names.check_annotations("annotations", {"a": "x" * (256 * 1024)})
    with pytest.raises(Refusal, match="a value is a text"):
        names.check_annotations("annotations", {"a": True})

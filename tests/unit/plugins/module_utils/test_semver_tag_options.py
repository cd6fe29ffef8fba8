"""Options of semver_tag that are refused, each in one sentence, and release notes."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Refusal
from ansible_collections.slipway.platform.plugins.module_utils._pipeline.semver_tag.commits import Commit
from ansible_collections.slipway.platform.plugins.module_utils._pipeline.semver_tag.decision import (
    Decision,
    Standing,
    decide,
    tags_of,
)
from ansible_collections.slipway.platform.plugins.module_utils._pipeline.semver_tag.notes import (
    by_type,
    markdown,
    message,
)
from ansible_collections.slipway.platform.plugins.module_utils._pipeline.semver_tag.options import OPTIONS, parse
from ansible_collections.slipway.platform.plugins.modules import semver_tag


def test_the_documentation_lists_the_options_as_they_are() -> None:
    documented = yaml.safe_load(semver_tag.DOCUMENTATION)["options"]
    assert set(documented) == set(OPTIONS)
    for name, option in OPTIONS.items():
        documentable = {key: value for key, value in option.items() if key not in ("no_log", "options")}
        assert {key: documented[name].get(key) for key in documentable} == documentable
    assert yaml.safe_load(semver_tag.EXAMPLES)
    assert {"version", "previous", "bump", "decided_by", "notes", "oci_tag"} <= set(yaml.safe_load(semver_tag.RETURN))


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"tag_prefix": "a b"}, "tag_prefix is 'a b'; the beginning of a git tag is allowed."),
    ({"tag_prefix": "-v"}, "tag_prefix is '-v'; the beginning of a git tag is allowed."),
    ({"paths": ["/shop"]}, "paths[0] is '/shop'; a path below the top of the repository is allowed."),
    ({"paths": ["shop", "."]}, "paths[1] is '.'; a path below the top of the repository is allowed."),
    (
        {"first_version": "1.0.0-rc.1"},
        "first_version is '1.0.0-rc.1'; three numbers are allowed, without pre-release and build metadata.",
    ),
    ({"minimum_version": "1"}, "minimum_version is '1'; a version of semver.org 2.0.0 is allowed."),
    ({"expected_version": "v1.0.0"}, "expected_version is 'v1.0.0'; a version of semver.org 2.0.0 is allowed."),
    ({"claimed_versions": ["1.0.0", "x"]}, "claimed_versions[1] is 'x'; a version of semver.org 2.0.0 is allowed."),
    ({"types": {"Fix": "minor"}}, "types.Fix is 'minor'; fix raises the patch version (SemVer 6), which is no choice."),
    ({"types": {"revert": "none"}}, "types.revert is 'none'; what a revert does is set by the option reverts."),
    ({"types": {"docs": "small"}}, "types.docs is 'small'; allowed are none, patch, minor, major."),
    ({"reverts": "keep"}, "reverts is 'keep'; allowed are cancel, patch, none."),
    ({"prereleases": [{"branch": "x"}]}, "prereleases[0].identifier is not set; a value is required."),
    ({"sign": "ssh"}, "signing_key is not set; sign is ssh, which needs a key."),
    (
        {"sign": "gpg", "signing_key": "A", "annotated": False},
        "annotated is False; a signed tag is always an annotated one.",
    ),
    ({"push": True}, "push is True; only what is tagged can be pushed, set tag or taggable to true."),
    ({"remote": "--upload-pack=x"}, "remote is '--upload-pack=x'; a text without '<', '>' and line breaks is allowed."),
    ({"tagger_email": "<a>"}, "tagger_email is '<a>'; a text without '<', '>' and line breaks is allowed."),
    ({"prefix": "v"}, "prefix is 'v'; it is unknown, allowed are annotated, branch, "),
]


@pytest.mark.parametrize(("given", "sentence"), REFUSED, ids=[sentence for _, sentence in REFUSED])
def test_refused(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Refusal) as refused:
        parse({"repository": "/nowhere", **given})
    assert str(refused.value).startswith(sentence)


def decision_of(*messages: str, **given: Any) -> Decision:
    commits = [Commit(f"{number:040x}", (f"{number - 1:040x}",), text) for number, text in enumerate(messages, 1)][::-1]
    tags = tags_of("v", {"v1.0.0": f"{0:040x}"}, ["v1.0.0"])
    return decide(Standing("v", commits[0].id, tags), commits, parse({"repository": "/nowhere", **given}).choices, None)


def test_notes_by_type() -> None:
    found = decision_of("docs: a", "feat(ui): b", "Update", "fix: c\n\nBREAKING CHANGE: d\ne", "fix: f")
    assert list(by_type(found)) == ["breaking", "feat", "fix", "docs", "other"]
    assert [note["description"] for note in by_type(found)["fix"]] == ["f", "c"]
    assert by_type(found)["breaking"] == [{"commit": f"{4:040x}", "scope": None, "description": "d\ne"}]


def test_notes_for_readers() -> None:
    found = decision_of("docs: a", "feat(ui): b", "perf: c\n\nBREAKING CHANGE: d\ne")
    assert markdown(found) == (
        "## 2.0.0\n\n### Breaking changes\n\n- d e (000000000000)\n\n### Features\n\n- **ui:** b (000000000000)\n"
        "\n### Performance\n\n- c (000000000000)\n"
    )
    assert message("v2.0.0", found).startswith("v2.0.0\n\n## 2.0.0\n")
    assert markdown(decision_of("docs: a")) == ""


def test_why_names_the_rule_and_the_option() -> None:
    assert [entry.why for entry in decision_of("feat: a").decided_by] == [
        "a new feature (Conventional Commits 2, SemVer 7)"
    ]
    (entry,) = decision_of("docs: a", other_types="patch").decided_by
    assert entry.as_dict() == {
        "commit": f"{1:040x}",
        "header": "docs: a",
        "type": "docs",
        "scope": None,
        "description": "a",
        "breaking": None,
        "bump": "patch",
        "why": "the type docs (Conventional Commits 14, option other_types)",
    }

# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of the module `semver_tag`, checked. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from ..._core.options import checked
from ..._core.plan import Refusal, Value
from .versions import Bump, is_build_metadata, is_pre_release, version

if TYPE_CHECKING:
    from semver import Version

OPTIONS: dict[str, dict[str, Any]] = {
    "repository": {"type": "path", "required": True},
    "tag_prefix": {"type": "str", "default": "v"},
    "paths": {"type": "list", "elements": "str", "default": []},
    "branch": {"type": "str"},
    "first_version": {"type": "str", "default": "0.1.0"},
    "minimum_version": {"type": "str"},
    "expected_version": {"type": "str"},
    "claimed_versions": {"type": "list", "elements": "str", "default": []},
    "major_zero_breaking": {"type": "str", "choices": ["minor", "major"], "default": "minor"},
    "major_zero_feature": {"type": "str", "choices": ["patch", "minor"], "default": "minor"},
    "types": {"type": "dict", "default": {}},
    "other_types": {"type": "str", "choices": ["none", "patch"], "default": "none"},
    "reverts": {"type": "str", "choices": ["cancel", "patch", "none"], "default": "cancel"},
    "unconventional": {"type": "str", "choices": ["ignore", "patch", "refuse"], "default": "ignore"},
    "merge_commits": {"type": "str", "choices": ["ignore", "read", "first_parent"], "default": "ignore"},
    "squash_commits": {"type": "str", "choices": ["title", "list"], "default": "title"},
    "prereleases": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "branch": {"type": "str", "required": True},
            "identifier": {"type": "str", "required": True},
        },
    },
    "build_metadata": {"type": "str", "default": ""},
    "tag": {"type": "bool", "default": False},
    "taggable": {"type": "bool", "default": False},
    "annotated": {"type": "bool", "default": True},
    "sign": {"type": "str", "choices": ["none", "ssh", "gpg"], "default": "none"},
    "signing_key": {"type": "str", "no_log": False},
    "tagger_name": {"type": "str", "default": "slipway"},
    "tagger_email": {"type": "str", "default": "slipway@localhost"},
    "push": {"type": "bool", "default": False},
    "remote": {"type": "str", "default": "origin"},
}

_LAW = {"feat": "feat raises the minor version (SemVer 7)", "fix": "fix raises the patch version (SemVer 6)"}


@dataclass(frozen=True)
class Choices:
    """What the two standards leave open, as chosen."""

    first: Version
    minimum: Version | None
    claimed: tuple[Version, ...]
    major_zero_breaking: Bump
    major_zero_feature: Bump
    types: Mapping[str, Bump]
    other_types: Bump
    reverts: str
    unconventional: str
    merge_commits: str
    squash_commits: str
    prereleases: tuple[tuple[str, str], ...]
    build_metadata: str

    def identifier(self, branch: str | None) -> str | None:
        """The pre-release identifier of a branch, None where releases are made."""
        return next((name for pattern, name in self.prereleases if fnmatchcase(branch or "", pattern)), None)


@dataclass(frozen=True)
class Tagging:
    """What is done with the version."""

    tag: bool
    taggable: bool
    annotated: bool
    sign: str
    signing_key: str | None
    tagger_name: str
    tagger_email: str
    push: bool
    remote: str


@dataclass(frozen=True)
class Spec:
    repository: str
    prefix: str
    paths: tuple[str, ...]
    branch: str | None
    expected: Version | None
    choices: Choices
    tagging: Tagging


def parse(values: Mapping[str, Value]) -> Spec:
    """All options, cast and checked; Refusal for the first that is wrong."""
    given = checked(OPTIONS, values)
    choices = Choices(
        first=_release("first_version", given["first_version"]),
        minimum=None if given["minimum_version"] is None else _release("minimum_version", given["minimum_version"]),
        claimed=tuple(_version(f"claimed_versions[{n}]", text) for n, text in enumerate(given["claimed_versions"])),
        major_zero_breaking=Bump.of(given["major_zero_breaking"]),
        major_zero_feature=Bump.of(given["major_zero_feature"]),
        types=_types(given["types"]),
        other_types=Bump.of(given["other_types"]),
        reverts=given["reverts"],
        unconventional=given["unconventional"],
        merge_commits=given["merge_commits"],
        squash_commits=given["squash_commits"],
        prereleases=tuple(_prerelease(n, entry) for n, entry in enumerate(given["prereleases"])),
        build_metadata=_build_metadata(given["build_metadata"]),
    )
    return Spec(
        repository=given["repository"],
        prefix=_prefix(given["tag_prefix"]),
        paths=tuple(_path(n, path) for n, path in enumerate(given["paths"])),
        branch=given["branch"] or None,
        expected=None if given["expected_version"] is None else _version("expected_version", given["expected_version"]),
        choices=choices,
        tagging=_tagging(given),
    )


def _version(option: str, text: str) -> Version:
    found = version(text)
    if found is None:
        raise Refusal(option, text, "a version of semver.org 2.0.0 is allowed")
    return found


def _release(option: str, text: str) -> Version:
    found = _version(option, text)
    if found.prerelease or found.build:
        raise Refusal(option, text, "three numbers are allowed, without pre-release and build metadata")
    return found


def _types(given: Mapping[Value, Value]) -> dict[str, Bump]:
    bumps = {"feat": Bump.MINOR, "fix": Bump.PATCH}  # Conventional Commits 2, 3
    for name, word in given.items():
        kind = str(name).lower()
        if kind in _LAW:
            raise Refusal(f"types.{name}", word, f"{_LAW[kind]}, which is no choice")
        if kind == "revert":
            raise Refusal(f"types.{name}", word, "what a revert does is set by the option reverts")
        if word not in ("none", "patch", "minor", "major"):
            raise Refusal(f"types.{name}", word, "allowed are none, patch, minor, major")
        bumps[kind] = Bump.of(word)
    return bumps


def _prerelease(position: int, entry: Mapping[str, str]) -> tuple[str, str]:
    identifier = entry["identifier"]
    if not is_pre_release(identifier):
        raise Refusal(
            f"prereleases[{position}].identifier",
            identifier,
            "letters, digits and hyphens with dots between are allowed, numbers without leading zero (SemVer 9)",
        )
    return entry["branch"], identifier


def _build_metadata(text: str) -> str:
    if text and not is_build_metadata(text):
        raise Refusal("build_metadata", text, "letters, digits and hyphens with dots between are allowed (SemVer 10)")
    return text


def _prefix(text: str) -> str:
    if text.startswith("-") or any(character in "*?[\\~^: " or not character.isprintable() for character in text):
        raise Refusal("tag_prefix", text, "the beginning of a git tag is allowed")
    return text


def _path(position: int, text: str) -> str:
    path = PurePosixPath(text)
    if not text or path.is_absolute() or ".." in path.parts or str(path) == ".":
        raise Refusal(f"paths[{position}]", text, "a path below the top of the repository is allowed")
    return str(path)


def _tagging(given: Mapping[str, Value]) -> Tagging:
    if given["sign"] != "none" and not given["annotated"]:
        raise Refusal("annotated", False, "a signed tag is always an annotated one")
    if given["sign"] != "none" and not given["signing_key"]:
        raise Refusal("signing_key", None, f"sign is {given['sign']}, which needs a key")
    if given["push"] and not (given["tag"] or given["taggable"]):
        raise Refusal("push", True, "only what is tagged can be pushed, set tag or taggable to true")
    for option in ("tagger_name", "tagger_email", "remote"):
        if not given[option] or given[option].startswith("-") or any(c in "<>\n" for c in given[option]):
            raise Refusal(option, given[option], "a text without '<', '>' and line breaks is allowed")
    return Tagging(**{name: given[name] for name in Tagging.__dataclass_fields__})

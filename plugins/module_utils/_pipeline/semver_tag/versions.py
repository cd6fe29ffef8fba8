# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Versions as semver.org 2.0.0 has them, and what becomes of them: next ones, tags, OCI tags. Pure.

Parsing and precedence (SemVer 2, 9, 10, 11) are those of the library `semver`.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

try:
    from semver import Version
except ImportError:  # the module says so
    if not TYPE_CHECKING:
        Version = None

OCI_TAG_LENGTH = 128
"""Characters of a tag at most (OCI distribution specification 1.1, "Pulling manifests")."""


class Bump(IntEnum):
    """Which part of a version rises."""

    NONE = 0
    PATCH = 1
    MINOR = 2
    MAJOR = 3

    @property
    def word(self) -> str:
        return self.name.lower()

    @classmethod
    def of(cls, word: str) -> Bump:
        return cls[word.upper()]


def version(text: str) -> Version | None:
    """A semantic version, or None for a text that is none."""
    return Version.parse(text) if Version.is_valid(text) else None


def is_pre_release(text: str) -> bool:
    """Whether a text can stand behind the hyphen of a version (SemVer 9)."""
    found = version(f"0.0.0-{text}")
    return found is not None and found.prerelease == text


def is_build_metadata(text: str) -> bool:
    """Whether a text can stand behind the plus of a version (SemVer 10)."""
    return version(f"0.0.0+{text}") is not None


def core(of: Version) -> Version:
    """Major, minor and patch alone."""
    return Version(of.major, of.minor, of.patch)


def takes(standing: Version, found: Version) -> bool:
    """Whether a version that stands elsewhere leaves no room: the same one, or the release of a candidate."""
    return standing.compare(found) == 0 or (not standing.prerelease and core(standing) == core(found))


def raised(of: Version, bump: Bump) -> Version:
    """The next version (SemVer 6, 7, 8): what stands right of the part that rises becomes 0."""
    if bump is Bump.MAJOR:
        return Version(of.major + 1, 0, 0)
    if bump is Bump.MINOR:
        return Version(of.major, of.minor + 1, 0)
    if bump is Bump.PATCH:
        return Version(of.major, of.minor, of.patch + 1)
    return of


def bump_between(before: Version, after: Version) -> Bump:
    """The part in which two versions differ first."""
    if after.major != before.major:
        return Bump.MAJOR
    if after.minor != before.minor:
        return Bump.MINOR
    return Bump.PATCH if after.patch != before.patch else Bump.NONE


def candidate_number(of: Version, identifier: str) -> int | None:
    """N of a pre-release `<identifier>.<N>`, None for another one."""
    beginning, _dot, number = (of.prerelease or "").rpartition(".")
    return int(number) if beginning == identifier and number.isdigit() else None


def oci_tag(text: str) -> str:
    """A version as an OCI tag, in which a plus is not allowed."""
    return text.replace("+", "_")

# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where an application's versions stand in the bucket, and what a claim is. Pure."""

from __future__ import annotations

import json
import re

from ..._core.plan import Impossible, Refusal
from ..semver_tag.versions import version as semantic

ARCHITECTURES = ("amd64", "arm64")

_APPLICATION = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")


def application_name(option: str, name: str) -> str:
    """An application's name, or Refusal: it is part of keys, of tags and of paths in the image."""
    if len(name) > 40 or not _APPLICATION.fullmatch(name):
        words = "1 to 40 lower-case letters, digits and single hyphens are allowed, beginning with a letter"
        raise Refusal(option, name, words)
    return name


def version_text(option: str, text: str) -> str:
    if semantic(text) is None or len(text) > 100:
        raise Refusal(option, text, "a semantic version of at most 100 characters is allowed (semver.org 2.0.0)")
    return text


def commit_hash(option: str, text: str) -> str:
    if not _COMMIT.fullmatch(text):
        raise Refusal(option, text, "the full hash of a commit is allowed, 40 or 64 hexadecimal digits")
    return text


def folder(application: str, version: str) -> str:
    """Beginning of all keys of a version, with a slash at the end."""
    return f"applications/{application}/{version}/"


def claim_key(application: str, version: str) -> str:
    return f"{folder(application, version)}claim.json"


def release_key(application: str, version: str) -> str:
    """Where the manifest of a release stands. A version that was built anew, with build metadata, has its own."""
    released, _plus, refresh = version.partition("+")
    return folder(application, released) + (f"release+{refresh}.json" if refresh else "release.json")


def file_name(application: str, version: str, architecture: str) -> str:
    return f"{application}-{version}-linux-{architecture}.tar.gz"


def artifact_key(application: str, version: str, architecture: str) -> str:
    return folder(application, version) + file_name(application, version, architecture)


def checksum_line(sha256: str, name: str) -> bytes:
    """Content of `<artifact>.sha256`, as `sha256sum` reads it."""
    return f"{sha256}  {name}\n".encode()


def claim_body(application: str, version: str, commit: str) -> bytes:
    body = {"application": application, "version": version, "commit": commit}
    return json.dumps(body, sort_keys=True).encode() + b"\n"


def claimed_commit(key: str, body: bytes) -> str:
    """The commit that a claim names; Impossible for what is no claim."""
    try:
        commit = json.loads(body)["commit"]
    except (ValueError, KeyError, TypeError):
        commit = None
    if not isinstance(commit, str) or not _COMMIT.fullmatch(commit):
        raise Impossible(f"The object '{key}' is no claim of a version; somebody else has written it.")
    return commit

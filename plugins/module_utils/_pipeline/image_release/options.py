# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of the module `image_release`, checked. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..._core.options import checked
from ..._core.plan import Refusal, Value
from ..._oci import registries as _registries
from ..._oci.registries import Registry
from .. import application_bucket
from ..application_artifact.model import ARCHITECTURES, application_name, commit_hash, version_text
from ..semver_tag.versions import oci_tag

OPTIONS: dict[str, dict[str, Any]] = {
    "state": {"type": "str", "choices": ["released", "scanned"], "default": "released"},
    **application_bucket.OPTIONS,
    "application": {"type": "str", "required": True},
    "version": {"type": "str", "required": True},
    "tag": {"type": "str"},
    "commit": {"type": "str"},
    "source": {"type": "str"},
    "created": {"type": "str"},
    "images": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "architecture": {"type": "str", "choices": list(ARCHITECTURES), "required": True},
            "layout": {"type": "path", "required": True},
            "digest": {"type": "str"},
            "config_digest": {"type": "str"},
            "diff_ids": {"type": "list", "elements": "str"},
            "size": {"type": "int"},
            "base_digest": {"type": "str"},
        },
    },
    "artifacts": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "architecture": {"type": "str", "choices": list(ARCHITECTURES), "required": True},
            "key": {"type": "str", "required": True, "no_log": False},
            "sha256": {"type": "str", "required": True},
        },
    },
    "base": {
        "type": "dict",
        "options": {
            "image": {"type": "str", "required": True},
            "digest": {"type": "str", "required": True},
            "release": {"type": "str"},
        },
    },
    "registries": {**_registries.OPTIONS, "required": False, "default": []},
    "verdicts": {"type": "list", "elements": "dict", "default": []},
    "signing_key": {"type": "str", "no_log": False},
    "signing_key_password": {"type": "str", "no_log": True},
    "signing_config": {"type": "path"},
    "trusted_root": {"type": "path"},
    "builder": {"type": "str", "default": "urn:slipway.platform:image_build"},
    "cosign_path": {"type": "path", "default": "cosign"},
    "skopeo_path": {"type": "path", "default": "skopeo"},
    "trivy_path": {"type": "path", "default": "trivy"},
}

NO_RELEASES = ("scratch-", "sha256-")
"""Beginnings of tags that lifecycle rules expire, or that cosign moves (see `_boxes.ecr_repositories.plan`)."""

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_REFRESHED = re.compile(r"(?P<version>[^+]+)\+(?P<refresh>r[1-9][0-9]*)")


@dataclass(frozen=True)
class Image:
    """A layout to release; `digest`, `config_digest` and `base_digest` are what its builder says, None if nothing."""

    architecture: str
    layout: str
    digest: str | None
    config_digest: str | None
    base_digest: str | None


@dataclass(frozen=True)
class Artifact:
    architecture: str
    key: str
    sha256: str


@dataclass(frozen=True)
class Signing:
    """How cosign signs.

    :param key: path of its private key, or `awskms:///...`.
    :param config: signing configuration, None for no transparency log and no time stamps.
    """

    key: str
    password: str
    config: str | None
    trusted_root: str | None


@dataclass(frozen=True)
class Programs:
    cosign: str
    skopeo: str
    trivy: str


@dataclass(frozen=True)
class Spec:
    """:param refresh: `r<N>` of a version that was built anew, else None; then `released_version` is without it."""

    bucket: str
    application: str
    version: str
    released_version: str
    refresh: str | None
    tag: str
    commit: str
    source: str | None
    created: str | None
    images: tuple[Image, ...]
    artifacts: tuple[Artifact, ...]
    base: Mapping[str, Value] | None
    registries: tuple[Registry, ...]
    verdicts: tuple[Mapping[str, Value], ...]
    signing: Signing
    builder: str
    programs: Programs
    scanned: bool


def parse(values: Mapping[str, Value]) -> Spec:
    """All options, cast and checked; Refusal for the first that is wrong."""
    given = checked(OPTIONS, values)
    scanned = given["state"] == "scanned"
    version = version_text("version", given["version"])
    refreshed = _REFRESHED.fullmatch(version)
    for option in ("verdicts", *(() if scanned else ("images", "artifacts", "registries"))):
        if not given[option]:
            raise Refusal(option, [], "at least one is needed")
    for option in () if scanned else ("commit", "base", "signing_key"):
        if not given[option]:
            raise Refusal(option, given[option] or None, "a release needs it")
    tag = given["tag"] or oci_tag(version)
    if not _registries.is_tag(tag):
        raise Refusal("tag", tag, "1 to 128 letters, digits and ._- are allowed, a letter, digit or _ first")
    if oci_tag(version) not in tag:
        raise Refusal("tag", tag, f"a tag that holds the version {oci_tag(version)} is allowed")
    if tag.startswith(NO_RELEASES):
        raise Refusal("tag", tag, f"tags that begin with {' or '.join(NO_RELEASES)} are for what is no release")
    application_bucket.check(given)
    images = tuple(_image(position, entry) for position, entry in enumerate(given["images"]))
    artifacts = tuple(_artifact(position, entry) for position, entry in enumerate(given["artifacts"]))
    _once("images", [image.architecture for image in images])
    _once("artifacts", [artifact.architecture for artifact in artifacts])
    for position, image in enumerate(images):
        if image.architecture not in (artifact.architecture for artifact in artifacts):
            words = "no artifact of this architecture is given"
            raise Refusal(f"images[{position}].architecture", image.architecture, words)
    return Spec(
        bucket=given["bucket"],
        application=application_name("application", given["application"]),
        version=version,
        released_version=refreshed["version"] if refreshed else version,
        refresh=refreshed["refresh"] if refreshed else None,
        tag=tag,
        commit="" if scanned and not given["commit"] else commit_hash("commit", given["commit"]),
        source=given["source"] or None,
        created=_time("created", given["created"]),
        images=tuple(sorted(images, key=lambda image: image.architecture)),
        artifacts=tuple(sorted(artifacts, key=lambda artifact: artifact.architecture)),
        base=_base(given["base"]),
        registries=_registries.parse("registries", given["registries"]),
        verdicts=tuple(_verdict(position, entry) for position, entry in enumerate(given["verdicts"])),
        signing=_signing(given),
        builder=_builder(given["builder"]),
        programs=Programs(given["cosign_path"], given["skopeo_path"], given["trivy_path"]),
        scanned=scanned,
    )


def _once(option: str, architectures: list[str]) -> None:
    for position, architecture in enumerate(architectures):
        if architecture in architectures[:position]:
            raise Refusal(f"{option}[{position}].architecture", architecture, "each architecture is allowed once")


def _image(position: int, entry: Mapping[str, Value]) -> Image:
    path = f"images[{position}]"
    digests = {name: _digest(f"{path}.{name}", entry[name]) for name in ("digest", "config_digest", "base_digest")}
    return Image(entry["architecture"], entry["layout"], **digests)


def _digest(option: str, text: str | None) -> str | None:
    if text is not None and not _DIGEST.fullmatch(text):
        raise Refusal(option, text, "sha256:<64 hexadecimal digits> is allowed")
    return text


def _artifact(position: int, entry: Mapping[str, Value]) -> Artifact:
    if not _SHA256.fullmatch(entry["sha256"]):
        raise Refusal(f"artifacts[{position}].sha256", entry["sha256"], "64 hexadecimal digits are allowed")
    return Artifact(entry["architecture"], entry["key"], entry["sha256"])


def _base(entry: Mapping[str, Value] | None) -> Mapping[str, Value] | None:
    if entry is not None:
        _digest("base.digest", entry["digest"])
    return entry


def _verdict(position: int, entry: Mapping[str, Value]) -> Mapping[str, Value]:
    for name in ("digest", "verdict"):
        if not isinstance(entry.get(name), str):
            raise Refusal(f"verdicts[{position}].{name}", entry.get(name), "a result of trivy_gate is needed")
    _digest(f"verdicts[{position}].digest", entry["digest"])
    return entry


def _signing(given: Mapping[str, Value]) -> Signing:
    key = given["signing_key"] or ""
    if "://" in key and not key.startswith("awskms://"):
        raise Refusal("signing_key", key, "the path of a private key of cosign's, or awskms:///<key>, is allowed")
    if given["signing_config"] and not given["trusted_root"]:
        raise Refusal("trusted_root", None, "signing_config is set, and what its services sign is verified with it")
    return Signing(key, given["signing_key_password"] or "", given["signing_config"], given["trusted_root"])


def _builder(text: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9+.-]*:[^\s]+", text):
        raise Refusal("builder", text, "a URI is allowed")
    return text


def _time(option: str, text: str | None) -> str | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise Refusal(option, text, "a time with its zone is allowed, such as '2026-01-31T12:00:00Z' (RFC 3339)")
    return text

# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of the module `trivy_gate`, checked."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..._core.options import checked
from ..._core.plan import Refusal, Value
from ..application_artifact.model import ARCHITECTURES

TARGETS = ("layout", "archive", "filesystem", "sbom")
FORMATS = {
    "json": "trivy-gate.json",
    "sarif": "trivy-gate.sarif",
    "junit": "trivy-gate.junit.xml",
    "markdown": "trivy-gate.md",
}
"""Format of a report -> name of its file."""

OPTIONS: dict[str, dict[str, Any]] = {
    "images": {"type": "list", "elements": "dict"},
    **{name: {"type": "path"} for name in TARGETS},
    "external_report": {"type": "path"},
    "external_report_checksum": {"type": "str"},
    "external_report_attestation": {"type": "path"},
    "external_report_key": {"type": "path", "no_log": False},
    "database": {"type": "path", "required": True},
    "database_repository": {"type": "str"},
    "policy": {"type": "path"},
    "vex": {"type": "list", "elements": "path", "default": []},
    "mode": {"type": "str", "choices": ["enforce", "report"], "default": "enforce"},
    "directory": {"type": "path", "required": True},
    "formats": {"type": "list", "elements": "str", "choices": list(FORMATS), "default": list(FORMATS)},
    "trivy_path": {"type": "path", "default": "trivy"},
    "trivy_checksum": {"type": "str"},
    "cosign_path": {"type": "path", "default": "cosign"},
}


@dataclass(frozen=True)
class External:
    """A report that somebody else made, and what shows that it is what they made."""

    report: str
    checksum: str | None
    attestation: str | None
    key: str | None


@dataclass(frozen=True)
class Spec:
    """:param kind: one of TARGETS; `target` is its path."""

    kind: str
    target: str
    external: External | None
    database: str
    database_repository: str | None
    policy: str | None
    vex: tuple[str, ...]
    enforce: bool
    directory: str
    formats: tuple[str, ...]
    trivy_path: str
    trivy_checksum: str | None
    cosign_path: str

    @property
    def is_image(self) -> bool:
        return self.kind in ("layout", "archive")


def split(values: Mapping[str, Value]) -> list[dict[str, Value]]:
    """The options of each target: what is given, or one for each of `images`, each with its own folder of reports."""
    if values.get("images") is None:
        return [dict(values)]
    named = [name for name in TARGETS if values.get(name) is not None]
    if named:
        raise Refusal(named[0], values[named[0]], "images are given, and they are what is scanned")
    images = checked({"images": OPTIONS["images"]}, {"images": values["images"]})["images"]
    if not images:
        raise Refusal("images", images, "at least one image is needed")
    architectures = [image.get("architecture") for image in images]
    if len(set(architectures)) < len(architectures):
        raise Refusal("images", architectures, "one image of each architecture is allowed")
    for position, image in enumerate(images):
        if image.get("architecture") not in ARCHITECTURES:
            name = f"images[{position}].architecture"
            raise Refusal(name, image.get("architecture"), f"allowed are {', '.join(ARCHITECTURES)}")
        if not isinstance(image.get("layout"), str):
            raise Refusal(f"images[{position}].layout", image.get("layout"), "the path of a folder is needed")
    common = {name: value for name, value in values.items() if name != "images"}
    parse({**common, "layout": images[0]["layout"]})  # the others, whatever the image
    directory = str(values["directory"])
    return [
        {**common, "layout": image["layout"], "directory": os.path.join(directory, image["architecture"])}
        for image in images
    ]


def parse(values: Mapping[str, Value]) -> Spec:
    """All options, cast and checked; Refusal for the first that is wrong."""
    given = checked(OPTIONS, values)
    named = [name for name in TARGETS if given[name] is not None]
    if len(named) != 1:
        raise Refusal("layout", given["layout"], f"exactly one of images, {', '.join(TARGETS)} is needed")
    kind = named[0]
    target = given[kind]
    if kind in ("layout", "filesystem") and not os.path.isdir(target):
        raise Refusal(kind, target, "the path of a folder is needed")
    if kind in ("archive", "sbom") and not os.path.isfile(target):
        raise Refusal(kind, target, "the path of a file is needed")
    if os.path.exists(given["directory"]) and not os.path.isdir(given["directory"]):
        raise Refusal("directory", given["directory"], "a file stands there, the path of a folder is needed")
    if not given["formats"] or "json" not in given["formats"]:
        raise Refusal("formats", given["formats"], "json is needed, the others are free")
    return Spec(
        kind=kind,
        target=target,
        external=_external(given, kind),
        database=given["database"],
        database_repository=given["database_repository"] or None,
        policy=given["policy"] or None,
        vex=tuple(given["vex"]),
        enforce=given["mode"] == "enforce",
        directory=given["directory"],
        formats=tuple(given["formats"]),
        trivy_path=given["trivy_path"],
        trivy_checksum=_checksum("trivy_checksum", given["trivy_checksum"] or None),
        cosign_path=given["cosign_path"],
    )


def _external(given: Mapping[str, Any], kind: str) -> External | None:
    if given["external_report"] is None:
        for name in ("external_report_checksum", "external_report_attestation", "external_report_key"):
            if given[name] is not None:
                raise Refusal(name, given[name], "it belongs to external_report, which is not set")
        return None
    if kind not in ("layout", "archive"):
        raise Refusal(
            "external_report", given["external_report"], "it needs the image that it speaks of, as layout or archive"
        )
    if not os.path.isfile(given["external_report"]):
        raise Refusal("external_report", given["external_report"], "the path of a file is needed")
    if (given["external_report_attestation"] is None) != (given["external_report_key"] is None):
        raise Refusal(
            "external_report_key",
            given["external_report_key"],
            "an attestation and the key that made it are needed together",
        )
    return External(
        report=given["external_report"],
        checksum=_checksum("external_report_checksum", given["external_report_checksum"]),
        attestation=given["external_report_attestation"],
        key=given["external_report_key"],
    )


def _checksum(option: str, text: str | None) -> str | None:
    if text is not None and not re.fullmatch(r"[0-9a-f]{64}", text):
        raise Refusal(option, text, "a SHA-256 is allowed (64 of 0-9 and a-f)")
    return text

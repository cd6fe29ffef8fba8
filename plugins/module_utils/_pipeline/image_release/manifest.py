# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The release manifest: what a version is, by digests. Pure. Its schema is docs/release_manifest.schema.json."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from ..._core.plan import Impossible, Value
from ..application_artifact.model import folder
from .bundle import Bundle
from .options import Spec
from .sboms import SUFFIXES

FORMAT = 1
"""Version of the schema; a reader refuses a higher one."""

_VERDICT = ("verdict", "reasons", "counts", "database", "trivy_version")


def sbom_key(spec: Spec, architecture: str, name: str) -> str:
    file = f"{spec.application}-{spec.version}-linux-{architecture}.{SUFFIXES[name]}"
    return folder(spec.application, spec.released_version) + file


def scans_folder(spec: Spec, digest: str) -> str:
    return f"{folder(spec.application, spec.released_version)}scans/{digest}/"


def scan(verdict: Mapping[str, Value]) -> dict[str, Value]:
    """What is kept of a result of trivy_gate: what was found and by which database, no paths of this machine."""
    return {name: verdict[name] for name in _VERDICT if verdict.get(name) is not None}


def release(
    spec: Spec, what: Bundle, created: str, sboms: Mapping[str, Mapping[str, str]], public_key: str
) -> dict[str, Value]:
    """The manifest.

    :param sboms: architecture -> name of a format -> SHA-256 of the bill, in hexadecimal digits.
    :param public_key: PEM.
    """
    verdicts = {verdict["digest"]: verdict for verdict in spec.verdicts}
    images = []
    for image in spec.images:
        layout = what.layouts[image.architecture]
        images.append(
            {
                "architecture": image.architecture,
                "digest": layout.manifest_digest,
                "config_digest": layout.config_digest,
                "size": layout.size,
                "base_digest": image.base_digest or (spec.base or {}).get("digest"),
                "sboms": {
                    name: {"key": sbom_key(spec, image.architecture, name), "sha256": sha256}
                    for name, sha256 in sorted(sboms[image.architecture].items())
                },
                "scan": scan(verdicts[layout.manifest_digest]),
            }
        )
    return {
        "format": FORMAT,
        "application": spec.application,
        "version": spec.version,
        "tag": spec.tag,
        "commit": spec.commit,
        "source": spec.source,
        "created": created,
        "artifacts": [
            {"architecture": artifact.architecture, "key": artifact.key, "sha256": artifact.sha256}
            for artifact in spec.artifacts
        ],
        "base": {name: (spec.base or {}).get(name) for name in ("image", "digest", "release")},
        "digest": what.digest,
        "images": images,
        "registries": [
            {
                **registry.as_dict(),
                "reference": f"{registry.name}@{what.digest}",
                "digests": {name: layout.manifest_digest for name, layout in what.layouts.items()},
            }
            for registry in spec.registries
        ],
        "public_key": public_key,
    }


def encoded(manifest: Mapping[str, Value]) -> bytes:
    return json.dumps(manifest, indent=1, sort_keys=True, ensure_ascii=False).encode() + b"\n"


def decoded(key: str, body: bytes) -> dict[str, Any]:
    """A manifest that stands in the bucket; Impossible for what is none."""
    try:
        manifest = json.loads(body)
    except ValueError:
        manifest = None
    if not isinstance(manifest, dict) or not isinstance(manifest.get("images"), list):
        raise Impossible(f"The object '{key}' is no release manifest; somebody else has written it.")
    if manifest.get("format") != FORMAT:
        raise Impossible(f"The release manifest '{key}' has the format {manifest.get('format')}, known is {FORMAT}.")
    return manifest


def differences(standing: Mapping[str, Value], ours: Mapping[str, Value]) -> list[str]:
    """Names of what differs between two manifests of one release; what scans found is no part of what a release is."""
    return list(_differences(_without_scans(standing), _without_scans(ours)))


def _without_scans(manifest: Mapping[str, Value]) -> dict[str, Value]:
    images = [{name: value for name, value in image.items() if name != "scan"} for image in manifest["images"]]
    return {**manifest, "images": images}


def _differences(before: Mapping[str, Value], after: Mapping[str, Value]) -> Iterator[str]:
    for name in sorted({*before, *after}):
        if before.get(name) != after.get(name):
            yield name


def known_scans(manifest: Mapping[str, Value]) -> dict[str, dict[str, Value]]:
    """Digest -> what was known of it when it was released."""
    return {str(image["digest"]): image["scan"] for image in manifest["images"]}

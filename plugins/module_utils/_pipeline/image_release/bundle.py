# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The image of a version as one layout: a single image as it is, several under an index (OCI specification 1.1)."""

from __future__ import annotations

import filecmp
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..._core.plan import Impossible
from ..._oci import layout as _oci_layout
from ..._oci.layout import Layout
from ..._oci.registries import digest_of

INDEX = "application/vnd.oci.image.index.v1+json"


@dataclass(frozen=True)
class Bundle:
    """What is pushed.

    :param layouts: architecture -> verified layout.
    :param index: bytes of the index over them; None for a single image, which is pushed as it is.
    """

    layouts: Mapping[str, Layout]
    index: bytes | None

    @property
    def digest(self) -> str:
        """Digest of what the tag stands for."""
        if self.index is not None:
            return digest_of(self.index)
        return next(iter(self.layouts.values())).manifest_digest

    @property
    def digests(self) -> tuple[str, ...]:
        """Every digest that can be deployed: the tag's first, then each architecture's."""
        return tuple(dict.fromkeys((self.digest, *(layout.manifest_digest for layout in self.layouts.values()))))

    def tags(self, tag: str) -> dict[str, str]:
        """Tag -> digest. With an index each architecture has a tag too, so that nothing released is untagged.

        Lifecycle rules of registries take untagged images away, and not all of them look into an index first.
        """
        own = {f"{tag}_linux-{name}": layout.manifest_digest for name, layout in self.layouts.items()}
        return {**(own if self.index is not None else {}), tag: self.digest}


def bundle(layouts: Mapping[str, Layout]) -> Bundle:
    """Pure; the architectures are in the order of their names."""
    if len(layouts) == 1:
        return Bundle(layouts, None)
    manifests = [
        {
            "mediaType": layout.manifest_media_type,
            "digest": layout.manifest_digest,
            "size": _size(layout, layout.manifest_digest),
            "platform": {"architecture": architecture, "os": "linux"},
        }
        for architecture, layout in sorted(layouts.items())
    ]
    index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests}
    return Bundle(layouts, json.dumps(index, separators=(",", ":")).encode())


def layout_of(what: Bundle, digest: str, folder: Path) -> Path:
    """The layout to push for one of the digests; the index gets one of its own, of links to the others' blobs."""
    for layout in what.layouts.values():
        if layout.manifest_digest == digest:
            return Path(layout.path)
    blobs = folder / "index" / "blobs" / "sha256"
    if what.index is not None and not blobs.exists():
        blobs.mkdir(parents=True)
        for layout in what.layouts.values():
            for blob in (Path(layout.path) / "blobs" / "sha256").iterdir():
                _link(blob, blobs / blob.name)
        (blobs / digest.removeprefix("sha256:")).write_bytes(what.index)
        descriptor = {"mediaType": INDEX, "digest": digest, "size": len(what.index)}
        (folder / "index" / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [descriptor]}))
        (folder / "index" / "oci-layout").write_text(json.dumps({"imageLayoutVersion": "1.0.0"}))
    return folder / "index"


def compare(what: Bundle, name: str, pulled: Path) -> None:
    """Impossible unless a layout that was copied back holds the very bytes that were scanned."""
    for layout in what.layouts.values():
        for digest in (layout.manifest_digest, layout.config_digest, *(layer.digest for layer in layout.layers)):
            ours, theirs = _blob(layout.path, digest), _blob(str(pulled), digest)
            if not theirs.is_file() or not filecmp.cmp(ours, theirs, shallow=False):
                raise Impossible(f"What {name} gives back as {digest} is not what was scanned.")


def verified(path: str, option: str, architecture: str) -> Layout:
    """A layout of one image, hashed, of the architecture that it is to have."""
    layout = _oci_layout.verify(path, option)
    if layout.architecture != architecture or layout.config.get("os") != "linux":
        raise Impossible(
            f"The layout '{path}' holds an image for {layout.config.get('os')}/{layout.architecture}, "
            f"not for linux/{architecture}."
        )
    return layout


def _blob(path: str, digest: str) -> Path:
    return Path(path, "blobs", *digest.split(":"))


def _size(layout: Layout, digest: str) -> int:
    return _blob(layout.path, digest).stat().st_size


def _link(source: Path, target: Path) -> None:
    if target.exists():
        return
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copyfile(source, target)

# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What stands in an OCI layout: the configuration and the files of its layers. Reads only."""

from __future__ import annotations

import hashlib
import json
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .._plan import Impossible

MANIFEST = "application/vnd.oci.image.manifest.v1+json"


@dataclass(frozen=True)
class File:
    """An entry of a layer.

    :param path: absolute.
    :param mode: permission bits with setuid, setgid and sticky.
    :param target: of a link.
    """

    path: str
    kind: str
    mode: int
    user: int
    group: int
    size: int
    target: str = ""


@dataclass(frozen=True)
class Layout:
    """An OCI layout that holds one image.

    :param size: bytes of its layers as they are stored and pulled.
    """

    folder: Path
    digest: str
    manifest: Mapping[str, Any]
    config: Mapping[str, Any]

    @property
    def config_digest(self) -> str:
        return str(self.manifest["config"]["digest"])

    @property
    def diff_ids(self) -> tuple[str, ...]:
        return tuple(self.config["rootfs"]["diff_ids"])

    @property
    def size(self) -> int:
        return sum(int(layer["size"]) for layer in self.manifest["layers"])

    @property
    def labels(self) -> dict[str, str]:
        return dict(self.config.get("config", {}).get("Labels") or {})

    def blob(self, digest: str) -> Path:
        return blob(self.folder, digest)

    def files(self, layer: int) -> Iterator[tuple[File, tarfile.TarFile, tarfile.TarInfo]]:
        """Entries of a layer in the order of its archive."""
        with tarfile.open(self.blob(self.manifest["layers"][layer]["digest"]), "r|*") as archive:
            for entry in archive:
                yield _file(entry), archive, entry


def blob(folder: Path, digest: str) -> Path:
    return folder / "blobs" / Path(*digest.split(":", 1))


def read(folder: Path) -> Layout:
    """The one image of a layout; Impossible for another number of them, or for bytes that are not what their names say."""
    try:
        entries = json.loads((folder / "index.json").read_bytes())["manifests"]
        if len(entries) != 1:
            raise Impossible(f"The layout '{folder}' holds {len(entries)} images, but one is expected.")
        digest = str(entries[0]["digest"])
        manifest = _verified(folder, digest)
        config = _verified(folder, manifest["config"]["digest"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Impossible(f"The layout '{folder}' cannot be read: {error}.") from error
    return Layout(folder, digest, manifest, config)


def _verified(folder: Path, digest: str) -> Any:
    content = blob(folder, digest).read_bytes()
    if f"sha256:{hashlib.sha256(content).hexdigest()}" != digest:
        raise Impossible(f"The layout '{folder}' is damaged: {digest} is not what its name says.")
    return json.loads(content)


def annotate(folder: Path, annotations: Mapping[str, str]) -> Layout:
    """Gives the manifest these annotations and no others: engines write what they think of the base, each its own."""
    layout = read(folder)
    manifest = {**layout.manifest, "mediaType": MANIFEST, "annotations": dict(sorted(annotations.items()))}
    content = json.dumps(manifest, sort_keys=True, separators=(",", ":")).encode()
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    platform = {"architecture": layout.config["architecture"], "os": "linux"}
    entry = {"mediaType": MANIFEST, "digest": digest, "size": len(content), "platform": platform}
    if digest != layout.digest:
        blob(folder, digest).write_bytes(content)
        blob(folder, layout.digest).unlink()
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [entry]}))
    return read(folder)


def _file(entry: tarfile.TarInfo) -> File:
    path = "/" + entry.name.removeprefix("./").strip("/")
    kinds = {
        tarfile.DIRTYPE: "directory",
        tarfile.SYMTYPE: "link",
        tarfile.LNKTYPE: "hard link",
        tarfile.CHRTYPE: "device",
        tarfile.BLKTYPE: "device",
        tarfile.FIFOTYPE: "pipe",
    }
    kind = kinds.get(entry.type, "file")
    return File(path, kind, entry.mode, entry.uid, entry.gid, entry.size, entry.linkname)

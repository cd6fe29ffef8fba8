# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What stands in an OCI layout: the configuration and the files of its layers. Reads only."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import shutil
import tarfile
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..._core.plan import Impossible

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"

_KEY = re.compile(rb"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY(?: BLOCK)?-----")
_SMALL = 1 << 20
"""Bytes of the largest file that is searched for a private key."""


@dataclass(frozen=True)
class File:
    """An entry of a layer.

    :param path: absolute.
    :param mode: permission bits with setuid, setgid and sticky.
    :param target: of a link.
    :param key: the file is a small one and holds a private key.
    """

    path: str
    kind: str
    mode: int
    user: int
    group: int
    size: int
    target: str = ""
    key: bool = False


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

    def files(self, layer: int) -> list[File]:
        """Entries of a layer in the order of its archive."""
        found = []
        with tarfile.open(self.blob(self.manifest["layers"][layer]["digest"]), "r|*") as archive:
            for entry in archive:
                reader = archive.extractfile(entry) if entry.isreg() and entry.size <= _SMALL else None
                found.append(_file(entry, key=bool(reader and _KEY.search(reader.read()))))
        return found


def blob(folder: Path, digest: str) -> Path:
    return folder / "blobs" / Path(*digest.split(":", 1))


def read(folder: Path) -> Layout:
    """The one image of a layout; Impossible for another number of them, or for a name that is not its bytes' hash."""
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


def compose(raw: Path, folder: Path, annotations: Mapping[str, str], packed: Packed) -> Layout:
    """Makes the layout of an image from what an engine wrote.

    What engines do differently is done here: the layers are compressed, each once; the annotations are these.

    :param raw: a folder in the form `dir:` of skopeo and buildah, the layers not compressed.
    """
    source = json.loads((raw / "manifest.json").read_bytes())
    configuration = _named(raw, source["config"]["digest"]).read_bytes()
    told = json.loads(configuration)
    (folder / "blobs" / "sha256").mkdir(parents=True)
    layers = []
    for entry, diff_id in zip(source["layers"], told["rootfs"]["diff_ids"], strict=True):
        digest, size = packed.place(diff_id, _named(raw, entry["digest"]), folder)
        layers.append({"mediaType": LAYER, "digest": digest, "size": size})
    config = {"mediaType": CONFIG, **_put(folder, configuration)}
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": config,
        "layers": layers,
        "annotations": dict(sorted(annotations.items())),
    }
    platform = {"architecture": told["architecture"], "os": told["os"]}
    entry = {"mediaType": MANIFEST, **_put(folder, _json(manifest)), "platform": platform}
    (folder / "index.json").write_bytes(_json({"schemaVersion": 2, "manifests": [entry]}))
    (folder / "oci-layout").write_bytes(_json({"imageLayoutVersion": "1.0.0"}))
    return read(folder)


def _named(folder: Path, digest: str) -> Path:
    return folder / digest.removeprefix("sha256:")


class Packed:
    """Compressed layers in the cache, by diff ID.

    :param given: diff ID -> compressed blob that stands elsewhere: the base's own, so that registries know them.
    """

    def __init__(self, folder: Path, given: Mapping[str, Path]) -> None:
        self._folder = folder
        self._given = given

    def place(self, diff_id: str, plain: Path, layout: Path) -> tuple[str, int]:
        """Puts the compressed layer into a layout; its digest and size. A kept one that is damaged is passed over."""
        name, target = diff_id.removeprefix("sha256:"), layout / "blobs" / "layer"
        given = [self._given[diff_id]] if diff_id in self._given else []
        for kept in (*given, *self._folder.glob(f"{name}-*")):
            shutil.copyfile(kept, target)
            if _hashed(target) == kept.name.rpartition("-")[2]:
                break
        else:
            compress(plain, target)
            self._keep(name, target)
        digest, size = _hashed(target), target.stat().st_size
        target.rename(layout / "blobs" / "sha256" / digest)
        return f"sha256:{digest}", size

    def _keep(self, name: str, packed: Path) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".layer-", dir=self._folder) as temporary:
            copy = Path(temporary) / "layer"
            shutil.copyfile(packed, copy)
            copy.rename(self._folder / f"{name}-{_hashed(packed)}")


def compress(source: Path, target: Path) -> None:
    """Always the same bytes from the same zlib: no name, no time."""
    with source.open("rb") as plain, target.open("wb") as raw, gzip.GzipFile("", "wb", 6, raw, mtime=0) as packed:
        shutil.copyfileobj(plain, packed, 1 << 20)


def _hashed(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _json(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()


def _put(folder: Path, content: bytes) -> dict[str, Any]:
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    blob(folder, digest).write_bytes(content)
    return {"digest": digest, "size": len(content)}


def _file(entry: tarfile.TarInfo, *, key: bool) -> File:
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
    return File(path, kind, entry.mode, entry.uid, entry.gid, entry.size, entry.linkname, key)

# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An OCI image layout that is what its digests say.

Scanners and copying tools trust the names of blobs. `verify` does not: every blob is hashed against its name and size,
every layer, unpacked, against its diff_id (OCI image specification 1.1: "Image Layout", "Image Manifest", "Image
Configuration").
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Any

from .._core.plan import Impossible, Refusal

INDEXES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
MANIFESTS = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
_PLAIN = ("application/vnd.oci.image.layer.v1.tar", "application/vnd.docker.image.rootfs.diff.tar")
_GZIP = ("application/vnd.oci.image.layer.v1.tar+gzip", "application/vnd.docker.image.rootfs.diff.tar.gzip")
_CONFIGURATIONS = ("application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_CHUNK = 1 << 20
_KEYS = {  # Go folds the case of JSON's keys, so a second spelling would be read by the ones and not by the others
    key.casefold(): key
    for key in (
        *("schemaVersion", "mediaType", "manifests", "config", "layers", "digest", "size", "rootfs", "diff_ids"),
        *("artifactType", "subject", "os", "architecture", "history", "type", "urls", "data"),
    )
}


@dataclass(frozen=True)
class Layer:
    """A layer: `digest` and `size` (bytes) are those of the blob, `diff_id` is that of the archive unpacked."""

    media_type: str
    digest: str
    size: int
    diff_id: str


@dataclass(frozen=True)
class Layout:
    """A verified layout of one image.

    :param path: the folder.
    :param manifest_digest: digest of the manifest, by which registries know the image.
    :param config_digest: digest of the configuration, which engines and Trivy call image ID.
    :param config: the configuration as parsed JSON.
    :param size: bytes of manifest, configuration and layers, which is what a push moves.
    :param annotations: annotations of the manifest.
    """

    path: str
    manifest_digest: str
    manifest_media_type: str
    config_digest: str
    config: Mapping[str, Any]
    layers: tuple[Layer, ...]
    size: int
    annotations: Mapping[str, str]

    @property
    def diff_ids(self) -> tuple[str, ...]:
        return tuple(layer.diff_id for layer in self.layers)

    @property
    def architecture(self) -> str:
        return str(self.config.get("architecture", ""))


def verify(path: str, option: str = "layout") -> Layout:
    """The layout, after every blob was read and hashed. Nothing is unpacked to disk.

    :param path: folder of an OCI image layout with exactly one image.
    :param option: the option that names the folder, for a Refusal.
    :raises Refusal: there is no layout.
    :raises Impossible: the layout is not what it says, or holds more than one image.
    """
    if not os.path.isfile(os.path.join(path, "oci-layout")) or not os.path.isfile(os.path.join(path, "index.json")):
        raise Refusal(option, path, "the folder of an OCI image layout is needed (with oci-layout and index.json)")
    return _Reader(path).layout()


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


class _Reader:
    def __init__(self, path: str) -> None:
        self._path = path

    def layout(self) -> Layout:
        if self._json_file("oci-layout").get("imageLayoutVersion") != "1.0.0":
            raise self._wrong("its version is not 1.0.0")
        self._hash_all()
        manifest_descriptor = self._only_manifest(self._json_file("index.json"))
        manifest = self._json_blob(manifest_descriptor, "manifest")
        media_type = str(manifest_descriptor["mediaType"])
        if manifest.get("mediaType", media_type) != media_type:
            raise self._wrong(f"its manifest calls itself {manifest['mediaType']!r}, its index calls it {media_type!r}")
        config_descriptor = self._descriptor(manifest.get("config"), "configuration")
        if config_descriptor.get("mediaType") not in _CONFIGURATIONS:
            raise self._wrong(f"it holds {config_descriptor.get('mediaType')!r}, which is no image")
        config = self._json_blob(config_descriptor, "configuration")
        descriptors = [self._descriptor(entry, "layer") for entry in self._list(manifest.get("layers"), "layers")]
        rootfs = config.get("rootfs")
        diff_ids = self._list(rootfs.get("diff_ids") if isinstance(rootfs, dict) else None, "rootfs.diff_ids")
        if len(descriptors) != len(diff_ids):
            raise self._wrong(f"its manifest has {len(descriptors)} layers, its configuration {len(diff_ids)}")
        layers = tuple(self._layer(entry, str(diff_id)) for entry, diff_id in zip(descriptors, diff_ids, strict=True))
        annotations = manifest.get("annotations") or {}
        return Layout(
            path=self._path,
            manifest_digest=manifest_descriptor["digest"],
            manifest_media_type=media_type,
            config_digest=config_descriptor["digest"],
            config=config,
            layers=layers,
            size=manifest_descriptor["size"] + config_descriptor["size"] + sum(layer.size for layer in layers),
            annotations={str(key): str(value) for key, value in annotations.items()},
        )

    def _only_manifest(self, index: Mapping[str, Any]) -> dict[str, Any]:
        manifests = self._list(index.get("manifests"), "manifests")
        if len(manifests) != 1:
            raise self._wrong(f"it holds {len(manifests)} manifests and has to hold exactly one")
        descriptor = self._descriptor(manifests[0], "manifest")
        if descriptor.get("mediaType") in INDEXES:
            inner = self._list(self._json_blob(descriptor, "index").get("manifests"), "manifests")
            raise self._wrong(f"it holds an index of {len(inner)} manifests and has to hold one manifest alone")
        if descriptor.get("mediaType") not in MANIFESTS:
            raise self._wrong(f"it holds {descriptor.get('mediaType')!r}, which is no image manifest")
        return descriptor

    def _descriptor(self, entry: Any, what: str) -> dict[str, Any]:
        digest, size = (entry.get("digest"), entry.get("size")) if isinstance(entry, dict) else (None, None)
        if not isinstance(digest, str) or not _DIGEST.fullmatch(digest) or not _is_number(size):
            raise self._wrong(f"the descriptor of a {what} has no sha256 digest or no size")
        self._spelling(entry)
        for key in ("urls", "data"):  # content from elsewhere, which readers may take instead of the blob
            if key in entry:
                raise self._wrong(
                    f"the descriptor of a {what} has {key!r}, and only blobs of the layout can be verified"
                )
        path = self._blob(digest)
        if not os.path.isfile(path):
            raise self._wrong(f"the blob {digest} of its {what} is missing")
        if os.path.getsize(path) != size:
            raise self._wrong(f"the blob {digest} of its {what} has {os.path.getsize(path)} bytes instead of {size}")
        return dict(entry)

    def _layer(self, descriptor: Mapping[str, Any], diff_id: str) -> Layer:
        media_type, digest = str(descriptor.get("mediaType")), str(descriptor["digest"])
        with open(self._blob(digest), "rb") as blob:
            try:
                found = _digest(self._unpacked(blob, media_type))
            except (OSError, EOFError, zlib.error) as error:
                raise self._wrong(f"the layer {digest} cannot be unpacked ({error})") from error
        if found != diff_id:
            raise self._wrong(f"the layer {digest} unpacks to {found} instead of its diff_id {diff_id}")
        return Layer(media_type, digest, int(descriptor["size"]), diff_id)

    def _unpacked(self, blob: IO[bytes], media_type: str) -> IO[bytes]:
        if media_type in _PLAIN:
            return blob
        if media_type in _GZIP:
            return gzip.GzipFile(fileobj=blob)  # type: ignore[return-value]  # an IO in all but name
        raise self._wrong(f"a layer has the media type {media_type!r}, and only plain tar and gzip can be verified")

    def _hash_all(self) -> None:
        """Every blob against its name, those that nothing names too."""
        blobs = os.path.join(self._path, "blobs")
        for name in sorted(os.listdir(blobs) if os.path.isdir(blobs) else ()):
            if name != "sha256":
                raise self._wrong(f"its blobs are named by {name!r}; sha256 is allowed")
        folder = os.path.join(blobs, "sha256")
        for name in sorted(os.listdir(folder) if os.path.isdir(folder) else ()):
            path = os.path.join(folder, name)
            if os.path.islink(path) or not os.path.isfile(path):
                raise self._wrong(f"the blob sha256:{name} is no regular file")
            with open(path, "rb") as blob:
                found = _digest(blob)
            if found != f"sha256:{name}":
                raise self._wrong(
                    f"the blob sha256:{name} has the content of {found}; it was changed after it was made"
                )

    def _json_file(self, name: str) -> dict[str, Any]:
        with open(os.path.join(self._path, name), "rb") as file:
            return self._json(file.read(), name)

    def _json_blob(self, descriptor: Mapping[str, Any], what: str) -> dict[str, Any]:
        with open(self._blob(descriptor["digest"]), "rb") as file:
            return self._json(file.read(), what)

    def _json(self, text: bytes, what: str) -> dict[str, Any]:
        def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
            if len({key for key, _value in pairs}) != len(pairs):
                raise ValueError("a key stands twice")
            return dict(pairs)

        try:
            content = json.loads(text, object_pairs_hook=once)
        except (ValueError, RecursionError) as error:
            raise self._wrong(f"its {what} is no JSON ({error})") from error
        if not isinstance(content, dict):
            raise self._wrong(f"its {what} is no JSON object")
        self._spelling(content)
        if isinstance(content.get("rootfs"), dict):
            self._spelling(content["rootfs"])
        return content

    def _spelling(self, content: Mapping[str, Any]) -> None:
        for key in content:
            spelled = _KEYS.get(key.casefold(), key)
            if spelled != key:
                raise self._wrong(f"it has the key {key!r}, which is spelled {spelled!r}")

    def _list(self, content: Any, what: str) -> list[Any]:
        if not isinstance(content, list):
            raise self._wrong(f"its {what} are no list")
        return content

    def _blob(self, digest: str) -> str:
        return os.path.join(self._path, "blobs", *digest.split(":"))

    def _wrong(self, why: str) -> Impossible:
        return Impossible(f"The layout '{self._path}' is not what it should be: {why}.")


def _digest(content: IO[bytes]) -> str:
    digest = hashlib.sha256()
    for chunk in _chunks(content):
        digest.update(chunk)
    return f"sha256:{digest.hexdigest()}"


def _chunks(content: IO[bytes]) -> Iterator[bytes]:
    while chunk := content.read(_CHUNK):
        yield chunk

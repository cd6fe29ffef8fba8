"""Small OCI image layouts, made in memory: a few files a layer are enough for what reads packages."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

Files = Mapping[str, str | bytes]

CONFIG = "application/vnd.oci.image.config.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def archive(files: Files) -> bytes:
    """A tar archive without any date or owner of its own."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as tar:
        for name, text in sorted(files.items()):
            content = text.encode() if isinstance(text, str) else text
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o644
            tar.addfile(entry, io.BytesIO(content))
    return target.getvalue()


def digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def put(layout: Path, content: bytes) -> dict[str, Any]:
    """A blob; its descriptor without media type."""
    name = digest(content)
    folder = layout / "blobs" / "sha256"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name.removeprefix("sha256:")).write_bytes(content)
    return {"digest": name, "size": len(content)}


def dump(content: Any) -> bytes:
    return json.dumps(content, sort_keys=True).encode()


def blob(layout: Path, name: str) -> Path:
    return layout / "blobs" / "sha256" / name.removeprefix("sha256:")


def image(layout: Path, layers: Sequence[Files], *, compressed: bool = True, **config: Any) -> dict[str, Any]:
    """An image's blobs; the descriptor of its manifest."""
    archives = [archive(files) for files in layers]
    descriptors = [
        {"mediaType": LAYER + ("+gzip" if compressed else "")}
        | put(layout, gzip.compress(content, mtime=0) if compressed else content)
        for content in archives
    ]
    configuration = {
        "architecture": "amd64",
        "os": "linux",
        "config": {"User": "1000"},
        "rootfs": {"type": "layers", "diff_ids": [digest(content) for content in archives]},
        **config,
    }
    return put_manifest(layout, {"mediaType": CONFIG} | put(layout, dump(configuration)), descriptors)


def put_manifest(layout: Path, config: Any, layers: Any, **more: Any) -> dict[str, Any]:
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers, **more}
    return {"mediaType": MANIFEST} | put(layout, dump(manifest))


def put_index(layout: Path, manifests: Any) -> None:
    (layout / "index.json").write_bytes(dump({"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests}))


def make_layout(layout: Path, layers: Sequence[Files], *, compressed: bool = True, **config: Any) -> Path:
    """A layout of one image with these files a layer."""
    layout.mkdir(parents=True, exist_ok=True)
    (layout / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    put_index(layout, [image(layout, layers, compressed=compressed, **config)])
    return layout

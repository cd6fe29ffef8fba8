"""Bases made from the sandbox's by a change of its configuration or by one more layer."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import shutil
import tarfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from sandbox.images.base_image import BaseImage


def changed(base: BaseImage, target: Path, **changes: Any) -> BaseImage:
    """A copy of a base, changed as `edited` says."""
    return replace(base, layout=target, digest=edited(base.layout, target, **changes))


def edited(
    layout: Path,
    target: Path,
    *,
    config: Mapping[str, Any] | None = None,
    labels: Mapping[str, str] | None = None,
    top: Mapping[str, Any] | None = None,
    files: Mapping[str, bytes] | None = None,
    modes: Mapping[str, int] | None = None,
) -> str:
    """A copy of a layout with one image; its digest.

    :param config: merged into its configuration's `config`.
    :param labels: merged into its labels.
    :param top: merged into its configuration.
    :param files: path -> content in a layer more; `-> target` is a link.
    """
    shutil.copytree(layout, target)
    blobs = target / "blobs" / "sha256"
    index = json.loads((target / "index.json").read_bytes())
    manifest = json.loads((blobs / index["manifests"][0]["digest"].removeprefix("sha256:")).read_bytes())
    configuration = json.loads((blobs / manifest["config"]["digest"].removeprefix("sha256:")).read_bytes())
    configuration.update(top or {})
    configuration["config"].update(config or {})
    if labels:
        configuration["config"]["Labels"] = {**configuration["config"].get("Labels", {}), **labels}
    if files:
        plain = _layer(files, modes or {})
        configuration["rootfs"]["diff_ids"].append(f"sha256:{hashlib.sha256(plain).hexdigest()}")
        configuration["history"].append({"created": configuration["created"], "created_by": "files"})
        manifest["layers"].append({**manifest["layers"][0], **_put(blobs, gzip.compress(plain, mtime=0))})
    manifest["config"].update(_put(blobs, json.dumps(configuration).encode()))
    put = _put(blobs, json.dumps(manifest).encode())
    index["manifests"][0].update(put)
    (target / "index.json").write_text(json.dumps(index))
    return str(put["digest"])


def _layer(files: Mapping[str, bytes], modes: Mapping[str, int]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.mode = modes.get(name, 0o644)
            if content.startswith(b"-> "):
                entry.type, entry.linkname = tarfile.SYMTYPE, content[3:].decode()
                archive.addfile(entry)
                continue
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def _put(blobs: Path, content: bytes) -> dict[str, Any]:
    name = hashlib.sha256(content).hexdigest()
    (blobs / name).write_bytes(content)
    return {"digest": f"sha256:{name}", "size": len(content)}

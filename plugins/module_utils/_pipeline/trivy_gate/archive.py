# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Archives of one image, docker-archive and oci-archive, verified as a layout is.

Both are unpacked into a private folder, an oci-archive because Trivy does not read it, a docker-archive because what
was verified has to be what is scanned. Our own loop unpacks: tarfile's filters, where they are not mended (before
Python 3.12.11 and 3.13.4, CVE-2025-4517), let chains of links write outside the folder.
"""

from __future__ import annotations

import hashlib
import json
import lzma
import os
import re
import shutil
import tarfile
import zlib
from typing import Any

from ..._core.plan import Impossible, Refusal
from ..._oci.layout import verify
from .model import Identity

MAXIMUM_BYTES = 32 << 30
"""Bytes that an archive may unpack to."""
MAXIMUM_ENTRIES = 10_000
"""Members that an archive may have; an image has at most 127 layers."""


def read(path: str, folder: str) -> tuple[Identity, str]:
    """Who the image is, and what Trivy is given: a layout, or a docker-archive.

    :param folder: private, to unpack into.
    :raises Refusal: the file is no archive of an image.
    :raises Impossible: the archive is not what it says.
    """
    inside = os.path.join(folder, "archive")
    try:
        with tarfile.open(path) as archive:
            _unpack(archive, inside)
    except (tarfile.TarError, OSError, EOFError, ValueError, zlib.error, lzma.LZMAError) as error:
        raise Refusal("archive", path, f"an archive of an image is needed ({error})") from error
    name = os.path.basename(path)
    if os.path.isfile(os.path.join(inside, "manifest.json")):
        identity = _docker(path, inside)
        packed = os.path.join(folder, "docker-archive.tar")
        with tarfile.open(packed, "w", format=tarfile.GNU_FORMAT) as archive:
            for member in sorted(os.listdir(inside)):
                archive.add(os.path.join(inside, member), member)
        return identity, packed
    if os.path.isfile(os.path.join(inside, "oci-layout")):
        try:
            layout = verify(inside, "archive")
        except Impossible as error:
            raise Impossible(str(error).replace(f"The layout '{inside}'", f"The archive '{path}'")) from error
        return Identity(name, layout.manifest_digest, layout.config_digest, layout.diff_ids), inside
    raise Refusal("archive", path, "it holds neither manifest.json (docker-archive) nor oci-layout (oci-archive)")


def _unpack(archive: tarfile.TarFile, inside: str) -> None:
    """Regular files and folders, each once; TarError for what no archive of an image holds.

    Links are left out: podman and skopeo write some for readers of old, and nothing that is read here needs them.
    """
    os.mkdir(inside)
    left = MAXIMUM_BYTES
    for number, member in enumerate(archive, start=1):
        if number > MAXIMUM_ENTRIES:
            raise tarfile.TarError(f"it has more than {MAXIMUM_ENTRIES} members")
        parts = [part for part in member.name.split("/") if part not in ("", ".")]
        if member.name.startswith("/") or ".." in parts:
            raise tarfile.TarError(f"the name '{member.name}' leads out of it")
        if member.issym() or member.islnk():
            continue
        target = os.path.join(inside, *parts)
        if member.isdir():
            os.makedirs(target, exist_ok=True)
            continue
        if not member.isreg() or member.issparse():
            raise tarfile.TarError(f"'{member.name}' is neither a file nor a folder")
        left -= member.size
        if left < 0:
            raise tarfile.TarError(f"it unpacks to more than {MAXIMUM_BYTES} bytes")
        content = archive.extractfile(member)
        if content is None:  # never of a regular file
            raise tarfile.TarError(f"'{member.name}' has no content")
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with content, open(target, "xb") as file:
            shutil.copyfileobj(content, file, 1 << 20)


def _docker(path: str, inside: str) -> Identity:
    def wrong(why: str) -> Impossible:
        return Impossible(f"The archive '{path}' is not what it should be: {why}.")

    try:
        with open(os.path.join(inside, "manifest.json"), encoding="utf-8") as file:
            images = json.load(file)
        if not isinstance(images, list) or len(images) != 1:
            raise wrong(f"it holds {len(images)} images and has to hold exactly one")
        config_file, layer_files = str(images[0]["Config"]), [str(name) for name in images[0]["Layers"]]
        config, config_digest = _config(_inside(inside, config_file))
        diff_ids = [str(text) for text in config["rootfs"]["diff_ids"]]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise wrong(f"its manifest or configuration is damaged ({type(error).__name__})") from error
    named = re.fullmatch(r"(?:blobs/sha256/)?([0-9a-f]{64})(?:\.json)?", config_file)
    if named is None or f"sha256:{named[1]}" != config_digest:
        raise wrong(f"the configuration '{config_file}' has the content of {config_digest}")
    if len(diff_ids) != len(layer_files):
        raise wrong(f"it has {len(layer_files)} layers, its configuration {len(diff_ids)}")
    for layer, diff_id in zip(layer_files, diff_ids, strict=True):
        try:
            with open(_inside(inside, layer), "rb") as content:
                found = f"sha256:{hashlib.file_digest(content, 'sha256').hexdigest()}"
        except OSError as error:
            raise wrong(f"the layer '{layer}' is missing") from error
        if found != diff_id:
            raise wrong(f"the layer '{layer}' has the content of {found} instead of its diff_id {diff_id}")
    return Identity(os.path.basename(path), "", config_digest, tuple(diff_ids))


def _config(path: str) -> tuple[Any, str]:
    with open(path, "rb") as file:
        text = file.read()
    return json.loads(text), f"sha256:{hashlib.sha256(text).hexdigest()}"


def _inside(folder: str, name: str) -> str:
    path = os.path.realpath(os.path.join(folder, name))
    if os.path.commonpath([path, os.path.realpath(folder)]) != os.path.realpath(folder):
        raise OSError(name)
    return path

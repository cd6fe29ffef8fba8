# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of the module `application_artifact`, checked, with the files that they name."""

from __future__ import annotations

import tarfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from ..._core.options import checked
from ..._core.plan import Refusal, Value
from .. import application_bucket
from .model import ARCHITECTURES, application_name, commit_hash, file_name, version_text

OPTIONS: dict[str, dict[str, Any]] = {
    **application_bucket.OPTIONS,
    "application": {"type": "str", "required": True},
    "version": {"type": "str", "required": True},
    "commit": {"type": "str", "required": True},
    "artifacts": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "architecture": {"type": "str", "choices": list(ARCHITECTURES), "default": "amd64"},
            "path": {"type": "path", "required": True},
        },
    },
    "directory": {"type": "path"},
    "architectures": {"type": "list", "elements": "str", "choices": list(ARCHITECTURES), "default": ["amd64"]},
}


@dataclass(frozen=True)
class File:
    """An artifact on this machine."""

    architecture: str
    path: str
    content: bytes


@dataclass(frozen=True)
class Spec:
    bucket: str
    application: str
    version: str
    commit: str
    files: tuple[File, ...]


def parse(values: Mapping[str, Value]) -> Spec:
    """All options, cast and checked, and the files read; Refusal for the first that is wrong."""
    given = checked(OPTIONS, values)
    application_bucket.check(given)
    application = application_name("application", given["application"])
    version = version_text("version", given["version"])
    commit = commit_hash("commit", given["commit"])
    if given["directory"]:
        if given["artifacts"]:
            raise Refusal("directory", given["directory"], "either artifacts or directory is needed")
        files = [
            _file("directory", architecture, f"{given['directory']}/{file_name(application, version, architecture)}")
            for architecture in dict.fromkeys(given["architectures"])
        ]
    else:
        files = _files(given["artifacts"])
    if not files:
        raise Refusal("artifacts", [], "at least one artifact is needed")
    return Spec(given["bucket"], application, version, commit, tuple(files))


def _files(artifacts: Sequence[Mapping[str, Value]]) -> list[File]:
    files: list[File] = []
    for position, entry in enumerate(artifacts):
        if entry["architecture"] in (file.architecture for file in files):
            words = "each architecture is allowed once"
            raise Refusal(f"artifacts[{position}].architecture", entry["architecture"], words)
        files.append(_file(f"artifacts[{position}].path", entry["architecture"], entry["path"]))
    return files


def _file(option: str, architecture: str, path: str) -> File:
    return File(architecture, path, _archive(option, path))


def _archive(option: str, path: str) -> bytes:
    """The bytes of a compressed archive that can be unpacked below a folder, or Refusal."""
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise Refusal(option, path, f"it cannot be read ({error.strerror})") from error
    try:
        with tarfile.open(path, mode="r:gz") as archive:
            members = archive.getmembers()
    except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
        raise Refusal(option, path, "a tar archive compressed by gzip is needed") from error
    for member in members:
        name = PurePosixPath(member.name)
        if name.is_absolute() or ".." in name.parts:
            raise Refusal(option, path, f"its entry '{member.name}' leads out of the folder it is unpacked to")
        if not (member.isreg() or member.isdir() or member.issym()):
            raise Refusal(option, path, f"its entry '{member.name}' is no file, folder or symbolic link")
        if member.mode & 0o6000:
            raise Refusal(option, path, f"its entry '{member.name}' is setuid or setgid")
    if not any(member.isreg() for member in members):
        raise Refusal(option, path, "it holds no file")
    return content

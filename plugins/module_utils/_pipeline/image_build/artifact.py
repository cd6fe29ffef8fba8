# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The artifact of a version: out of the bucket, or out of a folder with the same keys, its checksum verified."""

from __future__ import annotations

import hashlib
import re
import tarfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ..._aws.client import Api, code_of
from ..._aws.client import ClientError as AwsError
from ..._core.plan import Impossible
from ..application_artifact.model import release_key
from .model import Image

_CHECKSUM = re.compile(r"([0-9a-f]{64})  ?\*?(\S+)\n?")
_MISSING = ("NoSuchKey", "404", "NotFound")


@dataclass(frozen=True)
class Artifact:
    """:param sha256: as stated beside it; :param where: bucket and key, or path, in words for a message."""

    architecture: str
    key: str
    sha256: str
    where: str

    def as_dict(self) -> dict[str, str]:
        return {"architecture": self.architecture, "key": self.key, "sha256": self.sha256}


class Artifacts:
    """The artifacts of one version.

    :param api: AWS, unless the artifacts are in a folder.
    """

    def __init__(self, image: Image, api: Api | None) -> None:
        self._image = image
        self._api = api

    def stated(self, architecture: str, *, check_mode: bool = False) -> Artifact:
        """What is stated of an artifact, read without the artifact itself.

        :param check_mode: takes one that is missing as one that an earlier task plans to put there, if its checksum is
            declared.
        """
        key = self._image.artifact_key(architecture)
        where = f"s3://{self._image.bucket}/{key}" if self._image.bucket else str(self._path(key))
        try:
            text = self._read(f"{key}.sha256", f"{where}.sha256").decode(errors="replace")
        except Impossible:
            if check_mode and architecture in self._image.checksums:
                return Artifact(architecture, key, self._image.checksums[architecture], where)
            raise
        found = _CHECKSUM.fullmatch(text)
        if found is None or found[2] != PurePosixPath(key).name:
            raise Impossible(f"The checksum file {where}.sha256 does not name the SHA-256 of its artifact.")
        wanted = self._image.checksums.get(architecture, found[1])
        if found[1] != wanted:
            raise Impossible(f"The artifact {where} has the SHA-256 {found[1]}, but checksums names {wanted}.")
        return Artifact(architecture, key, found[1], where)

    def is_released(self, version: str) -> bool:
        """Whether the manifest of its release stands, the last thing that a release writes.

        Beside artifacts in a folder none is written: there, an image in every registry is a release.
        """
        if self._api is None:
            return True
        key = release_key(self._image.application, version)
        try:
            self._api.s3.head_object(Bucket=self._image.bucket, Key=key)
        except AwsError as error:
            if code_of(error) in _MISSING:
                return False
            raise
        return True

    def fetch(self, artifact: Artifact, target: Path) -> None:
        """Writes the artifact to `target`; Impossible for bytes or contents that are not what an artifact is."""
        content = self._read(artifact.key, artifact.where)
        found = hashlib.sha256(content).hexdigest()
        if found != artifact.sha256:
            raise Impossible(
                f"The artifact {artifact.where} has the SHA-256 {found}, but {artifact.sha256} stands beside it."
            )
        target.write_bytes(content)
        check_archive(target, artifact.where)

    def _path(self, key: str) -> Path:
        return (self._image.artifacts or Path()) / key

    def _read(self, key: str, where: str) -> bytes:
        if self._api is None:
            try:
                return self._path(key).read_bytes()
            except FileNotFoundError:
                raise Impossible(f"The artifact {where} is missing; build it for this version first.") from None
            except OSError as error:
                raise Impossible(f"The artifact {where} cannot be read: {error.strerror}.") from error
        try:
            return bytes(self._api.s3.get_object(Bucket=self._image.bucket, Key=key)["Body"].read())
        except AwsError as error:
            if code_of(error) in _MISSING:
                raise Impossible(f"The artifact {where} is missing; build it for this version first.") from error
            if code_of(error) == "NoSuchBucket":
                raise Impossible(f"The bucket '{self._image.bucket}' of the artifact does not exist.") from error
            raise


def check_archive(path: Path, where: str) -> None:
    """Impossible unless the archive holds files, folders and links inside itself, and nothing else."""
    try:
        with tarfile.open(path, "r:gz") as archive:
            count = 0
            for entry in archive:
                count += 1
                wrong = _wrong(entry)
                if wrong:
                    raise Impossible(f"The artifact {where} holds '{entry.name}', which {wrong}.")
    except (tarfile.TarError, OSError, EOFError) as error:
        raise Impossible(f"The artifact {where} is no tar.gz archive: {error}.") from error
    if not count:
        raise Impossible(f"The artifact {where} is an empty archive.")


def _wrong(entry: tarfile.TarInfo) -> str:
    path = PurePosixPath(entry.name)
    if path.is_absolute() or ".." in path.parts:
        return "would land outside of the application's folder"
    if not (entry.isfile() or entry.isdir() or entry.issym() or entry.islnk()):
        return "is neither a file nor a folder nor a link"
    if entry.mode & 0o6000:
        return "is setuid or setgid"
    if entry.issym() or entry.islnk():
        start = path.parent if entry.issym() else PurePosixPath()
        target = PurePosixPath(entry.linkname)
        depth = 0
        for part in (*start.parts, *target.parts):
            depth += -1 if part == ".." else 1
            if depth < 0 or target.is_absolute():
                return f"is a link to '{entry.linkname}' outside of the application's folder"
    return ""

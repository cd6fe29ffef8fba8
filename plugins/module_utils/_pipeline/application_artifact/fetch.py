# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Takes an artifact out of the bucket, compared with its checksum."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from ..._aws.s3.objects import Objects
from ..._core.plan import Impossible
from .model import artifact_key, checksum_line, claim_key, claimed_commit, file_name


@dataclass(frozen=True)
class Artifact:
    """What stands in the bucket for one architecture.

    :param sha256: hex.
    :param commit: the commit that has claimed the version.
    """

    architecture: str
    key: str
    sha256: str
    commit: str


def look(objects: Objects, application: str, version: str, architecture: str) -> Artifact:
    """What the bucket says of an artifact, without its body; Impossible if it is missing or contradicts itself."""
    where = claim_key(application, version)
    claim = objects.get(where)
    if claim is None:
        raise Impossible(f"Version {version} of '{application}' is not claimed: '{where}' does not exist.")
    key = artifact_key(application, version, architecture)
    head, line = objects.head(key), objects.get(f"{key}.sha256")
    if head is None or line is None:
        missing = key if head is None else f"{key}.sha256"
        raise Impossible(
            f"The artifact of version {version} for {architecture} is missing: '{missing}' does not exist."
        )
    name = file_name(application, version, architecture)
    if line != checksum_line(head.sha256, name):
        noted = line.decode(errors="replace").split(" ", 1)[0].strip()
        raise Impossible(f"The artifact '{key}' has SHA-256 {head.sha256}, but '{key}.sha256' says {noted}.")
    return Artifact(architecture, key, head.sha256, claimed_commit(where, claim))


def fetch(objects: Objects, artifact: Artifact, target: Path) -> None:
    """Writes an artifact's body to a file that does not exist yet; Impossible, and no file, for another checksum."""
    body = objects.get(artifact.key)
    if body is None:
        raise Impossible(f"The artifact '{artifact.key}' does not exist.")
    found = hashlib.sha256(body).hexdigest()
    if found != artifact.sha256:
        raise Impossible(f"The artifact '{artifact.key}' has SHA-256 {found}, not {artifact.sha256}.")
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(body)
    except OSError as error:
        target.unlink(missing_ok=True)
        raise Impossible(f"The artifact cannot be written to '{target}': {error.strerror}.") from error

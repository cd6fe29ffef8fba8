# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One run of the module `application_artifact`: look, plan; outside check mode write, and plan again."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from ..._aws.client import Api
from ..._aws.s3.objects import Objects
from ..._core.converge import converge
from ..._core.plan import Action, Change, Field, Impossible, Outcome, Plan, Ref, Value
from . import model
from .options import File, Spec, parse

GZIP, JSON, TEXT = "application/gzip", "application/json", "text/plain"


@dataclass(frozen=True)
class _Write:
    """One object that is missing."""

    change: Change
    key: str
    body: bytes
    content_type: str
    metadata: Mapping[str, str]


@dataclass(frozen=True)
class _View:
    writes: list[_Write]

    @property
    def plan(self) -> Plan:
        return Plan(tuple(write.change for write in self.writes))


class Runner:
    """One run for one version of an application."""

    def __init__(self, params: Mapping[str, Value], api: Api, *, check_mode: bool) -> None:
        self._spec = parse(params)
        self._objects = Objects(api, self._spec.bucket)
        self._check_mode = check_mode

    def run(self) -> Outcome:
        self._objects.check(check_mode=self._check_mode)
        view, _last = converge(
            self._missing,
            self._write,
            lambda left: f"S3 took the artifact, but '{left.changes[0].ref.name}' still does not stand.",
            check_mode=self._check_mode,
        )
        return Outcome(view.plan, self._answer())

    def _write(self, view: _View) -> None:
        for write in view.writes:
            if not self._objects.put_new(write.key, write.body, write.content_type, write.metadata):
                self._missing()  # says whose it is, unless it is the same

    def _missing(self) -> _View:
        """The objects to write, the claim first; Impossible for what others have written."""
        spec = self._spec
        writes = self._missing_claim(spec)
        for file in spec.files:
            writes += self._missing_artifact(spec, file)
        return _View(writes)

    def _missing_claim(self, spec: Spec) -> list[_Write]:
        key = model.claim_key(spec.application, spec.version)
        standing = self._objects.get(key)
        if standing is None:
            body = model.claim_body(spec.application, spec.version, spec.commit)
            return [_write("claim", key, body, JSON, Field("commit", None, spec.commit))]
        other = model.claimed_commit(key, standing)
        if other != spec.commit:
            raise Impossible(
                f"Version {spec.version} of '{spec.application}' is claimed by commit {other}, not by {spec.commit}; "
                "compute the version anew with it in claimed_versions."
            )
        return []

    def _missing_artifact(self, spec: Spec, file: File) -> list[_Write]:
        key = model.artifact_key(spec.application, spec.version, file.architecture)
        name = model.file_name(spec.application, spec.version, file.architecture)
        sha256 = hashlib.sha256(file.content).hexdigest()
        writes = []
        head = self._objects.head(key)
        if head is None:
            fields = (Field("sha256", None, sha256), Field("size", None, len(file.content)))
            writes.append(_write("artifact", key, file.content, GZIP, *fields, sha256=sha256))
        elif head.sha256 != sha256:
            raise Impossible(
                f"The artifact '{key}' exists with SHA-256 {head.sha256}, but '{file.path}' has {sha256}; "
                "the commit did not compile to the same bytes again, so give it a new version."
            )
        line = model.checksum_line(sha256, name)
        standing = self._objects.get(f"{key}.sha256")
        if standing is None:
            writes.append(_write("checksum", f"{key}.sha256", line, TEXT, Field("sha256", None, sha256)))
        elif standing != line:
            noted = standing.decode(errors="replace").strip()
            raise Impossible(f"The object '{key}.sha256' says '{noted}', but the artifact has SHA-256 {sha256}.")
        return writes

    def _answer(self) -> dict[str, Value]:
        spec = self._spec
        return {
            "bucket": spec.bucket,
            "application": spec.application,
            "version": spec.version,
            "commit": spec.commit,
            "claim": model.claim_key(spec.application, spec.version),
            "artifacts": [
                {
                    "architecture": file.architecture,
                    "key": model.artifact_key(spec.application, spec.version, file.architecture),
                    "sha256": hashlib.sha256(file.content).hexdigest(),
                    "size": len(file.content),
                }
                for file in spec.files
            ],
        }


def _write(kind: str, key: str, body: bytes, content_type: str, *fields: Field, **metadata: str) -> _Write:
    return _Write(Change(Ref(kind, key), Action.CREATE, fields), key, body, content_type, metadata)

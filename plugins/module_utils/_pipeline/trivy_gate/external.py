# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A report that was made elsewhere: what has to be shown before its findings count.

A report is a text, and a text can be edited. It counts if it comes from whom it should (checksum or signature), speaks
of this image (image ID and diff_ids), is not old, and its database is known and shows itself in the findings.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ..._core.plan import Impossible, Refusal
from .decide import database_doubts, identity_doubts
from .model import Database, Identity, Scan, stamp
from .options import External
from .policy import Policy
from .program import Execute, version_doubts


@dataclass(frozen=True)
class Read:
    """:param bytes_digest: SHA-256 of the report."""

    content: Any
    checksum: str


def read(path: str) -> Read:
    with open(path, "rb") as file:
        text = file.read()
    try:
        return Read(json.loads(text), hashlib.sha256(text).hexdigest())
    except ValueError as error:
        raise Impossible(f"The report '{path}' is no JSON ({error}).") from error


def proof(external: External, checksum: str, cosign: str, execute: Execute, folder: str) -> list[str]:
    """Why nothing shows who made the report; empty where its checksum or its signature does."""
    if external.checksum is not None and external.checksum != checksum:
        return [f"The report has the SHA-256 {checksum} instead of {external.checksum}: it was changed."]
    if external.attestation is not None and external.key is not None:
        program = shutil.which(cosign)
        if program is None:
            raise Refusal("cosign_path", cosign, "a program is needed to verify external_report_attestation")
        command = [program, "verify-blob", "--key", os.path.abspath(external.key)]
        command += ["--bundle", os.path.abspath(external.attestation), "--insecure-ignore-tlog=true"]
        status, _output, errors = execute(
            ["env", f"HOME={folder}", f"TUF_ROOT={folder}", *command, os.path.abspath(external.report)], folder
        )
        if status:
            lines = [line for line in errors.decode(errors="replace").splitlines() if line.strip()]
            why = " ".join(lines[-1].split()).rstrip(".") if lines else "it said nothing"
            return [f"The signature of the report does not verify: {why}."]
    elif external.checksum is None:
        return ["The report came with neither its checksum nor an attestation, so anybody can have written it."]
    return []


def unverified(scan: Scan, identity: Identity, database: Database, policy: Policy, now: datetime) -> list[str]:
    """Why the findings of a report from outside say nothing of this image."""
    found = identity_doubts(scan, identity)
    why = version_doubts(scan.trivy_version)
    if why is not None:
        found.append(f"The report was made by Trivy {scan.trivy_version or 'of no version'}, which {why}.")
    if scan.created is None:
        found.append("The report does not say when it was made.")
    elif not timedelta(hours=-1) <= now - scan.created <= timedelta(hours=policy.database_hours):
        found.append(f"The report was made at {stamp(scan.created)}; {policy.database_hours} hours are allowed.")
    elif scan.created < database.updated:
        found.append(f"The report was made at {stamp(scan.created)}, before its database ({stamp(database.updated)}).")
    return found + database_doubts(database, policy, now)


def silent(scan: Scan, groups: Sequence[str]) -> list[str]:
    """What the database of a report may not hold: groups of packages without one finding, where no canary speaks."""
    seen = {finding.source for finding in scan.findings if finding.kind == "vulnerabilities"}
    return [
        f"The report has no vulnerability for {group}, so nothing shows that its database holds it; "
        "a report with its whole database (db/trivy.db) can be checked."
        for group in groups
        if group not in seen
    ]

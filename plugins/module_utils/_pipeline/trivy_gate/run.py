# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One run of the module `trivy_gate`, target by target: verify, scan, scan the canary, decide; outside check mode write
the reports.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ..._core.plan import Impossible, Outcome, Plan, Value
from ..._oci.layout import verify
from . import archive, canary, database, external, vex
from . import report as trivy_report
from .decide import VERDICTS, canary_doubts, decide, doubts, identity_doubts, log_doubts, summary
from .junit import as_junit
from .model import Database, Identity, Scan
from .options import FORMATS, External, parse, split
from .output import Report, as_json, as_markdown, planned, write
from .policy import Policy
from .policy import parse as parse_policy
from .policy import read as read_policy
from .program import Execute, Trivy, download, locate
from .sarif import as_sarif

_WRITERS = {"json": as_json, "sarif": as_sarif, "junit": as_junit, "markdown": as_markdown}


@dataclass(frozen=True)
class _Judged:
    """:param errors: why there is no verdict; `unverified`: why a report from outside proves nothing."""

    scan: Scan
    database: Database
    trivy_checksum: str | None
    errors: tuple[str, ...]
    unverified: tuple[str, ...] = ()


def judge(params: Mapping[str, Value], execute: Execute, folder: str, *, check_mode: bool) -> Outcome:
    """All targets, and what is decided of them together: the worst verdict and every reason.

    :param folder: private and empty; the caller deletes it.
    """
    targets = split(params)
    runners = []
    for position, target in enumerate(targets):
        private = os.path.join(folder, str(position))
        os.mkdir(private, 0o700)
        runners.append(Runner(target, execute, private, check_mode=check_mode))
    outcomes = [runner.run() for runner in runners]
    answers = [outcome.answer for outcome in outcomes]
    names = [f"{image['architecture']}: " for image in params.get("images") or ()] or [""]
    worst = max(outcomes, key=lambda outcome: VERDICTS.index(str(outcome.answer["verdict"])))
    failures = [f"{name}{outcome.failure}" for name, outcome in zip(names, outcomes, strict=True) if outcome.failure]
    reasons = [f"{name}{reason}" for name, answer in zip(names, answers, strict=True) for reason in answer["reasons"]]
    return Outcome(
        Plan(tuple(change for outcome in outcomes for change in outcome.plan.changes)),
        {**worst.answer, "reasons": reasons, "verdicts": answers},
        tuple(dict.fromkeys(warning for outcome in outcomes for warning in outcome.warnings)),
        " ".join(failures) or None,
    )


class Runner:
    """One run over one target.

    :param folder: private and empty; the caller deletes it.
    :param now: the time that decides about age, expiry and grace.
    """

    def __init__(
        self,
        params: Mapping[str, Value],
        execute: Execute,
        folder: str,
        *,
        check_mode: bool,
        now: datetime | None = None,
    ) -> None:
        self._spec = parse(params)
        self._execute = execute
        self._folder = folder
        self._check_mode = check_mode
        self._now = now or datetime.now(UTC)

    def run(self) -> Outcome:
        spec = self._spec
        policy, checksum = self._policy()
        statements = [entry for n, path in enumerate(spec.vex) for entry in vex.read(path, f"vex[{n}]")]
        identity, target = self._target()
        judged = (
            self._external(spec.external, policy, identity)
            if spec.external
            else self._scanned(policy, identity, target)
        )
        decision = decide(
            policy,
            judged.scan,
            statements,
            identity,
            self._now,
            errors=judged.errors,
            unverified=judged.unverified,
        )
        report = Report(
            decision, identity, judged.scan, judged.database, judged.scan.trivy_version, checksum, self._now
        )
        files = {
            os.path.join(spec.directory, FORMATS[name]): _WRITERS[name](report)
            for name in FORMATS
            if name in spec.formats
        }
        plan = planned(files, decision)
        if plan and not self._check_mode:
            try:
                write(files)
            except OSError as error:
                raise Impossible(f"The reports cannot be written to '{spec.directory}': {error.strerror}.") from error
        failure = None
        if spec.enforce and decision.verdict != "passed":
            failure = f"The gate is closed ({summary(decision)}). {' '.join(decision.reasons)}"
        return Outcome(plan, self._answer(report, judged.trivy_checksum), decision.warnings, failure)

    def _policy(self) -> tuple[Policy, str]:
        today = self._now.astimezone(UTC).date()
        if self._spec.policy is None:
            return parse_policy({}, today), ""
        policy = read_policy(self._spec.policy, today)
        with open(self._spec.policy, "rb") as file:
            return policy, hashlib.file_digest(file, "sha256").hexdigest()

    def _target(self) -> tuple[Identity, list[str]]:
        """Who the target is, and how Trivy is told.

        Trivy takes what follows `:` or `@` in `--input` for a tag or digest and scans what stands before it, so an
        image has a name of our own in its folder.
        """
        spec = self._spec
        name = os.path.basename(os.path.abspath(spec.target))
        path = os.path.abspath(spec.target)
        if spec.kind == "layout":
            layout = verify(path)
            identity = Identity(name, layout.manifest_digest, layout.config_digest, layout.diff_ids)
            os.symlink(path, os.path.join(self._folder, "layout"))
            return identity, ["image", "--input", "layout"]
        if spec.kind == "archive":
            identity, given = archive.read(path, self._folder)
            return identity, ["image", "--input", os.path.relpath(given, self._folder)]
        if spec.kind == "filesystem":
            return Identity(name), ["filesystem", path]
        return Identity(name), ["sbom", path]

    def _scanned(self, policy: Policy, identity: Identity, target: Sequence[str]) -> _Judged:
        spec = self._spec
        program = locate(spec.trivy_path, spec.trivy_checksum, self._execute, self._folder)
        folder = spec.database
        if spec.database_repository is not None:
            if self._check_mode:  # nothing is written where it is seen
                folder = os.path.join(self._folder, "database")
            download(program, folder, spec.database_repository, self._execute, self._folder)
        metadata = database.read(folder)
        trivy = Trivy(program, folder, self._folder, self._execute)
        content, log = trivy.scan(target, list(policy.sections))
        scan = trivy_report.parse(content)
        errors = doubts(scan, metadata, policy, self._now, is_image=spec.is_image)
        if spec.is_image:
            errors += identity_doubts(scan, identity)
        if spec.kind == "layout" and verify(os.path.abspath(spec.target)).manifest_digest != identity.manifest_digest:
            errors.append("The layout was changed while it was scanned.")
        errors += [*log_doubts(log, policy), *self._canary(trivy, policy, scan)]
        return _Judged(scan, metadata, program.checksum, tuple(errors))

    def _external(self, given: External, policy: Policy, identity: Identity) -> _Judged:
        spec = self._spec
        metadata = database.read(spec.database, file_needed=False)
        found = external.read(given.report)
        scan = trivy_report.parse(found.content)
        why = external.proof(given, found.checksum, spec.cosign_path, self._execute, self._folder)
        why += external.unverified(scan, identity, metadata, policy, self._now)
        errors = doubts(scan, metadata, policy, self._now, is_image=True)
        groups = [*([scan.family] if scan.family else []), *scan.languages]
        if metadata.checksum:
            program = locate(spec.trivy_path, spec.trivy_checksum, self._execute, self._folder)
            errors += self._canary(Trivy(program, spec.database, self._folder, self._execute), policy, scan)
        else:
            why += external.silent(scan, groups)
        return _Judged(scan, metadata, None, tuple(errors), tuple(why))

    def _canary(self, trivy: Trivy, policy: Policy, scan: Scan) -> list[str]:
        wanted, unknown = canary.packages(scan.family, scan.languages, policy.canaries)
        found: list[str] = []
        if wanted:
            path = os.path.join(self._folder, "canary.json")
            with open(path, "w", encoding="utf-8") as file:
                json.dump(
                    canary.sbom(scan.family, scan.release, [url for urls in wanted.values() for url in urls]), file
                )
            content, _log = trivy.scan(["sbom", path], ["vulnerabilities"])
            found = [canary.TYPES.get(entry.source, entry.source) for entry in trivy_report.parse(content).findings]
        names = {scan.family: scan.operating_system}
        return canary_doubts(
            {names.get(kind, kind): kind in found for kind in wanted}, [names.get(kind, kind) for kind in unknown]
        )

    def _answer(self, report: Report, trivy_checksum: str | None) -> dict[str, Any]:
        decision, spec = report.decision, self._spec
        return {
            "verdict": decision.verdict,
            "reasons": list(decision.reasons),
            "summary": summary(decision),
            "counts": decision.counts(counted=True),
            "found": decision.counts(counted=False),
            "left_out": decision.left_out(),
            "digest": report.identity.manifest_digest or None,
            "config_digest": report.identity.config_digest or None,
            "operating_system": report.scan.operating_system or None,
            "database": report.database.as_dict(),
            "trivy_version": report.trivy_version,
            "trivy_checksum": trivy_checksum,
            "report": os.path.join(spec.directory, FORMATS["json"]),
            "reports": {name: os.path.join(spec.directory, FORMATS[name]) for name in FORMATS if name in spec.formats},
        }

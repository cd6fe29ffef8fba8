# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From what a scan found to the verdict. Pure: time, policy and reports come in, nothing else counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from .model import SEVERITIES, Database, Finding, Identity, Scan, Statement, stamp
from .policy import Exemption, Policy, Section
from .vex import applies

PASSED, FAILED, UNVERIFIED, ERROR = VERDICTS = "passed", "failed", "unverified", "error"
COUNTED, EXCEPTED, STATED, UNFIXED, GRACE, ALLOWED = "counted", "excepted", "vex", "unfixed", "grace", "allowed"
END_OF_SUPPORT = "END-OF-SUPPORT"
"""Id by which an exception accepts an operating system past its end of support (its package: "alpine 3.12")."""

_SINGULAR = {
    "vulnerabilities": "vulnerability",
    "secrets": "secret",
    "misconfigurations": "misconfiguration",
    "licenses": "license",
}
_MANY = 5


@dataclass(frozen=True)
class Entry:
    """A finding and what became of it.

    :param status: COUNTED, or why it does not count, in words in `why`.
    :param refused: whether it is one of those that are too many.
    """

    finding: Finding
    status: str
    why: str = ""
    refused: bool = False

    def as_dict(self) -> dict[str, Any]:
        return {**self.finding.as_dict(), "status": self.status, "why": self.why, "refused": self.refused}


@dataclass(frozen=True)
class Decision:
    """The verdict.

    :param doubts: why there is no verdict (ERROR), or why a report from outside is worth none (UNVERIFIED).
    :param reasons: all reasons against the image, one sentence each; the doubts first.
    """

    verdict: str
    reasons: tuple[str, ...]
    warnings: tuple[str, ...]
    entries: tuple[Entry, ...]
    sections: tuple[str, ...]

    def counts(self, *, counted: bool) -> dict[str, dict[str, int]]:
        """Kind -> severity -> number of findings, of those that count or of all."""
        return {
            kind: {
                severity: sum(
                    1
                    for entry in self.entries
                    if entry.finding.kind == kind
                    and entry.finding.severity == severity
                    and (entry.status == COUNTED or not counted)
                )
                for severity in SEVERITIES
            }
            for kind in self.sections
        }

    def left_out(self) -> dict[str, int]:
        """Why findings do not count -> how many."""
        return {
            status: sum(1 for entry in self.entries if entry.status == status)
            for status in (EXCEPTED, STATED, UNFIXED, GRACE, ALLOWED)
        }


def doubts(scan: Scan, database: Database, policy: Policy, now: datetime, *, is_image: bool) -> list[str]:
    """Why a scan says nothing, although Trivy ended without an error."""
    found = database_doubts(database, policy, now)
    if scan.results == 0:
        found.append("The report of Trivy is empty: it looked at nothing in the target.")
    elif not sum(scan.packages.values()):
        found.append("Trivy found no packages at all, so it cannot have found vulnerabilities.")
    if not scan.family and policy.operating_system == "required":
        found.append(
            "Trivy detected no operating system, so its packages were not looked at "
            "(operating_system: optional in the policy allows that)."
        )
    if scan.family and not scan.packages.get(scan.family) and is_image:
        found.append(f"Trivy detected {scan.operating_system}, but not one package of it.")
    unknown = sorted({finding.severity for finding in scan.findings} - set(SEVERITIES))
    if unknown:
        found.append(f"The report has the severity '{unknown[0]}', which is unknown.")
    return found


def identity_doubts(scan: Scan, identity: Identity) -> list[str]:
    """Why a report is about another image than the one whose digest the verdict names."""
    found = []
    if scan.image_id != identity.config_digest:
        found.append(
            f"The report speaks of image {scan.image_id or 'none'}, the image here has the configuration "
            f"{identity.config_digest}."
        )
    if scan.diff_ids != identity.diff_ids:
        found.append("The report names other layers (DiffIDs) than the image here has.")
    return found


def log_doubts(log: str, policy: Policy) -> list[str]:
    """What Trivy says on the side and then ends without an error."""
    found = []
    section = policy.sections.get("misconfigurations")
    if section is not None and section.checks == "bundle" and "Falling back to embedded checks" in log:
        found.append("Trivy fell back from the checks bundle to the checks that it was built with.")
    if "This OS version is not on the EOL list" in log:
        found.append(
            "Trivy does not know the release of the operating system, so nobody knows whether it is supported."
        )
    return found


def database_doubts(database: Database, policy: Policy, now: datetime) -> list[str]:
    if database.version != 2:
        return [f"The vulnerability database has schema version {database.version}, and 2 is what Trivy reads."]
    age = now - database.updated
    if age > timedelta(hours=policy.database_hours):
        hours = policy.database_hours
        return [f"The vulnerability database is of {stamp(database.updated)} and stale: {hours} hours are allowed."]
    if age < -timedelta(hours=1):
        return [f"The vulnerability database is of {stamp(database.updated)}, which is in the future."]
    return []


def canary_doubts(found: Mapping[str, bool], unknown: Iterable[str]) -> list[str]:
    """What the canary says.

    :param found: operating system or language -> whether its packages at version 0 had findings.
    :param unknown: those for which no package is known.
    """
    return [
        f"The vulnerability database holds nothing for {name}: packages of it at version 0 have no findings."
        for name, has_findings in found.items()
        if not has_findings
    ] + [
        f"No canary is known for {name}, so nothing shows that the database holds it (see canaries)."
        for name in unknown
    ]


def decide(
    policy: Policy,
    scan: Scan,
    statements: Sequence[Statement],
    identity: Identity,
    now: datetime,
    *,
    errors: Sequence[str] = (),
    unverified: Sequence[str] = (),
) -> Decision:
    """The verdict over a scan.

    :param errors: doubts that leave no verdict at all.
    :param unverified: why a report from outside proves nothing.
    """
    used: set[Exemption | Statement] = set()
    entries = tuple(_entry(policy, finding, statements, identity, now, used) for finding in scan.findings)
    reasons, refused = _too_many(policy, entries)
    entries = tuple(replace(entry, refused=id(entry) in refused) for entry in entries)
    reasons += _end_of_support(policy, scan, used)
    unused = [f"{entry.words} matches nothing; delete it." for entry in policy.exceptions if entry not in used]
    expired = []
    for statement in statements:
        if now - statement.written > timedelta(days=policy.vex_days):
            expired.append(f"{statement.words} is of {statement.written.date()} and has expired (vex_days).")
        elif statement not in used:
            unused.append(f"{statement.words} matches nothing; delete it.")
    reasons += [_sentence(text) for text in expired]
    warnings = []
    if policy.unused == "fail":
        reasons += [_sentence(text) for text in unused]
    else:
        warnings = [_sentence(text) for text in unused]
    verdict = ERROR if errors else UNVERIFIED if unverified else FAILED if reasons else PASSED
    return Decision(
        verdict=verdict,
        reasons=(*errors, *unverified, *reasons),
        warnings=tuple(warnings),
        entries=entries,
        sections=tuple(policy.sections),
    )


def _entry(
    policy: Policy,
    finding: Finding,
    statements: Sequence[Statement],
    identity: Identity,
    now: datetime,
    used: set[Exemption | Statement],
) -> Entry:
    """Every exception and statement that fits is used, also where another reason already leaves the finding out."""
    exemption = _exemption(policy, finding)
    used.update(() if exemption is None else (exemption,))
    fitting = [statement for statement in statements if applies(statement, finding, identity)]
    used.update(fitting)
    statement = _latest(fitting, policy, now)
    section = policy.sections.get(finding.kind, _EVERYTHING)
    if exemption is not None:
        return Entry(finding, EXCEPTED, f"{exemption.reason} ({exemption.owner}, until {exemption.expires})")
    if statement is not None:
        return Entry(finding, STATED, f"{statement.status}: {statement.justification or statement.document}")
    if finding.id in section.allowed:
        return Entry(finding, ALLOWED, "the policy allows it")
    if section.fixable_only and not finding.fixable:
        return Entry(finding, UNFIXED, "there is no fixed version yet")
    days = (section.grace_days or {}).get(finding.severity, 0)
    if days and finding.published is not None and timedelta(0) <= now - finding.published < timedelta(days=days):
        until = (finding.published + timedelta(days=days)).astimezone(UTC)
        return Entry(finding, GRACE, f"published on {finding.published.date()}, counts from {stamp(until)} on")
    return Entry(finding, COUNTED)


_EVERYTHING = Section(thresholds=dict.fromkeys(SEVERITIES, 0))
"""What nobody asked for and Trivy reports all the same is not allowed."""


def _exemption(policy: Policy, finding: Finding) -> Exemption | None:
    return next(
        (entry for entry in policy.exceptions if entry.id == finding.id and entry.package == finding.package), None
    )


def _latest(fitting: Sequence[Statement], policy: Policy, now: datetime) -> Statement | None:
    """The statement that leaves a finding out: in one document the latest counts, of several documents any may."""
    for document in dict.fromkeys(statement.document for statement in fitting):
        latest = max((entry for entry in fitting if entry.document == document), key=lambda entry: entry.written)
        fresh = timedelta(hours=-1) <= now - latest.written <= timedelta(days=policy.vex_days)
        if fresh and latest.status in ("not_affected", "fixed"):
            return latest
    return None


def _too_many(policy: Policy, entries: Sequence[Entry]) -> tuple[list[str], set[int]]:
    """Reasons, and the entries (by identity) that they are about."""
    reasons = []
    refused: set[int] = set()
    for kind in dict.fromkeys((*policy.sections, *(entry.finding.kind for entry in entries))):
        section = policy.sections.get(kind, _EVERYTHING)
        counted = [entry for entry in entries if entry.finding.kind == kind and entry.status == COUNTED]
        denied = [entry for entry in counted if entry.finding.id in section.denied]
        refused.update(map(id, denied))
        if denied:
            reasons.append(f"{_number(len(denied), '', kind)} denied by the policy{_named(denied)}.")
        for severity in SEVERITIES:
            allowed = section.thresholds.get(severity)
            here = [entry for entry in counted if entry.finding.severity == severity and entry not in denied]
            if allowed is not None and len(here) > allowed:
                refused.update(map(id, here))
                reasons.append(f"{_number(len(here), severity, kind)}, {allowed} allowed{_named(here)}.")
    return reasons, refused


def _number(number: int, severity: str, kind: str) -> str:
    return " ".join(part for part in (str(number), severity, _SINGULAR[kind] if number == 1 else kind) if part)


def _named(entries: Sequence[Entry]) -> str:
    names = list(dict.fromkeys(f"{entry.finding.id} in {entry.finding.where}" for entry in entries))
    more = f" and {len(names) - _MANY} more" if len(names) > _MANY else ""
    return f": {', '.join(names[:_MANY])}{more}"


def _end_of_support(policy: Policy, scan: Scan, used: set[Exemption | Statement]) -> list[str]:
    if not scan.end_of_support:
        return []
    number = scan.release.split(" ")[0]  # Amazon's has a name behind it
    name = f"{scan.family} {'.'.join(number.split('.')[:2])}"
    for exemption in policy.exceptions:
        if exemption.id == END_OF_SUPPORT and exemption.package == name:
            used.add(exemption)
            return []
    accept = f"an exception with id {END_OF_SUPPORT} and package '{name}' accepts that for a time"
    return [f"{name} is past its end of support: nobody looks for its vulnerabilities any more ({accept})."]


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def summary(decision: Decision) -> str:
    """One line: the verdict, and what it rests on."""
    counts: Mapping[str, Mapping[str, int]] = decision.counts(counted=True)
    parts = [
        f"{sum(numbers.values())} {kind if sum(numbers.values()) != 1 else _SINGULAR[kind]}"
        for kind, numbers in counts.items()
    ]
    left = sum(decision.left_out().values())
    return f"{decision.verdict}: {', '.join(parts)} counted" + (f", {left} left out" if left else "")

# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Trivy's JSON report (schema version 2) as a `Scan`. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..._core.plan import Impossible
from .model import Finding, Scan, moment

SCHEMA_VERSION = 2


def parse(report: Any) -> Scan:
    """The report, Impossible where it is none."""
    if not isinstance(report, dict) or report.get("SchemaVersion") != SCHEMA_VERSION:
        raise Impossible("The report of Trivy has another form than schema version 2; scan with the locked version.")
    try:
        return _parse(report)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise Impossible(f"The report of Trivy is damaged ({type(error).__name__}: {error}).") from error


def _parse(report: Mapping[str, Any]) -> Scan:
    metadata = report.get("Metadata") or {}
    system = metadata.get("OS") or {}
    family = system.get("Family", "")
    results = report.get("Results") or []
    packages: dict[str, int] = {}
    languages = []
    for result in results:
        if result.get("Class") in ("os-pkgs", "lang-pkgs"):
            group = result["Type"]
            packages[group] = packages.get(group, 0) + len(result.get("Packages") or ())
            if result["Class"] == "lang-pkgs" and group not in languages:
                languages.append(group)
    name = report.get("ArtifactName", "")
    return Scan(
        trivy_version=str((report.get("Trivy") or {}).get("Version", "")),
        created=moment(report.get("CreatedAt")),
        family="" if family == "none" else family,
        release="" if family == "none" else system.get("Name", ""),
        end_of_support=system.get("EOSL", False) is not False,
        packages=packages,
        languages=tuple(languages),
        findings=tuple(finding for result in results for finding in _findings(result, name)),
        results=len(results),
        image_id=metadata.get("ImageID", ""),
        diff_ids=tuple(metadata.get("DiffIDs") or ()),
    )


def _findings(result: Mapping[str, Any], name: str) -> Iterator[Finding]:
    source = result.get("Type") or result.get("Class") or ""
    for entry in result.get("Vulnerabilities") or ():
        yield _vulnerability(entry, source)
    target = result.get("Target", "")
    # The configuration of an image has no name of its own there, but that of the whole, which is a path of the machine.
    path = "" if target in ("", name) else target.lstrip("/")
    place = path or "image configuration"
    for entry in result.get("Secrets") or ():
        yield Finding(
            kind="secrets",
            id=entry["RuleID"],
            package=place,
            path=path,
            severity=_severity(entry),
            source="secret",
            line=int(entry.get("StartLine") or 0),
            title=entry.get("Title", ""),
        )
    for entry in result.get("Misconfigurations") or ():
        if entry.get("Status", "FAIL") == "PASS":
            continue
        yield Finding(
            kind="misconfigurations",
            id=entry["ID"],
            package=place,
            path=path,
            severity=_severity(entry),
            source=source,
            line=int((entry.get("CauseMetadata") or {}).get("StartLine") or 0),
            title=entry.get("Title", ""),
            url=entry.get("PrimaryURL", ""),
        )
    for entry in result.get("Licenses") or ():
        yield Finding(
            kind="licenses",
            id=entry["Name"],
            package=entry.get("PkgName") or entry.get("FilePath", ""),
            path=entry.get("FilePath", ""),
            severity=_severity(entry),
            source="license",
            title=entry.get("Category", ""),
        )


def _vulnerability(entry: Mapping[str, Any], source: str) -> Finding:
    fixed = entry.get("FixedVersion", "")
    return Finding(
        kind="vulnerabilities",
        id=entry["VulnerabilityID"],
        package=entry["PkgName"],
        version=entry.get("InstalledVersion", ""),
        fixed_version=fixed,
        purl=(entry.get("PkgIdentifier") or {}).get("PURL", ""),
        path=entry.get("PkgPath", ""),
        severity=_severity(entry),
        source=source,
        fixable=entry["Status"] == "fixed" if entry.get("Status") else bool(fixed),
        published=moment(entry.get("PublishedDate")),
        title=entry.get("Title", ""),
        url=entry.get("PrimaryURL", ""),
    )


def _severity(entry: Mapping[str, Any]) -> str:
    """As it stands there, so that a word that nobody knows is seen, and no word is UNKNOWN."""
    return str(entry.get("Severity") or "UNKNOWN")

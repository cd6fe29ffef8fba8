# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a scan found, in the words of the gate. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

SEVERITIES = ("CRITICAL", "HIGH", "MEDIUM", "LOW", "UNKNOWN")
"""As Trivy writes them, the worst first. UNKNOWN says that nobody has judged, not that it is harmless."""

KINDS = ("vulnerabilities", "secrets", "misconfigurations", "licenses")
"""What is scanned for; sections of the policy."""


@dataclass(frozen=True)
class Finding:
    """One finding.

    :param kind: one of KINDS.
    :param id: CVE or other identifier; rule of a secret; check of a misconfiguration; name of a license.
    :param package: name of the package; path of the file for a secret or misconfiguration.
    :param purl: package URL, empty where there is none.
    :param path: file inside the target, empty for packages of the operating system.
    :param source: group of the report it stands in ("debian", "python-pkg", "secret", ...).
    :param fixable: whether a fixed version exists; True for what is no vulnerability.
    :param published: when it was published, None where nobody says.
    """

    kind: str
    id: str
    package: str
    severity: str
    version: str = ""
    fixed_version: str = ""
    purl: str = ""
    path: str = ""
    source: str = ""
    fixable: bool = True
    published: datetime | None = None
    line: int = 0
    title: str = ""
    url: str = ""

    @property
    def where(self) -> str:
        return f"{self.package} {self.version}".strip()

    def as_dict(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "id": self.id,
            "package": self.package,
            "severity": self.severity,
            "version": self.version,
            "fixed_version": self.fixed_version,
            "purl": self.purl,
            "path": self.path,
            "source": self.source,
            "fixable": self.fixable,
            "published": None if self.published is None else stamp(self.published),
            "line": self.line,
            "title": self.title,
            "url": self.url,
        }


@dataclass(frozen=True)
class Scan:
    """A report of Trivy.

    :param family: of the operating system ("debian"), empty if none was detected; `release` as the system names it.
    :param packages: group of packages ("debian", "python-pkg", ...) -> how many packages it holds.
    :param languages: the groups that belong to a programming language.
    :param results: how many groups of results the report has.
    """

    trivy_version: str
    created: datetime | None
    family: str
    release: str
    end_of_support: bool
    packages: Mapping[str, int]
    languages: tuple[str, ...]
    findings: tuple[Finding, ...]
    results: int
    image_id: str = ""
    diff_ids: tuple[str, ...] = ()

    @property
    def operating_system(self) -> str:
        return f"{self.family} {self.release}".strip()


@dataclass(frozen=True)
class Database:
    """Metadata of the vulnerability database.

    :param version: of its schema.
    :param checksum: SHA-256 of the file, empty for the database of a report from outside.
    """

    version: int
    updated: datetime
    checksum: str = ""

    def as_dict(self) -> dict[str, Any]:
        return {"version": self.version, "updated_at": stamp(self.updated), "checksum": self.checksum}


@dataclass(frozen=True)
class Statement:
    """What an OpenVEX document says of one vulnerability.

    :param products: package URLs, each with those of its subcomponents (empty: the product as a whole).
    :param written: when it was last looked at.
    """

    document: str
    vulnerabilities: tuple[str, ...]
    status: str
    products: tuple[tuple[str, tuple[str, ...]], ...]
    written: datetime
    justification: str = ""

    @property
    def words(self) -> str:
        return f"the statement on {self.vulnerabilities[0]} in '{self.document}'"


@dataclass(frozen=True)
class Identity:
    """What is scanned, as others know it."""

    target: str
    manifest_digest: str = ""
    config_digest: str = ""
    diff_ids: tuple[str, ...] = field(default=())


def moment(text: Any) -> datetime | None:
    """A time of RFC 3339 in UTC, None for what is none. Year 1 is how Go writes that there is no time."""
    if not isinstance(text, str):
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    if found.tzinfo is None:
        found = found.replace(tzinfo=UTC)
    return None if found.year <= 1 else found.astimezone(UTC)


def stamp(of: datetime) -> str:
    return of.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

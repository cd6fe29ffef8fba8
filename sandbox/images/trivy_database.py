"""A vulnerability database for Trivy (its schema 2), made from the changelogs of Debian's own packages.

Public databases are large and behind a registry; what the sandbox scans are images of Debian 12 and 13. The changelogs
of the packages of their base say which CVE which version fixed first. Severity is the urgency of that upload and the
date is its date: a stand-in, not Debian's judgement. A few small packages that have a security update now are in it,
too (`upgradable`): installed without the update they are vulnerable, and the update mends them.

Packages come from the machine's own apt sources of origin Debian, into
``${XDG_CACHE_HOME:-~/.cache}/slipway/trivy-database/<hash of this file and of the sources>/``.
"""

from __future__ import annotations

import fcntl
import gzip
import hashlib
import json
import os
import re
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

from sandbox.images import bbolt
from sandbox.images.base_image import KEYRING, SUITES, BaseImageError, Sources, sources

SEVERITIES = ("UNKNOWN", "LOW", "MEDIUM", "HIGH", "CRITICAL")
"""In the order of Trivy's numbers."""
FRESH = timedelta(hours=24)
"""Age up to which a database is used as it is; older ones are looked at again."""
USABLE = timedelta(hours=47)
"""Age up to which it is used where the sources do not answer: the gate's limit is 48 hours."""

_URGENCIES = {"low": "LOW", "medium": "MEDIUM", "high": "HIGH", "emergency": "CRITICAL", "critical": "CRITICAL"}
_SMALL = 200_000  # bytes of a package
_SIMPLE = {"", "libc6", "libgcc-s1", "libstdc++6", "zlib1g"}
_EXTRA = 12
_ALWAYS = ("libssl3", "libssl3t64", "libc6", "libexpat1", "tini", "ca-certificates")
_SOURCES = {"debian": "Debian Security Tracker", "ghsa": "GitHub Security Advisory"}


class DatabaseError(Exception):
    """The database cannot be made here; the text is one sentence for the user."""


@dataclass(frozen=True)
class Vulnerability:
    """:param published: None for one that nobody has dated."""

    id: str
    severity: str
    published: datetime | None = None
    title: str = ""


@dataclass(frozen=True)
class Advisory:
    """What a vulnerability means for a package.

    :param bucket: "debian 12", or the name of a language's ecosystem as Trivy has it ("pip", "npm", "go").
    :param package: source package, or package of the language.
    :param fixed: the first version that has it no more, None where there is none yet.
    """

    bucket: str
    package: str
    vulnerability: str
    fixed: str | None = None


@dataclass(frozen=True)
class Update:
    """Of a small package: the suite's own version, its security update's, and what that mends (CVE -> severity)."""

    before: str
    after: str
    mends: Mapping[str, str]


_GO = (
    (Vulnerability("CVE-2024-24790", "CRITICAL", datetime(2024, 6, 5, tzinfo=UTC)), "stdlib", "1.21.11"),
    (Vulnerability("CVE-2024-45337", "CRITICAL", datetime(2024, 12, 12, tzinfo=UTC)), "golang.org/x/crypto", "0.31.0"),
    (Vulnerability("CVE-2024-45338", "HIGH", datetime(2024, 12, 18, tzinfo=UTC)), "golang.org/x/net", "0.33.0"),
)
"""For the example, which is written in Go: no package of Debian's speaks of its modules."""


def write(
    folder: Path, vulnerabilities: Iterable[Vulnerability], advisories: Iterable[Advisory], updated: datetime
) -> None:
    """`db/trivy.db` and `db/metadata.json` below a folder."""
    root: dict[str, dict[str, object]] = {"data-source": {}, "vulnerability": {}}
    for entry in vulnerabilities:
        number = SEVERITIES.index(entry.severity)
        content: dict[str, object] = {
            "Title": entry.title or entry.id,
            "Severity": entry.severity,
            "VendorSeverity": {"debian": number, "ghsa": number},
        }
        if entry.published is not None:
            content["PublishedDate"] = entry.published.strftime("%Y-%m-%dT%H:%M:%SZ")
        root["vulnerability"][entry.id] = json.dumps(content)
    for advisory in advisories:
        is_system = " " in advisory.bucket
        source = "debian" if is_system else "ghsa"
        name = advisory.bucket if is_system else f"{advisory.bucket}::{_SOURCES[source]} {advisory.bucket}"
        root["data-source"][name] = json.dumps({"ID": source, "Name": _SOURCES[source], "URL": "https://example.org"})
        bucket = root.setdefault(name, {})
        packages = bucket.setdefault(advisory.package, {})
        assert isinstance(packages, dict)
        packages[advisory.vulnerability] = json.dumps(_content(advisory, is_system))
    (folder / "db").mkdir(parents=True, exist_ok=True)
    bbolt.write(folder / "db" / "trivy.db", root)  # type: ignore[arg-type]  # texts and mappings of texts
    write_metadata(folder, updated)


def write_metadata(folder: Path, updated: datetime, version: int = 2) -> None:
    times = {"NextUpdate": updated + timedelta(days=1), "UpdatedAt": updated, "DownloadedAt": updated}
    content = {name: time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") for name, time in times.items()}
    building = folder / "db" / ".metadata.json.building"
    building.write_text(json.dumps({"Version": version, **content}))
    building.replace(folder / "db" / "metadata.json")


def _content(advisory: Advisory, is_system: bool) -> dict[str, object]:
    affected = 2  # Trivy's number for a status without fix
    if is_system:
        return {"Status": affected} if advisory.fixed is None else {"FixedVersion": advisory.fixed}
    if advisory.fixed is None:
        return {"VulnerableVersions": [">=0"]}
    return {"VulnerableVersions": [f"<{advisory.fixed}"], "PatchedVersions": [advisory.fixed]}


def folder() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "slipway" / "trivy-database"


def prepare(say: Callable[[str], None] = lambda _text: None) -> Path:
    """A folder that Trivy takes as its cache, with a database that is not stale. Safe beside another process.

    :param say: is told what takes long.
    """
    try:
        origin = sources()
    except BaseImageError as error:
        raise DatabaseError(f"No vulnerability database can be made: {error}") from error
    key = hashlib.sha256(Path(__file__).read_bytes() + repr(origin).encode()).hexdigest()[:16]
    target = folder() / key
    target.mkdir(parents=True, exist_ok=True)
    with (folder() / f".{key}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        age = _age(target)
        if age is None or age > FRESH:
            say("making the vulnerability database from Debian's changelogs: about half a minute, once a day")
            try:
                _refresh(target, origin)
            except DatabaseError:
                if age is None or age > USABLE:
                    raise
                say("the apt sources do not answer: the vulnerability database of yesterday is used")
    return target


def _age(target: Path) -> timedelta | None:
    try:
        content = json.loads((target / "db" / "metadata.json").read_text())
        updated = datetime.fromisoformat(content["UpdatedAt"])
    except (OSError, ValueError, KeyError):
        return None
    age = datetime.now(UTC) - updated
    return age if age >= timedelta(0) and (target / "db" / "trivy.db").is_file() else None


def _refresh(target: Path, origin: Sources) -> None:
    vulnerabilities: dict[str, Vulnerability] = {}
    advisories: list[Advisory] = []
    updates: dict[str, dict[str, dict[str, object]]] = {}
    for suite, release in SUITES.items():
        with tempfile.TemporaryDirectory(prefix="slipway-") as temporary:
            apt = _Apt(Path(temporary), suite, origin)
            versions: dict[str, list[str]] = {}
            for source, changelog in apt.changelogs(versions):
                found = list(fixes(changelog))
                for vulnerability, fixed in found:
                    vulnerabilities.setdefault(vulnerability.id, vulnerability)
                    advisories.append(Advisory(f"debian {release}", source, vulnerability.id, fixed))
                apt.mended[source] = found
            updates[suite] = {name: asdict(update) for name, update in apt.useful(versions).items()}
    if not advisories:
        raise DatabaseError("No vulnerability database can be made: no changelog of Debian's packages names a CVE.")
    for vulnerability, package, fixed_version in _GO:
        vulnerabilities[vulnerability.id] = vulnerability
        advisories.append(Advisory("go", package, vulnerability.id, fixed_version))
    (target / "upgradable.json").write_text(json.dumps(updates))
    write(target, vulnerabilities.values(), advisories, datetime.now(UTC))


def upgradable(database: Path, suite: str) -> dict[str, Update]:
    """Small packages of a suite that need hardly more than libc6 and have a security update, by name.

    :param database: what `prepare` returned.
    """
    content = json.loads((database / "upgradable.json").read_text())
    return {name: Update(**update) for name, update in content[suite].items()}


def fixes(changelog: str) -> Iterator[tuple[Vulnerability, str]]:
    """Each CVE of a Debian changelog (newest entry first) with the version that fixed it first. Pure."""
    first: dict[str, tuple[Vulnerability, str]] = {}
    for entry in re.split(r"\n(?=\S+ \([^)]+\) )", changelog):
        head = re.match(r"\s*\S+ \((?P<version>[^)]+)\) [^;]+;.*?urgency=(?P<urgency>\w+)", entry)
        signed = re.search(r"^ -- .*>  (?P<date>.+)$", entry, re.MULTILINE)
        if head is None or signed is None:
            continue
        severity = _URGENCIES.get(head["urgency"].lower(), "UNKNOWN")
        try:
            date = parsedate_to_datetime(signed["date"]).astimezone(UTC)
        except ValueError:
            continue
        for name in sorted(set(re.findall(r"CVE-\d{4}-\d{4,}", entry))):
            first[name] = (Vulnerability(name, severity, date), head["version"])
    yield from (first[name] for name in sorted(first))


class _Apt:
    """Apt in a folder of its own, for one suite and its security updates; signatures are checked as always."""

    def __init__(self, work: Path, suite: str, origin: Sources) -> None:
        self._work = work
        self._sources: dict[str, str] = {}
        self.mended: dict[str, list[tuple[Vulnerability, str]]] = {}
        for name in ("lists/partial", "cache/archives/partial", "etc"):
            (work / name).mkdir(parents=True)
        work.chmod(0o755)
        option = f"[signed-by={KEYRING} arch=amd64]"
        (work / "sources.list").write_text(
            f"deb {option} {origin.main} {suite} main\ndeb {option} {origin.security} {suite}-security main\n"
        )
        (work / "status").touch()
        settings = {
            "Dir::Etc::sourcelist": work / "sources.list",
            "Dir::Etc::sourceparts": "-",
            "Dir::Etc::preferencesparts": "-",
            "Dir::State": work,
            "Dir::State::status": work / "status",
            "Dir::Cache": work / "cache",
            "APT::Architecture": "amd64",
            "APT::Architectures": "amd64",
            "APT::Sandbox::User": "root",
            "Acquire::Languages": "none",
            "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled": "false",
            "Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled": "false",
        }
        self._options = [part for name, value in settings.items() for part in ("-o", f"{name}={value}")]
        self._run("apt-get", "update", "--error-on=any")

    def _run(self, program: str, *arguments: str) -> str:
        command = [program, "-q", *self._options, *arguments]
        done = subprocess.run(command, cwd=self._work, capture_output=True, text=True, check=False)
        if done.returncode:
            lines = [line.strip() for line in done.stderr.splitlines() if line.startswith("E:")]
            why = (lines or [done.stderr.strip() or "no reason given"])[0].removeprefix("E: ").rstrip(".")
            raise DatabaseError(f"No vulnerability database can be made, since apt's sources do not answer: {why}.")
        return done.stdout

    def changelogs(self, updates: dict[str, list[str]]) -> Iterator[tuple[str, str]]:
        """Source package and changelog, of the base and of what has an update (into `updates`)."""
        chosen = _chosen(_packages(self._run("apt-cache", "dumpavail")))
        updates.update(self._updates())
        for name, (_before, after) in updates.items():
            chosen[self._sources[name]] = (name, after)
        self._run("apt-get", "download", *(f"{name}={version}" for name, version in chosen.values()))
        by_package = {name: source for source, (name, _version) in chosen.items()}
        for archive in sorted(self._work.glob("*.deb")):
            package = archive.name.split("_")[0]
            text = _changelog(archive, package)
            if text is not None:
                yield by_package[package], text

    def _updates(self) -> dict[str, list[str]]:
        """The smallest packages whose security update is newer than the suite's own version, one of a source."""
        versions: dict[str, dict[str, Mapping[str, str]]] = {}
        for index in sorted(self._work.glob("lists/*_Packages*")):
            done = subprocess.run(["/usr/lib/apt/apt-helper", "cat-file", str(index)], capture_output=True, check=True)
            kind = "security" if "-security_" in index.name else "suite"
            for fields in _packages(done.stdout.decode()):
                needs = {re.split(r"[ :(]", part.strip())[0] for part in fields.get("Depends", "").split(",")}
                if int(fields["Size"]) < _SMALL and needs <= _SIMPLE:
                    versions.setdefault(fields["Package"], {})[kind] = fields
        both = [(name, found) for name, found in versions.items() if len(found) == 2]
        found: dict[str, list[str]] = {}
        sources_seen: set[str] = set()
        for name, kinds in sorted(both, key=lambda pair: (int(pair[1]["security"]["Size"]), pair[0])):
            before, after = kinds["suite"]["Version"], kinds["security"]["Version"]
            source = kinds["security"].get("Source", name).split(" ")[0]
            if _newer(after, before) and source not in sources_seen and len(found) < _EXTRA:
                found[name] = [before, after]
                sources_seen.add(source)
                self._sources[name] = source
        return found

    def useful(self, versions: Mapping[str, Sequence[str]]) -> dict[str, Update]:
        """Those of the updates that mend something, by their changelogs."""
        found = {}
        for name, (before, after) in versions.items():
            mended = self.mended.get(self._sources[name], ())
            mends = {entry.id: entry.severity for entry, fixed in mended if _newer(fixed, before)}
            if mends:
                found[name] = Update(before, after, mends)
        return found


def _newer(version: str, than: str) -> bool:
    return subprocess.run(["dpkg", "--compare-versions", version, "gt", than], check=False).returncode == 0


def _packages(text: str) -> Iterator[Mapping[str, str]]:
    for stanza in text.split("\n\n"):
        fields = dict(re.findall(r"^([A-Za-z-]+): (.*)$", stanza, re.MULTILINE))
        if "Package" in fields:
            yield fields


def _chosen(packages: Iterable[Mapping[str, str]]) -> dict[str, tuple[str, str]]:
    """Source package -> one of its binary packages and its newest version."""
    chosen: dict[str, tuple[str, str]] = {}
    for fields in packages:
        name, base = fields["Package"], fields.get("Essential") == "yes" or fields.get("Priority") == "required"
        if base or name in _ALWAYS:
            source = fields.get("Source", name).split(" ")[0]
            chosen.setdefault(source, (name, fields["Version"]))
    return chosen


def _changelog(archive: Path, package: str) -> str | None:
    """Of a package without unpacking it to disk, None where it has none of its own."""
    listing = subprocess.run(["dpkg-deb", "--fsys-tarfile", str(archive)], capture_output=True, check=True).stdout
    for name in ("changelog.Debian.gz", "changelog.gz"):
        path = f"./usr/share/doc/{package}/{name}"
        done = subprocess.run(["tar", "-xO", path], input=listing, capture_output=True, check=False)
        if done.returncode == 0 and done.stdout:
            return gzip.decompress(done.stdout).decode(errors="replace")
    return None

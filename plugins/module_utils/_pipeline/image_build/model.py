# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of `image_build` and what they declare. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path, PurePosixPath
from typing import Any

from ..._aws.eks.nodes import images as node_images
from ..._core.plan import Impossible, Refusal, Value
from ..._oci import registries as _registries
from .. import application_bucket
from ..semver_tag.versions import OCI_TAG_LENGTH, oci_tag
from ..semver_tag.versions import version as semantic

ARCHITECTURES = ("amd64", "arm64")
ENGINES = ("buildah", "podman", "docker")
END_OF_SUPPORT = {
    "10": date(2024, 6, 30),
    "11": date(2026, 8, 31),
    "12": date(2028, 6, 30),
    "13": date(2030, 6, 30),
}
"""Release of Debian -> last day of its long-term support (https://wiki.debian.org/LTS)."""

OPTIONS: dict[str, dict[str, Any]] = {
    "application": {"type": "str", "required": True},
    "version": {"type": "str", "required": True},
    "commit": {"type": "str", "required": True},
    "created": {"type": "str", "required": True},
    "source": {"type": "str", "required": True},
    **application_bucket.OPTIONS,
    "artifact_directory": {"type": "path"},
    "checksums": {"type": "dict", "default": {}},
    "architectures": {"type": "list", "elements": "str", "choices": list(ARCHITECTURES), "default": ["amd64"]},
    "node_instance_types": {"type": "list", "elements": "str", "default": []},
    "base_image": {"type": "str", "required": True},
    "base_location": {"type": "str"},
    "base_tls_verify": {"type": "bool", "default": True},
    "base_authentication_file": {"type": "path"},
    "base_release": {"type": "str", "default": "13"},
    "base_end_of_life": {"type": "bool", "default": False},
    "packages": {"type": "list", "elements": "str", "default": []},
    "user_id": {"type": "int", "default": 10001},
    "command": {"type": "list", "elements": "str", "default": []},
    "environment": {"type": "dict", "default": {}},
    "labels": {"type": "dict", "default": {}},
    "writable_directories": {"type": "list", "elements": "str", "default": []},
    "port": {"type": "int", "default": 8080},
    "ready_path": {"type": "str", "default": "/readyz"},
    "ready_seconds": {"type": "int", "default": 10},
    "stop_seconds": {"type": "int", "default": 10},
    "maximum_size": {"type": "int", "default": 128},
    "directory": {"type": "path", "required": True},
    "cache_directory": {"type": "path"},
    "registries": {**_registries.OPTIONS, "required": False, "default": []},
    "refresh": {"type": "bool", "default": False},
    "engine": {"type": "str", "choices": list(ENGINES), "default": "buildah"},
    "buildah_path": {"type": "path", "default": "buildah"},
    "podman_path": {"type": "path", "default": "podman"},
    "docker_path": {"type": "path", "default": "docker"},
    "skopeo_path": {"type": "path", "default": "skopeo"},
    "runtime_path": {"type": "path", "default": "runc"},
}

_APPLICATION = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_CHECKSUM = re.compile(r"[0-9a-f]{64}")
_BASE = re.compile(r"(?P<name>[a-z0-9][a-z0-9./:_-]*)@(?P<digest>sha256:[0-9a-f]{64})")
_PACKAGE = re.compile(r"[a-z0-9][a-z0-9+.-]+")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LABEL = re.compile(r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?")
_OURS = ("org.opencontainers.image.", "io.slipway.")


@dataclass(frozen=True)
class Base:
    """:param name: the image in FROM, without digest; :param location: where its bytes are copied from."""

    name: str
    digest: str
    location: str
    tls_verify: bool
    authentication_file: str | None
    release: str

    @property
    def image(self) -> str:
        return f"{self.name}@{self.digest}"


@dataclass(frozen=True)
class Programs:
    buildah: str
    podman: str
    docker: str
    skopeo: str
    runtime: str


@dataclass(frozen=True)
class Checks:
    """How the image is started, and what it is given time for."""

    port: int
    ready_path: str
    ready_seconds: int
    stop_seconds: int
    maximum_bytes: int


@dataclass(frozen=True)
class Image:
    """What is declared, the same for every architecture.

    :param created: seconds since 1970, the time of everything in the image.
    :param bucket: bucket of the artifacts, None for the folder `artifacts`.
    :param checksums: architecture -> SHA-256 of its artifact, for those that are known beforehand.
    """

    application: str
    version: str
    commit: str
    created: int
    source: str
    bucket: str | None
    artifacts: Path | None
    checksums: Mapping[str, str]
    architectures: tuple[str, ...]
    base: Base
    packages: tuple[str, ...]
    user: int
    command: tuple[str, ...]
    environment: Mapping[str, str]
    labels: Mapping[str, str]
    writable: tuple[str, ...]
    checks: Checks
    directory: Path
    cache: Path
    registries: tuple[_registries.Registry, ...]
    refresh: bool
    engine: str
    programs: Programs

    @property
    def tag(self) -> str:
        return oci_tag(self.version)

    @property
    def home(self) -> str:
        """Where the application stands in the image."""
        return f"/opt/{self.application}"

    def artifact_key(self, architecture: str) -> str:
        folder = f"applications/{self.application}/{self.version}"
        return f"{folder}/{self.application}-{self.version}-linux-{architecture}.tar.gz"


def parse(params: Mapping[str, Value], today: date) -> Image:
    """What the options declare, or Refusal.

    :param today: decides whether the base's support has ended.
    """
    application, version = params["application"], params["version"]
    if not _APPLICATION.fullmatch(application):
        raise Refusal("application", application, "1 to 63 lower-case letters, digits and hyphens inside are allowed")
    if semantic(version) is None:
        raise Refusal("version", version, "a semantic version is allowed")
    if "+" in version:
        raise Refusal("version", version, "a version without build metadata is allowed; set refresh to build it anew")
    if len(f"{oci_tag(version)}_r99") > OCI_TAG_LENGTH:
        raise Refusal("version", version, f"at most {OCI_TAG_LENGTH - 4} characters fit an OCI tag")
    if not _COMMIT.fullmatch(params["commit"]):
        raise Refusal("commit", params["commit"], "the full hash of a commit is allowed")
    if params["artifact_directory"] is None:
        application_bucket.check(params)
    elif params["bucket"] is not None:
        raise Refusal("bucket", params["bucket"], "either bucket or artifact_directory is needed")
    architectures = tuple(dict.fromkeys(params["architectures"]))
    if not architectures:
        raise Refusal("architectures", [], "at least one of amd64 and arm64 is needed")
    for instance_type in params["node_instance_types"]:
        needed = node_images.architecture(instance_type)
        if needed is None:
            raise Refusal("node_instance_types", instance_type, "instance types are allowed, such as m7g.large")
        if needed not in architectures:
            words = f"node groups run {instance_type}, which needs {needed}"
            raise Refusal("architectures", list(architectures), words)
    artifacts = params["artifact_directory"]
    return Image(
        application=application,
        version=version,
        commit=params["commit"],
        created=_created(params["created"]),
        source=_line("source", params["source"]),
        bucket=params["bucket"],
        artifacts=Path(artifacts) if artifacts is not None else None,
        checksums=_checksums(params["checksums"]),
        architectures=architectures,
        base=_base(params, today),
        packages=_packages(params["packages"]),
        user=_user(params["user_id"]),
        command=_command(params["command"], application),
        environment=_environment(params["environment"]),
        labels=_labels(params["labels"]),
        writable=_writable(params["writable_directories"], application),
        checks=_checks(params),
        directory=Path(params["directory"]),
        cache=_cache(params["cache_directory"]),
        registries=_registries.parse("registries", params["registries"]),
        refresh=params["refresh"],
        engine=params["engine"],
        programs=Programs(*(params[f"{name}_path"] for name in Programs.__dataclass_fields__)),
    )


def _created(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or moment < datetime(1980, 1, 1, tzinfo=UTC):
        raise Refusal("created", text, "a time after 1980 by RFC 3339 is allowed, such as 2026-01-31T12:00:00Z")
    return int(moment.timestamp())


def _line(option: str, text: Value) -> str:
    if not isinstance(text, str) or not text or not text.isprintable():
        raise Refusal(option, text, "one line of printable text is allowed")
    return text


def _checksums(given: Mapping[str, Value]) -> dict[str, str]:
    for architecture, value in given.items():
        if architecture not in ARCHITECTURES:
            raise Refusal("checksums", architecture, "the keys amd64 and arm64 are allowed")
        if not _CHECKSUM.fullmatch(str(value)):
            raise Refusal(f"checksums.{architecture}", value, "64 hexadecimal digits of a SHA-256 are allowed")
    return {str(architecture): str(value) for architecture, value in given.items()}


def _base(params: Mapping[str, Value], today: date) -> Base:
    found = _BASE.fullmatch(params["base_image"])
    if found is None:
        words = "an image pinned by its digest is allowed, <registry>/<repository>@sha256:<64 hexadecimal digits>"
        raise Refusal("base_image", params["base_image"], words)
    release = params["base_release"]
    if release not in END_OF_SUPPORT:
        known = [number for number, end in END_OF_SUPPORT.items() if end >= today]
        raise Refusal("base_release", release, f"Debian {' and '.join(reversed(known))} are allowed")
    end = END_OF_SUPPORT[release]
    if end < today and not params["base_end_of_life"]:
        raise Refusal(
            "base_release",
            release,
            f"the support of Debian {release} ended on {end.isoformat()}, so base_end_of_life must be true to use it",
        )
    location = params["base_location"] or f"docker://{found['name']}"
    if not location.startswith(("docker://", "oci:")):
        location = f"docker://{location}"
    return Base(
        found["name"],
        found["digest"],
        location,
        params["base_tls_verify"],
        params["base_authentication_file"],
        release,
    )


def _packages(given: list[str]) -> tuple[str, ...]:
    for position, name in enumerate(given):
        if not _PACKAGE.fullmatch(name):
            raise Refusal(f"packages[{position}]", name, "the name of a Debian package is allowed")
    return tuple(sorted({"tini", *given}))


def _user(number: int) -> int:
    if not 1000 <= number <= 59999:  # Debian Policy 9.2.2: below are the system's own, above other uses
        raise Refusal("user_id", number, "1000 to 59999 are allowed, since Debian keeps the others for itself")
    return number


def _command(given: list[str], application: str) -> tuple[str, ...]:
    command = tuple(given) or (f"/opt/{application}/bin/{application}",)
    if not command[0].startswith("/"):
        raise Refusal("command[0]", command[0], "the absolute path of a program in the image is allowed")
    for position, word in enumerate(command):
        if not word.isprintable():
            raise Refusal(f"command[{position}]", word, "one line of printable text is allowed")
    return command


def _environment(given: Mapping[str, Value]) -> dict[str, str]:
    for name, value in given.items():
        if not _VARIABLE.fullmatch(name):
            raise Refusal("environment", name, "names of letters, digits and underscores are allowed")
        _line(f"environment.{name}", str(value))
    return {name: str(value) for name, value in sorted(given.items())}


def _labels(given: Mapping[str, Value]) -> dict[str, str]:
    for name, value in given.items():
        if not _LABEL.fullmatch(name) or name.startswith(_OURS):
            words = f"lower-case letters, digits, dots and hyphens are allowed, and {' and '.join(_OURS)}* are set here"
            raise Refusal("labels", name, words)
        _line(f"labels.{name}", str(value))
    return {name: str(value) for name, value in sorted(given.items())}


def _writable(given: list[str], application: str) -> tuple[str, ...]:
    for position, text in enumerate(given):
        path = PurePosixPath(text)
        plain = path.is_absolute() and ".." not in path.parts and str(path) == text and len(path.parts) > 1
        if not plain or not re.fullmatch(r"[A-Za-z0-9/._-]+", text):
            raise Refusal(f"writable_directories[{position}]", text, "the absolute path of a directory is allowed")
        if path.is_relative_to(f"/opt/{application}"):
            words = f"/opt/{application} holds the application itself, which nobody may change"
            raise Refusal(f"writable_directories[{position}]", text, words)
        if path.parts[1] in ("bin", "boot", "dev", "etc", "lib", "lib64", "proc", "root", "sbin", "sys", "usr"):
            raise Refusal(f"writable_directories[{position}]", text, "a directory of the system is not allowed")
    return tuple(sorted(set(given)))


def _checks(params: Mapping[str, Value]) -> Checks:
    if not 1024 <= params["port"] <= 65535:
        raise Refusal("port", params["port"], "1024 to 65535 are allowed to a user without rights")
    path = params["ready_path"]
    if path and not re.fullmatch(r"/[!-~]*", path):
        raise Refusal(
            "ready_path", path, "the path of a URL is allowed, or nothing for a port that accepts connections"
        )
    for option in ("ready_seconds", "stop_seconds"):
        if not 1 <= params[option] <= 600:
            raise Refusal(option, params[option], "1 to 600 seconds are allowed")
    if params["maximum_size"] < 1:
        raise Refusal("maximum_size", params["maximum_size"], "at least 1 MiB is allowed")
    size = params["maximum_size"] << 20
    return Checks(params["port"], path, params["ready_seconds"], params["stop_seconds"], size)


def _cache(given: str | None) -> Path:
    if given:
        return Path(given)
    try:
        return Path("~/.cache").expanduser() / "slipway" / "image_build"
    except RuntimeError:
        raise Impossible("This user has no home folder; set cache_directory.") from None

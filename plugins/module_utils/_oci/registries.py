# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Container registries: what stands under a tag, and images copied there and back with their digests.

The work is skopeo's. Digests are those of the OCI distribution specification 1.1: `sha256:<hex>` of a manifest's bytes.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .._core.plan import Impossible, Refusal, Value
from .._core.programs import Execute

if TYPE_CHECKING:
    from .._aws.client import Api

OPTIONS: dict[str, Any] = {
    "type": "list",
    "elements": "dict",
    "required": True,
    "options": {
        "kind": {"type": "str", "choices": ["ecr", "quay", "docker_hub", "oci"], "required": True},
        "host": {"type": "str"},
        "repository": {"type": "str", "required": True},
        "endpoint": {"type": "str"},
        "tls_verify": {"type": "bool", "default": True},
        "username": {"type": "str"},
        "password": {"type": "str", "no_log": True},
        "authentication_file": {"type": "path"},
    },
}
"""Specification of the option `registries` of every module that has it."""

HOSTS = {"quay": "quay.io", "docker_hub": "docker.io"}
DOCKER_HUB_KEY = "https://index.docker.io/v1/"
"""Under this key Docker's configuration file holds the credentials of Docker Hub."""

INDEXES = ("application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json")

_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?")
_ECR = re.compile(r"[0-9]{12}\.dkr\.ecr(-fips)?\.[a-z0-9-]+\.amazonaws\.com(\.cn)?")
_REPOSITORY = re.compile(r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_ABSENT = re.compile(r"manifest unknown|name unknown|does not exist|not found")
_FORBIDDEN = re.compile(
    r"unauthorized|authentication required|\bdenied\b|forbidden|no basic auth credentials|\b40[13]\b"
)
_UNREACHABLE = re.compile(
    r"connection refused|no such host|i/o timeout|deadline exceeded|connection reset|network is unreachable"
    r"|no route to host|http response to https client|x509:|\btls:|\beof\b"
)


@dataclass(frozen=True)
class Registry:
    """A repository in a registry.

    :param host: the registry as others know it, with port if it has one.
    :param endpoint: where it is spoken to, the host unless something else stands in for it.
    """

    kind: str
    host: str
    repository: str
    endpoint: str
    tls_verify: bool = True
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    authentication_file: str | None = None

    @property
    def name(self) -> str:
        """`host/repository`: what a release calls it."""
        return f"{self.host}/{self.repository}"

    @property
    def location(self) -> str:
        """`endpoint/repository`: what programs are given."""
        return f"{self.endpoint}/{self.repository}"

    def reference(self, of: str) -> str:
        """`endpoint/repository:tag` or, for a digest, `endpoint/repository@digest`."""
        return f"{self.location}{'@' if of.startswith('sha256:') else ':'}{of}"

    def as_dict(self) -> dict[str, Value]:
        """Without credentials."""
        return {"kind": self.kind, "host": self.host, "repository": self.repository, "endpoint": self.endpoint}


@dataclass(frozen=True)
class Image:
    """What stands under a reference.

    :param digest: of the manifest, or of the index over several.
    :param labels: of the image, or of the first one of an index.
    :param manifests: architecture -> digest of its manifest; for a single image itself.
    """

    digest: str
    labels: Mapping[str, str]
    manifests: Mapping[str, str]


def parse(option: str, entries: Sequence[Mapping[str, Value]]) -> tuple[Registry, ...]:
    """The registries, or Refusal. Pure.

    :param option: name of the option that holds them.
    """
    registries: list[Registry] = []
    for position, entry in enumerate(entries):
        path = f"{option}[{position}]"
        registry = _parsed(path, entry)
        if registry.name in (other.name for other in registries):
            raise Refusal(f"{path}.repository", registry.repository, f"{registry.name} is there already")
        registries.append(registry)
    return tuple(registries)


def _parsed(path: str, entry: Mapping[str, Value]) -> Registry:
    kind = entry["kind"]
    host = entry.get("host") or HOSTS.get(kind)
    if not host:
        raise Refusal(f"{path}.host", None, f"a registry of kind {kind} needs its host")
    if not _HOST.fullmatch(host):
        raise Refusal(f"{path}.host", host, "a host name with or without a port is allowed, without scheme and path")
    if kind == "ecr" and not _ECR.fullmatch(host):
        raise Refusal(f"{path}.host", host, "<account>.dkr.ecr.<region>.amazonaws.com is allowed for the kind ecr")
    endpoint = entry.get("endpoint") or host
    if not _HOST.fullmatch(endpoint):
        words = "a host name with or without a port is allowed, without scheme and path"
        raise Refusal(f"{path}.endpoint", endpoint, words)
    repository = entry["repository"]
    if not _REPOSITORY.fullmatch(repository) or len(repository) > 255:
        words = "lower-case letters and digits with single . _ - between them, and / between parts, are allowed"
        raise Refusal(f"{path}.repository", repository, words)
    if kind == "docker_hub" and "/" not in repository:
        raise Refusal(f"{path}.repository", repository, "<namespace>/<name> is allowed on Docker Hub")
    username, password = entry.get("username") or None, entry.get("password") or None
    if username and not password:
        raise Refusal(f"{path}.password", None, "username is set, which needs a password")
    if password and not username:
        raise Refusal(f"{path}.username", None, "password is set, which needs a username")
    file = entry.get("authentication_file") or None
    if file and username:
        raise Refusal(f"{path}.authentication_file", file, "username and password are set already")
    return Registry(kind, host, repository, endpoint, entry.get("tls_verify", True), username, password, file)


def is_tag(text: str) -> bool:
    """Whether a text can be a tag (OCI distribution specification 1.1, "Pulling manifests")."""
    return _TAG.fullmatch(text) is not None


class Client:
    """One registry through skopeo.

    :param registry: with its credentials, if it has any.
    :param folder: private to this registry; holds `config.json`, the credentials in Docker's form.
    :param skopeo: the program.
    """

    def __init__(self, registry: Registry, execute: Execute, folder: Path, skopeo: str = "skopeo") -> None:
        self.registry = registry
        self.folder = folder
        self._execute = execute
        self._skopeo = skopeo

    def inspect(self, of: str) -> Image | None:
        """What stands under a tag or a digest; None if the tag is free.

        :raises Impossible: if the registry does not answer, or not to this user
        """
        raw = self._raw(of)
        if raw is None:
            return None
        digest = digest_of(raw)
        manifest = json.loads(raw)
        if manifest.get("mediaType") in INDEXES or "manifests" in manifest:
            entries = [entry for entry in manifest["manifests"] if entry.get("platform", {}).get("os") != "unknown"]
            manifests = {entry.get("platform", {}).get("architecture", ""): entry["digest"] for entry in entries}
            configuration = self._configuration(entries[0]["digest"]) if entries else {}
        else:
            configuration = self._configuration(digest)
            manifests = {configuration.get("architecture", ""): digest}
        labels = (configuration.get("config") or {}).get("Labels") or {}
        return Image(digest, {str(key): str(value) for key, value in labels.items()}, manifests)

    def digest(self, of: str) -> str | None:
        """Digest of what stands under a tag or a digest; None if there is nothing."""
        raw = self._raw(of)
        return None if raw is None else digest_of(raw)

    def push(self, layout: Path, to: str, digest: str) -> None:
        """Copies an OCI layout with one image (or one index) to a tag; Impossible unless the digest stays the same."""
        self._copy(_oci(layout), f"docker://{self.registry.reference(to)}", "dest", "all")
        standing = self.digest(to)
        if standing != digest:
            raise Impossible(
                f"The registry '{self.registry.host}' holds {standing or 'nothing'} as "
                f"{self.registry.name}:{to} after the push of {digest}."
            )

    def pull(self, of: str, layout: Path) -> None:
        """Copies what stands under a tag or a digest into an OCI layout, all architectures of an index."""
        self._copy(f"docker://{self.registry.reference(of)}", _oci(layout), "src", "all")

    def _raw(self, of: str) -> bytes | None:
        arguments = ["inspect", "--raw", *self._access(""), f"docker://{self.registry.reference(of)}"]
        status, output, errors = self._run("60s", arguments)
        if status == 0:
            return output
        reason = telling(errors)
        if _kind(self.registry, reason) == "absent":
            return None
        raise self._failure(f"look at {self.registry.name}", reason)

    def _configuration(self, digest: str) -> dict[str, Any]:
        arguments = ["inspect", "--config", *self._access(""), f"docker://{self.registry.reference(digest)}"]
        status, output, errors = self._run("60s", arguments)
        if status:
            raise self._failure(f"look at {self.registry.name}", telling(errors))
        configuration: dict[str, Any] = json.loads(output)
        return configuration

    def _copy(self, source: str, target: str, side: str, which: str) -> None:
        how = ["--quiet", "--preserve-digests", f"--multi-arch={which}", *self._access(f"{side}-")]
        status, _output, errors = self._run("30m", ["copy", *how, source, target])
        if status:
            verb = "push to" if side == "dest" else "pull from"
            raise self._failure(f"{verb} {self.registry.name}", telling(errors))

    def _access(self, side: str) -> list[str]:
        verify = str(self.registry.tls_verify).lower()
        return [f"--{side}tls-verify={verify}", f"--{side}authfile={self.folder / 'config.json'}"]

    def _run(self, timeout: str, arguments: Sequence[str]) -> tuple[int, bytes, bytes]:
        # What signatures this machine asks of what it runs is no matter of a registry's contents.
        command = [self._skopeo, "--insecure-policy", f"--command-timeout={timeout}", *arguments]
        return self._execute(command, {"LC_ALL": "C.UTF-8"})

    def _failure(self, doing: str, reason: str) -> Impossible:
        return failure(self.registry, doing, reason)


def failure(registry: Registry, doing: str, reason: str) -> Impossible:
    """What a registry answered, in words.

    :param doing: what was tried, in words that go on after "to".
    """
    kind = _kind(registry, reason)
    if kind == "unreachable":
        return Impossible(f"The registry '{registry.endpoint}' cannot be reached: {reason.rsplit(': ', 1)[-1]}.")
    if kind == "forbidden":
        found = _FORBIDDEN.search(_nameless(registry, reason))
        words = reason[found.start() :] if found else reason
        who = f"user '{registry.username}'" if registry.username else "this caller"
        return Impossible(
            f"The registry '{registry.endpoint}' does not allow {who} to {doing}: {words}; set username and "
            "password, or authentication_file, of an account that may."
        )
    return Impossible(f"The registry '{registry.endpoint}' failed to {doing}: {reason}.")


def _kind(registry: Registry, reason: str) -> str:
    """What a reason means: `unreachable`, `forbidden`, `absent` or `other`."""
    words = _nameless(registry, reason)
    kinds = {"unreachable": _UNREACHABLE, "forbidden": _FORBIDDEN, "absent": _ABSENT}
    return next((kind for kind, pattern in kinds.items() if pattern.search(words)), "other")


def _nameless(registry: Registry, reason: str) -> str:
    """A reason in lower case with blanks for the registry's names, which may be like any word."""
    words = reason.lower()
    for name in (registry.location, registry.endpoint, registry.repository):
        words = words.replace(name.lower(), " " * len(name))
    return words


def telling(errors: bytes) -> str:
    """Why skopeo failed, from its last line `time=... level=fatal msg="..."`, without the reference that it repeats."""
    lines = [line for line in errors.decode(errors="replace").splitlines() if line.strip()] or ["no reason given"]
    line = next((line for line in reversed(lines) if "level=fatal" in line), lines[-1])
    found = re.search(r'msg=("(?:[^"\\]|\\.)*")', line)
    text = str(json.loads(found.group(1))) if found else line
    return re.sub(r'^Error parsing image name "[^"]*": ', "", text).strip().rstrip(".")


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _oci(layout: Path) -> str:
    if ":" in str(layout):
        raise Impossible(f"The path '{layout}' holds a colon, which skopeo takes for the beginning of a tag.")
    return f"oci:{layout}"


@contextmanager
def opened(
    registries: Sequence[Registry],
    execute: Execute,
    api: Api | None,
    *,
    skopeo: str = "skopeo",
    parent: str | None = None,
) -> Iterator[tuple[Client, ...]]:
    """A client for each registry. Credentials stand in private files (0600 in 0700) for as long as this is open.

    :param api: AWS, which gives the password of a registry of kind `ecr` that has none of its own.
    :param parent: where the private folder is made, by default the system's place for temporary files.
    """
    with tempfile.TemporaryDirectory(prefix="registries-", dir=parent) as private:
        clients = []
        for position, registry in enumerate(registries):
            folder = Path(private) / str(position)
            folder.mkdir(mode=0o700)
            _write_private(folder / "config.json", _credentials(registry, api))
            clients.append(Client(registry, execute, folder, skopeo))
        yield tuple(clients)


def _credentials(registry: Registry, api: Api | None) -> bytes:
    if registry.authentication_file:
        return _from_file(registry.authentication_file)
    if registry.username:
        token = base64.b64encode(f"{registry.username}:{registry.password}".encode()).decode()
    elif registry.kind == "ecr" and api is not None:
        token = str(api.ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"])
    else:
        return b'{"auths": {}}'
    key = DOCKER_HUB_KEY if registry.endpoint == HOSTS["docker_hub"] else registry.endpoint
    return json.dumps({"auths": {key: {"auth": token}}}).encode()


def _from_file(path: str) -> bytes:
    try:
        content = Path(path).read_bytes()
        readable = isinstance(json.loads(content), dict)
    except OSError as error:
        raise Impossible(f"The authentication file '{path}' cannot be read ({error.strerror}).") from error
    except ValueError:
        readable = False
    if not readable:
        raise Impossible(f"The authentication file '{path}' is no configuration file of Docker's form.")
    return content


def credentials(client: Client) -> tuple[str, str] | None:
    """User and password that a registry is spoken to with; None for nobody."""
    auths = json.loads((client.folder / "config.json").read_bytes()).get("auths", {})
    keys = (client.registry.location, client.registry.endpoint, f"https://{client.registry.endpoint}", DOCKER_HUB_KEY)
    for key in keys:
        if key == DOCKER_HUB_KEY and client.registry.endpoint != HOSTS["docker_hub"]:
            continue
        try:
            user, _colon, password = base64.b64decode(auths.get(key, {}).get("auth", "")).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            continue
        if user:
            return user, password
    return None


def _write_private(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)

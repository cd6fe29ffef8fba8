# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The base of an image: its bytes in the cache, what Debian it is, and how its apt's indexes stand today."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import shutil
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible.module_utils.urls import open_url

from ..._core.plan import Impossible, Refusal
from ..._core.programs import Execute
from ..._oci import registries
from .model import Base, Image

_MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}
_EMULATORS = {"amd64": "qemu-x86_64", "arm64": "qemu-aarch64"}
_OS_RELEASE = ("usr/lib/os-release", "etc/os-release")


@dataclass(frozen=True)
class BaseFacts:
    """A base as it stands in the cache.

    :param folder: in skopeo's `dir:` form, which keeps the manifest as it is.
    :param digest: of the manifest for the architecture.
    :param releases: addresses of the Release files of its apt sources.
    :param packed: diff ID -> its layers that are stored as gzip.
    """

    folder: Path
    digest: str
    diff_ids: tuple[str, ...]
    distribution: str
    release: str
    releases: tuple[str, ...]
    packed: Mapping[str, Path]


def check_emulation(architecture: str, binfmt: Path = Path("/proc/sys/fs/binfmt_misc")) -> None:
    """Refusal unless the kernel starts programs for an architecture, its own or by an emulator."""
    emulator = binfmt / _EMULATORS[architecture]
    if architecture == _MACHINES.get(os.uname().machine):
        return
    if not emulator.exists() or not emulator.read_text().startswith("enabled"):
        raise Refusal(
            "architectures",
            architecture,
            f"this machine is {os.uname().machine} and no emulator is registered; install qemu-user-static and "
            "binfmt-support, or build on such a machine",
        )


def facts(image: Image, architecture: str, execute: Execute) -> BaseFacts:
    """The base for an architecture, fetched if the cache lacks it, or Refusal for one that is not the Debian wanted."""
    folder = image.cache / "bases" / f"{image.base.digest.removeprefix('sha256:')}-{architecture}"
    if not (folder / "facts.json").is_file():
        _fetch(image, architecture, execute, folder)
    told = json.loads((folder / "facts.json").read_bytes())
    if told["architecture"] != architecture:
        words = f"an image for {architecture} is needed, and it is for {told['architecture']}"
        raise Refusal("base_image", image.base.image, words)
    found = BaseFacts(
        folder,
        told["digest"],
        tuple(told["diff_ids"]),
        told["distribution"],
        told["release"],
        tuple(told["releases"]),
        {diff_id: folder / name for diff_id, name in told["packed"].items()},
    )
    if found.distribution != "debian":
        words = f"a Debian image is needed, and its os-release says '{found.distribution}'"
        raise Refusal("base_image", image.base.image, words)
    if found.release != image.base.release:
        words = f"Debian {image.base.release} is asked for by base_release, and it is Debian {found.release}"
        raise Refusal("base_image", image.base.image, words)
    if not found.releases:
        raise Refusal(
            "base_image", image.base.image, "an image with apt sources is needed, since updates come from them"
        )
    return found


def indexes(addresses: Sequence[str]) -> dict[str, bytes]:
    """Address -> content of Release files, as they stand now."""
    with ThreadPoolExecutor(max_workers=4) as pool:
        return dict(zip(addresses, pool.map(fetched, addresses), strict=True))


def fetched(address: str, checksum: str | None = None) -> bytes:
    """What stands at an address of a Debian archive; Impossible if it is not what a Release file says."""
    try:
        with open_url(address, timeout=30, http_agent="slipway.platform") as answer:
            content = bytes(answer.read())
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise Impossible(f"The index of Debian's packages at {address} cannot be read: {reason}.") from error
    if checksum is not None and hashlib.sha256(content).hexdigest() != checksum:
        raise Impossible(f"The index of Debian's packages at {address} is not the one of its Release file; run again.")
    return content


def _fetch(image: Image, architecture: str, execute: Execute, folder: Path) -> None:
    base = image.base
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".base-", dir=folder.parent) as temporary:
        target = Path(temporary) / "base"
        source = base.location if base.location.startswith("oci:") else f"{base.location}@{base.digest}"
        command = [image.programs.skopeo, "--insecure-policy", "--command-timeout=30m"]
        command += [f"--override-arch={architecture}", "--override-os=linux"]
        command += ["copy", "--quiet", "--preserve-digests", f"--src-tls-verify={str(base.tls_verify).lower()}"]
        command += [f"--src-authfile={base.authentication_file}"] if base.authentication_file else []
        status, _output, errors = execute([*command, source, f"dir:{target}"], {"LC_ALL": "C.UTF-8"})
        if status:
            raise _unfetched(base, registries.telling(errors))
        told = _told(target)
        if base.location.startswith("oci:") and told["digest"] != base.digest:
            words = f"the layout at '{base.location}' holds {told['digest']}"
            raise Refusal("base_image", base.image, words)
        (target / "facts.json").write_text(json.dumps(told))
        shutil.rmtree(folder, ignore_errors=True)
        target.rename(folder)


def _unfetched(base: Base, reason: str) -> Impossible:
    if base.location.startswith("oci:"):
        return Impossible(f"The base '{base.image}' cannot be read from '{base.location}': {reason}.")
    host, _slash, repository = base.location.removeprefix("docker://").partition("/")
    registry = registries.Registry("oci", host, repository, host)
    return registries.failure(registry, f"give the base '{base.image}'", reason)


def _told(folder: Path) -> dict[str, Any]:
    raw = (folder / "manifest.json").read_bytes()
    manifest = json.loads(raw)
    config = json.loads((folder / manifest["config"]["digest"].removeprefix("sha256:")).read_bytes())
    files: dict[str, str] = {}
    for layer in manifest["layers"]:
        with tarfile.open(folder / layer["digest"].removeprefix("sha256:"), "r|*") as archive:
            for entry in archive:
                name = entry.name.removeprefix("./").lstrip("/")
                if entry.isfile() and (name in _OS_RELEASE or name.startswith("etc/apt/sources.list")):
                    content = archive.extractfile(entry)
                    files[name] = content.read().decode(errors="replace") if content else ""
    system: dict[str, str] = {}
    for name in _OS_RELEASE:
        system = system or os_release(files.get(name, ""))
    return {
        "digest": f"sha256:{hashlib.sha256(raw).hexdigest()}",
        "diff_ids": config["rootfs"]["diff_ids"],
        "packed": {
            diff_id: layer["digest"].removeprefix("sha256:")
            for diff_id, layer in zip(config["rootfs"]["diff_ids"], manifest["layers"], strict=True)
            if layer["mediaType"].endswith((".tar+gzip", ".tar.gzip"))
        },
        "architecture": config["architecture"],
        "distribution": system.get("ID", "none"),
        "release": system.get("VERSION_ID", "unknown"),
        "releases": [address for name in sorted(files) if "apt/" in name for address in releases(name, files[name])],
    }


def os_release(text: str) -> dict[str, str]:
    """The fields of an os-release file, which a shell could read."""
    fields = (line.split("=", 1) for line in text.splitlines() if "=" in line and not line.startswith("#"))
    return {name: "".join(shlex.split(value)) for name, value in fields}


def releases(name: str, text: str) -> list[str]:
    """Addresses of the Release files of one file of apt's sources, in either of its forms (sources.list(5))."""
    found: list[str] = []
    if name.endswith(".sources"):
        for stanza in text.split("\n\n"):
            lines = (line.split(":", 1) for line in stanza.splitlines() if ":" in line and line[:1] not in "# ")
            fields = {key.lower(): value.split() for key, value in lines}
            if "deb" in fields.get("types", []) and fields.get("enabled", ["yes"]) != ["no"]:
                found += [_address(a, s) for a in fields.get("uris", []) for s in fields.get("suites", [])]
    elif name.endswith(".list"):
        for line in text.splitlines():
            words = line.split("#", 1)[0].split()
            if words[:1] == ["deb"]:
                while len(words) > 1 and words[1].startswith("[") and not words[1].endswith("]"):
                    words[1:3] = [" ".join(words[1:3])]
                words = [word for word in words[1:] if not word.startswith("[")]
                found += [_address(words[0], words[1])] if len(words) > 1 else []
    return list(dict.fromkeys(found))


def _address(address: str, suite: str) -> str:
    base = address.rstrip("/")
    return f"{base}/{suite}InRelease" if suite.endswith("/") else f"{base}/dists/{suite}/InRelease"

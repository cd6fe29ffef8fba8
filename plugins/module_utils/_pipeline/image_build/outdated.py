# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What has come out since a version was released: a newer base, newer packages, and what they would fix."""

from __future__ import annotations

import hashlib
import json
import tarfile
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from . import updates
from .base import BaseFacts, fetched
from .containerfile import Index
from .layout import Layout, read
from .model import Image
from .release import Release

_STATUS = "/var/lib/dpkg/status"


class World(Protocol):
    @property
    def releases(self) -> Mapping[str, bytes]: ...
    def base(self, architecture: str) -> BaseFacts: ...
    def index(self, architecture: str) -> Index: ...


@dataclass(frozen=True)
class Newer:
    """:param fixes: `{architecture, package, from, to}` of what a refresh would upgrade.

    :param unknown: why nothing of this can be told.
    """

    base: bool = False
    index: bool = False
    fixes: Sequence[Mapping[str, str]] = ()
    unknown: str = ""

    def as_dict(self) -> dict[str, Any]:
        return {"base": self.base, "index": self.index, "fixes": [dict(fix) for fix in self.fixes]}

    def warnings(self, application: str, version: str) -> list[str]:
        if self.unknown:
            return [f"Whether {application} {version} is out of date cannot be told. {self.unknown}"]
        names = sorted({f"{fix['package']} {fix['to']}" for fix in self.fixes})
        if names:
            return [f"{application} {version} is out of date; refresh would bring {', '.join(names)}."]
        return [f"{application} {version} stands on a base that is not the newest one."] if self.base else []


def newer(image: Image, release: Release, world: World, target: Callable[[str, str], Path]) -> Newer:
    """What a refresh of a released version would bring today."""
    base, index, fixes = False, False, list[dict[str, str]]()
    for architecture in image.architectures:
        stood = release.base_and_index(architecture)
        now = world.base(architecture).digest, world.index(architecture).sha256
        base, index = base or stood[0] != now[0], index or stood[1] != now[1]
        if stood != now:
            found = _fixes(image, release, architecture, world, target(release.version, architecture))
            fixes += [{"architecture": architecture, **fix} for fix in found]
    return Newer(base, index, fixes)


def pull(release: Release, architecture: str, target: Path, replace: Callable[[Path, Path], None]) -> None:
    """Brings an image that is in a registry back as a layout, byte for byte."""
    directory = target.parent.parent
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{architecture}-", dir=directory) as temporary:
        layout = Path(temporary) / "layout"
        release.where.pull(release.manifests[architecture], layout)
        replace(layout, target)


def _fixes(image: Image, release: Release, architecture: str, world: World, target: Path) -> list[dict[str, str]]:
    """Kept in the cache by digest and index: the same question costs nothing the second time."""
    digest = release.manifests[architecture]
    key = hashlib.sha256(f"{digest} {world.index(architecture).sha256}".encode()).hexdigest()
    kept = image.cache / "fixes" / f"{key}.json"
    try:
        answer: list[dict[str, str]] = json.loads(kept.read_bytes())
    except (OSError, ValueError):
        answer = _compared(_status(image, release, architecture, target), architecture, world)
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(answer))
    return answer


def _compared(status: str, architecture: str, world: World) -> list[dict[str, str]]:
    has = updates.installed(status)
    offered = []
    for address in world.base(architecture).releases:
        for path, checksum in updates.packages_of(world.releases[address], architecture):
            offered.append(updates.candidates(fetched(f"{address.rpartition('/')[0]}/{path}", checksum), has))
    return updates.upgradable(has, offered)


def _status(image: Image, release: Release, architecture: str, target: Path) -> str:
    """dpkg's list of what is installed in the released image, from its layout here or from the registry."""
    digest = release.manifests[architecture]
    if (target / "index.json").is_file() and (layout := read(target)).digest == digest:
        return _read_status(layout)
    image.cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".released-", dir=image.cache) as temporary:
        release.where.pull(digest, Path(temporary) / "layout")
        return _read_status(read(Path(temporary) / "layout"))


def _read_status(layout: Layout) -> str:
    for layer in reversed(layout.manifest["layers"]):
        with tarfile.open(layout.blob(layer["digest"]), "r|*") as archive:
            for entry in archive:
                if "/" + entry.name.removeprefix("./") == _STATUS and (content := archive.extractfile(entry)):
                    return content.read().decode(errors="replace")
    return ""

# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Builds the image of one architecture and lets nothing pass that breaks a rule."""

from __future__ import annotations

import errno
import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from ..._core.plan import Impossible
from ..._core.programs import Execute
from ..._oci import layout as _oci_layout
from . import assertions
from .artifact import Artifact, Artifacts
from .base import BaseFacts
from .checks import Starter
from .containerfile import ARTIFACT, Index, application, labels, system
from .docker import Docker
from .engine import Engine
from .layout import Layout, Packed, compose
from .model import Image


class Builder:
    """Builds of one version.

    :param version: with build metadata, if it is a refreshed one.
    """

    def __init__(self, image: Image, version: str, artifacts: Artifacts, execute: Execute) -> None:
        self._image = image
        self._version = version
        self._artifacts = artifacts
        self._execute = execute
        kind = Docker if image.engine == "docker" else Engine
        self._engine = kind(image, execute, image.cache / "store")

    def texts(self, artifact: Artifact, base: BaseFacts, index: Index) -> tuple[str, str]:
        """The Containerfiles of an architecture, of the system and of the application over it."""
        return (
            system(self._image, self._engine.base_name(base.digest), index),
            application(self._image, self._system(artifact.architecture), self._labels(artifact, base, index)),
        )

    def _system(self, architecture: str) -> str:
        return f"localhost/{self._image.application}-system:{architecture}"

    def build(self, artifact: Artifact, base: BaseFacts, index: Index, target: Path) -> None:
        """Makes the layout `target`, or Impossible and nothing. What stood there is replaced."""
        image, architecture, engine = self._image, artifact.architecture, self._engine
        with engine.alone(), self._folder(image.cache) as work, self._folder(image.directory) as beside:
            made, context = beside / "layout", work / "context"
            context.mkdir()
            self._artifacts.fetch(artifact, context / ARTIFACT)
            files = [context / "Containerfile.system", context / "Containerfile"]
            for file, text in zip(files, self.texts(artifact, base, index), strict=True):
                file.write_text(text)
            expected = self._labels(artifact, base, index)
            name = f"localhost/{image.application}:{architecture}"
            engine.load(base.folder, base.digest)
            # Each with a time of its own, so that the first is the same for every commit.
            engine.build(files[0], self._system(architecture), architecture, index.updated)
            engine.build(files[1], name, architecture, image.created)
            engine.export(name, work / "plain")
            layout = compose(work / "plain", made, expected, self._packed(base))
            layers = [layout.files(number) for number in range(len(layout.diff_ids))]
            self._passed(architecture, assertions.failures(image, layout, layers, base.diff_ids, expected))
            if engine.image_id(name) != layout.config_digest:
                raise Impossible("The image that the engine starts is not the one of the layout.")
            starter = Starter(image, self._execute, engine.command, engine.environment)
            self._passed(architecture, starter.failures(name, assertions.world_writable(layers)))
            _oci_layout.verify(str(made))
            replace(made, target)

    @contextmanager
    def _folder(self, parent: Path) -> Iterator[Path]:
        """A folder for as long as the store is ours. What runs left that were killed, with this store, goes first."""
        parent.mkdir(parents=True, exist_ok=True)
        prefix = f".build-{hashlib.sha256(str(self._engine.store.absolute()).encode()).hexdigest()[:16]}-"
        for stale in parent.glob(f"{prefix}*"):
            shutil.rmtree(stale, ignore_errors=True)
        with tempfile.TemporaryDirectory(prefix=prefix, dir=parent) as folder:
            yield Path(folder)

    def _passed(self, architecture: str, failures: list[str]) -> None:
        if failures:
            what = f"The image of {self._image.application} {self._version} for {architecture}"
            raise Impossible(f"{what} is refused. {' '.join(failures)}", failures=failures)

    def _labels(self, artifact: Artifact, base: BaseFacts, index: Index) -> dict[str, str]:
        return labels(self._image, self._version, artifact.sha256, index.sha256, base.digest)

    def _packed(self, base: BaseFacts) -> Packed:
        return Packed(self._image.cache / "layers", base.packed)


def replace(made: Path, target: Path) -> None:
    """Puts a folder where another one may stand; the old one is there until the new one is whole."""
    target.parent.mkdir(exist_ok=True)
    old = made.with_name("old")
    if target.exists():
        target.rename(old)
    made.rename(target)
    shutil.rmtree(old, ignore_errors=True)


@contextmanager
def room(directory: Path, cache: Path) -> Iterator[None]:
    """Errors of the disk in words."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise Impossible(f"'{error.filename}' cannot be written: {error.strerror}.") from error
        where, option = min((directory, "directory"), (cache, "cache_directory"), key=lambda pair: _free(pair[0]))
        raise Impossible(
            f"The disk of '{where}' is full, so the image cannot be built; make room, or set {option}."
        ) from error


def _free(folder: Path) -> int:
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free


def record(target: Path, inputs: str, layout: Layout) -> None:
    """Notes beside a layout what it was made from."""
    path = target.with_name(f"{target.name}.json")
    content = json.dumps({"inputs": inputs, "digest": layout.digest}, sort_keys=True)
    temporary = target.with_name(f".{target.name}.json")
    temporary.write_text(content + "\n")
    temporary.rename(path)


def recorded(target: Path) -> Mapping[str, str]:
    """What `record` noted; empty if it did not."""
    try:
        content = json.loads(target.with_name(f"{target.name}.json").read_bytes())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}

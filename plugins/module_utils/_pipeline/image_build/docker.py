# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Docker as engine: its daemon has one store for all, and makes another digest with every build."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .engine import Engine


class Docker(Engine):
    """Images go in and out as archives, so that the daemon needs to see no folder of ours."""

    @property
    def environment(self) -> dict[str, str]:
        return {"LC_ALL": "C.UTF-8"}

    @property
    def command(self) -> list[str]:
        return [self._image.programs.docker]

    def base_name(self, digest: str) -> str:
        """A name with a digest is one that a daemon wants to pull."""
        return f"localhost/slipway-base:{digest.removeprefix('sha256:')}"

    def load(self, base: Path, digest: str) -> None:
        name = self.base_name(digest)
        if self._run([*self.command, "image", "inspect", name], quiet=True) is not None:
            return
        with self._archive() as archive:
            self._skopeo(f"dir:{base}", f"docker-archive:{archive}:{name}")
            self._run([*self.command, "load", "--quiet", f"--input={archive}"])

    def build(self, file: Path, name: str, architecture: str, created: int) -> None:
        how = ["--network=host", "--pull=false", f"--platform=linux/{architecture}", f"--tag={name}"]
        self._run([*self.command, "build", *how, f"--file={file}", str(file.parent)])

    def export(self, name: str, folder: Path) -> None:
        with self._archive() as archive:
            self._run([*self.command, "save", f"--output={archive}", name])
            self._skopeo(f"docker-archive:{archive}", f"dir:{folder}")

    def clean(self) -> None:
        """What else the daemon holds is not ours."""

    def _skopeo(self, source: str, target: str) -> None:
        self._run([self._image.programs.skopeo, "--insecure-policy", "copy", "--quiet", source, target])

    @contextmanager
    def _archive(self) -> Iterator[Path]:
        with tempfile.TemporaryDirectory(prefix="docker-", dir=self.store / "tmp") as folder:
            yield Path(folder) / "image.tar"

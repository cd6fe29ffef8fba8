"""What the usual image would weigh: one stage on a full Debian, with the compiler in it. For comparison only.

Only its size is kept, in ``${XDG_CACHE_HOME:-~/.cache}/slipway/images/one-stage-<suite>-<hash of the recipe>``.
"""

from __future__ import annotations

import gzip
import hashlib
import subprocess
from collections.abc import Callable
from pathlib import Path

from sandbox.images.base_image import KEYRING, BaseImageError, folder, sources

COMPILER = ("golang-go", "make", "ca-certificates")
"""Packages that `FROM debian` and `apt-get install` would bring to compile the example."""


def size(suite: str = "trixie", say: Callable[[str], None] = lambda _text: None) -> int:
    """Bytes of its compressed layers, without the application; measured once.

    :raises BaseImageError: where this machine cannot make it
    """
    origin = sources()
    key = hashlib.sha256(Path(__file__).read_bytes() + repr((origin, suite)).encode()).hexdigest()[:16]
    kept = folder() / f"one-stage-{suite}-{key}"
    if not kept.is_file():
        say("measuring a one-stage image with the compiler, for comparison: about a minute, once")
        kept.parent.mkdir(parents=True, exist_ok=True)
        building = kept.with_name(f".{kept.name}")
        building.write_text(str(_measured(suite, origin.main)))
        building.replace(kept)
    return int(kept.read_text())


def _measured(suite: str, archive: str) -> int:
    command = ["mmdebstrap", "--quiet", "--variant=minbase", "--format=tar", "--skip=output/dev"]
    command += [f"--include=usr-is-merged,{','.join(COMPILER)}"]
    command += [suite, "-", f"deb [signed-by={KEYRING}] {archive} {suite} main"]
    counted = _Count()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        with gzip.GzipFile("", "wb", 6, counted) as packed:
            while block := process.stdout.read(1 << 20):
                packed.write(block)
        errors = process.stderr.read().decode(errors="replace").strip()
    if process.returncode:
        raise BaseImageError(f"mmdebstrap did not make Debian {suite} with a compiler: {errors[-300:]}")
    return counted.total


class _Count:
    """A file that only counts."""

    total = 0

    def write(self, data: bytes) -> int:
        self.total += len(data)
        return len(data)

    def flush(self) -> None:
        """Nothing is kept."""

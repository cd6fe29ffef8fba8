"""Lays out below a sandbox's state what image.yml takes: base image, vulnerability database, signing key, example."""

from __future__ import annotations

import os
import secrets
import subprocess
from collections.abc import Callable
from pathlib import Path

from sandbox import tools
from sandbox.images import base_image, example, trivy_database
from sandbox.state import State, write


def prepare(state: State, say: Callable[[str], None]) -> bool:
    """Everything that is missing, cosign and the registry too; quick where the cache has what takes long.

    :returns: whether all of it stands; a machine whose apt sources are not Debian's is told so and has no images
    """
    folder = state.images
    folder.mkdir(parents=True, exist_ok=True)
    try:
        _link(folder / "base", base_image.prepare(say=say).layout)
        _link(folder / "trivy", trivy_database.prepare(say))
    except (base_image.BaseImageError, trivy_database.DatabaseError) as error:
        say(f"image.yml cannot run here: {error}")
        return False
    tools.ensure(say, "images")
    _sign(folder)
    example.prepare(state)
    return True


def _link(link: Path, target: Path) -> None:
    temporary = link.with_name(f".{link.name}.{os.getpid()}")
    temporary.symlink_to(target)
    temporary.replace(link)


def _sign(folder: Path) -> None:
    """The pair of keys that images of this sandbox are signed with: cosign.key, cosign.pub, cosign.password."""
    if (folder / "cosign.pub").exists():
        return
    password = secrets.token_urlsafe(24)
    write(folder / "cosign.password", password)
    command = [str(tools.program("cosign")), "generate-key-pair", "--output-key-prefix", "cosign"]
    environment = {**os.environ, "COSIGN_PASSWORD": password}
    (folder / "cosign.key").unlink(missing_ok=True)
    subprocess.run(command, cwd=folder, env=environment, capture_output=True, stdin=subprocess.DEVNULL, check=True)

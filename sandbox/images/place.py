"""Lays out below a sandbox's state what image.yml takes: base image, vulnerability database, policy, key, example.

The base is a few updates behind, so that the gate has something to judge: what the build upgrades is fixed by that, and
one package is held, so that what is found in it needs an exception in the policy, with an owner and a day of expiry.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from pathlib import Path

from sandbox import tools
from sandbox.images import base_image, example, trivy_database
from sandbox.images.trivy_database import Update
from sandbox.state import State, write

BEHIND = 3


def prepare(state: State, say: Callable[[str], None]) -> bool:
    """Everything that is missing, cosign and the registry too; quick where the cache has what takes long.

    :returns: whether all of it stands; a machine whose apt sources are not Debian's is told so and has no images
    """
    folder = state.images
    folder.mkdir(parents=True, exist_ok=True)
    try:
        database = trivy_database.prepare(say)
        updates = trivy_database.upgradable(database, "trixie")
        packages, held = behind(updates)
        base = base_image.prepare(say=say, packages=packages, held=held)
    except (base_image.BaseImageError, trivy_database.DatabaseError) as error:
        say(f"image.yml cannot run here: {error}")
        return False
    _link(folder / "trivy", database)
    _link(folder / "base", base.layout)
    write(folder / "policy.yml", json.dumps(policy({name: updates[name] for name in held}, date.today()), indent=2))
    tools.ensure(say, "images")
    _sign(folder)
    example.prepare(state)
    return True


def behind(updates: Mapping[str, Update]) -> tuple[list[str], list[str]]:
    """What the base has beside its own packages, and what of that is held: one that is bad enough to stop a release.

    Libraries before the rest, which few images have, and few findings before many.
    """
    order = sorted(updates, key=lambda name: (not name.startswith("lib"), len(updates[name].mends), name))
    names = order[:BEHIND]
    bad = [name for name in names if not {"CRITICAL", "HIGH"}.isdisjoint(updates[name].mends.values())]
    return names, bad[:1]


def policy(held: Mapping[str, Update], today: date) -> dict[str, object]:
    """The gate's own policy, but for what is found in held packages."""
    terms = {
        "reason": "held at the version that was tested",
        "owner": "team-app",
        "expires": (today + timedelta(days=30)).isoformat(),
    }
    found = [{"id": entry, "package": name, **terms} for name, update in held.items() for entry in update.mends]
    return {"exceptions": found}


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

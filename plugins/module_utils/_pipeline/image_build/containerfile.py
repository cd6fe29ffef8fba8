# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Containerfiles of an image: a system over the base, the application over it, each one layer. Nothing in them
differs from day to day. Pure.
"""

from __future__ import annotations

import hashlib
import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from .model import Image

RECIPE = "2"
"""Rises with every change of what stands in an image for the same inputs."""

INIT = "/usr/bin/tini"
USER = "nonroot"
"""Name of the user; an application's own could be one of Debian's, such as mail or proxy."""
MOVED = "the index of packages has moved on"
"""Printed where apt's index is another one than the one the image is named after."""

ARTIFACT = "artifact.tar.gz"
"""Name of the artifact in the folder of the build."""

_DATE = re.compile(rb"^Date: (.+)$", re.MULTILINE)

# What apt, dpkg and shadow leave behind: lists, archives, logs with times, copies of the files they changed, and a
# cache of ldconfig that holds inode numbers.
_LEFTOVERS = (
    "/var/lib/apt/lists/*",
    "/var/cache/apt/*",
    "/var/cache/debconf/*-old",
    "/var/cache/ldconfig/*",
    "/var/lib/dpkg/*-old",
    "/var/log/*",
    "/etc/passwd-",
    "/etc/group-",
    "/etc/shadow-",
    "/etc/gshadow-",
    "/etc/subuid-",
    "/etc/subgid-",
    "/etc/.pwd.lock",
    "/tmp/*",  # noqa: S108
    "/var/tmp/*",  # noqa: S108
    "/root/.[!.]*",
)


@dataclass(frozen=True)
class Index:
    """How apt's sources stand.

    :param sha256: one hash over their Release files.
    :param updated: the latest date in these files, seconds since 1970. It is the time of everything in the first
        layer, which so is the same for every commit.
    """

    sha256: str
    updated: int


def rfc3339(created: int) -> str:
    return datetime.fromtimestamp(created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def labels(image: Image, version: str, checksum: str, index: str, base_digest: str) -> dict[str, str]:
    """Labels of an image.

    :param version: with its build metadata, if the image is a refreshed one.
    :param checksum: SHA-256 of the artifact.
    :param index: hash of the Index of apt's sources.
    :param base_digest: of the base's manifest for this architecture.
    """
    ours = {
        "org.opencontainers.image.title": image.application,
        "org.opencontainers.image.version": version,
        "org.opencontainers.image.revision": image.commit,
        "org.opencontainers.image.source": image.source,
        "org.opencontainers.image.created": rfc3339(image.created),
        "org.opencontainers.image.base.name": f"{image.base.name}@{base_digest}",
        "org.opencontainers.image.base.digest": base_digest,
        "io.slipway.artifact.sha256": checksum,
        "io.slipway.index.sha256": index,
    }
    return dict(sorted({**image.labels, **ours}.items()))


def index_of(releases: list[bytes]) -> Index:
    """The index of Release files, in whatever order they come."""
    digests = sorted(hashlib.sha256(release).hexdigest() for release in releases)
    dates = [_seconds(text) for each in releases for text in _DATE.findall(each)]
    together = hashlib.sha256("".join(f"{digest}\n" for digest in digests).encode()).hexdigest()
    return Index(together, max(dates, default=0))


def _seconds(date: bytes) -> int:
    """A date of a Release file, which is one of UTC; 0 for what is none, which apt refuses."""
    try:
        return int(parsedate_to_datetime(date.decode()).replace(tzinfo=UTC).timestamp())
    except ValueError:
        return 0


def system(image: Image, base: str, index: Index) -> str:
    """The Containerfile of the first layer. Its step holds what it depends on, so that it is cached by it.

    :param base: name of the base as the engine has it.
    """
    return f"FROM {base}\nRUN {_system(image, index)}\n"


def application(image: Image, base: str, image_labels: Mapping[str, str]) -> str:
    """The Containerfile of the second layer, and of what an image is beside its layers.

    :param base: name of the image with the first layer, as the engine has it.
    """
    start = [INIT, "--", *image.command]
    environment = [f"ENV {name}={_quoted(value)}" for name, value in image.environment.items()]
    return "\n".join(
        [
            f"FROM {base}",
            f"ADD {ARTIFACT} {image.home}/",
            *environment,
            "LABEL " + " ".join(f"{name}={_quoted(value)}" for name, value in image_labels.items()),
            f"EXPOSE {image.checks.port}",
            "STOPSIGNAL SIGTERM",
            f"USER {image.user}:{image.user}",
            f"ENTRYPOINT {json.dumps(start)}",
            "",
        ]
    )


def _system(image: Image, index: Index) -> str:
    """The first layer: updates, an init, the user, and none of what apt leaves behind."""
    user = f"--no-log-init --uid {image.user} --gid {image.user} --no-create-home --home-dir /nonexistent"
    # Without pipes: the shell of the step would not see that their first program fails.
    measured = "sha256sum /var/lib/apt/lists/*_InRelease >/tmp/all && cut -c1-64 /tmp/all >/tmp/index"
    # Root's own: an empty volume is mounted there, which takes the directory's mode.
    made = [f"{{ [ -e {directory} ] || install -d -m 1777 {directory}; }}" for directory in image.writable]
    steps = [
        # shadow writes the day of the last change of a password, from this variable if it is there.
        f"export SOURCE_DATE_EPOCH={index.updated} DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8",
        "apt-get -q -o APT::Update::Error-Mode=any update",
        f"{measured} && sort -o /tmp/index /tmp/index && echo '{index.sha256}  /tmp/index' >/tmp/wanted",
        f"{{ sha256sum --check --status /tmp/wanted || {{ echo {shlex.quote(MOVED)}; exit 1; }}; }}",
        "apt-get -q -y upgrade",
        # Their versions are those of the index that was measured, so none is named here.
        f"echo {' '.join(image.packages)} >/tmp/packages",
        "xargs --arg-file /tmp/packages apt-get -q -y --no-install-recommends install",
        f"groupadd --gid {image.user} {USER}",
        f"useradd {user} --shell /usr/sbin/nologin {USER}",
        *made,
        "apt-get clean",
        f"rm -rf {' '.join(_LEFTOVERS)}",
    ]
    return " && ".join(steps)


def _quoted(text: str) -> str:
    """A value of ENV or LABEL: in double quotes, nothing in it expanded."""
    escaped = "".join(f"\\{character}" if character in '\\"$' else character for character in text)
    return f'"{escaped}"'

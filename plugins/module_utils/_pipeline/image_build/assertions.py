# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an image must be, asserted on its layout. Pure.

Every rule that is broken gives a sentence of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from .containerfile import INIT
from .layout import File, Layout
from .model import Image

_APT = re.compile(r"/var/lib/apt/lists/.+|/var/cache/apt/.+")
_HISTORY = re.compile(r"/(root|home/.+|opt/.+|nonexistent)/\.([a-z]*_history|[a-z]*_hist|lesshst|viminfo|wget-hsts)")
_KEY_NAMES = re.compile(
    r".*/(id_(rsa|dsa|ecdsa|ed25519)|[^/]+\.(p12|pfx|jks|keystore)|\.aws/credentials|\.netrc|\.npmrc|\.pypirc|"
    r"\.git-credentials|\.docker/config\.json|\.kube/config|ssh_host_[a-z0-9]+_key)"
)
_WHITEOUT = ".wh."


def failures(
    image: Image, layout: Layout, files: Sequence[Sequence[File]], base: Sequence[str], labels: Mapping[str, str]
) -> list[str]:
    """A sentence for every rule that the image breaks, in a fixed order.

    :param files: entries of every layer.
    :param base: diff IDs of the base's layers.
    :param labels: what `containerfile.labels` says of it.
    """
    found = [*_layers(layout, base)]
    if not found:  # only then it is known which files are new
        found += layer_failures(image, files)
    found += [*_start(image, layout.config), *_labels(layout, labels), *_size(image, layout.size)]
    return list(dict.fromkeys(found))


def _layers(layout: Layout, base: Sequence[str]) -> Iterable[str]:
    diff_ids = layout.diff_ids
    if diff_ids[: len(base)] != tuple(base):
        yield "The image does not stand on the layers of its base."
    elif len(diff_ids) != len(base) + 2:
        yield f"The image has {len(diff_ids) - len(base)} layers over its base, but two are allowed."
    if len(layout.manifest["layers"]) != len(diff_ids):
        yield "The image's manifest and configuration name different numbers of layers."


def layer_failures(image: Image, files: Sequence[Sequence[File]]) -> list[str]:
    """Rules about the files of the two layers.

    :param files: entries of the layers, those of the base first.
    """
    *base, system, application = files
    before = {file.path: file for layer in base for file in layer}
    standing = dict(before)
    found: list[str] = []
    for layer in (system, application):
        for file in layer:
            path = PurePosixPath(file.path)
            if path.name.startswith(_WHITEOUT):
                standing.pop(str(path.with_name(path.name.removeprefix(_WHITEOUT))), None)
                continue
            standing[file.path] = file
            found += file_failures(file, before.get(file.path))
            if layer is application and not (
                path.is_relative_to(image.home) or PurePosixPath(image.home).is_relative_to(path)
            ):
                found.append(f"The application's layer changes {file.path}, which is outside of {image.home}.")
            if layer is system and path.is_relative_to(image.home):
                found.append(f"The system's layer holds {file.path}, which belongs into the application's.")
    return [*found, *_owned(image, standing)]


def file_failures(file: File, before: File | None) -> list[str]:
    """Rules about one file that a layer adds or changes.

    :param before: the same path in the base.
    """
    found = []
    if file.mode & 0o6000 and file.kind != "directory" and (before is None or not before.mode & file.mode & 0o6000):
        found.append(f"The image adds {file.path}, which is {'setuid' if file.mode & 0o4000 else 'setgid'}.")
    if file.kind == "device":
        found.append(f"The image adds the device {file.path}.")
    if _APT.fullmatch(file.path) and file.kind == "file" and file.path != "/var/lib/apt/lists/lock":
        found.append(f"The image holds {file.path}, which apt left behind.")
    if _HISTORY.fullmatch(file.path) or re.fullmatch(r"(/[^/]+)*/\.(ba|z|a|k)?sh_history", file.path):
        found.append(f"The image holds the history of a shell or program in {file.path}.")
    if ".git" in PurePosixPath(file.path).parts:
        found.append(f"The image holds the git repository {file.path.partition('/.git')[0]}/.git.")
    if _KEY_NAMES.fullmatch(file.path) or file.key:
        found.append(f"The image holds a key or credentials in {file.path}.")
    writable = file.mode & 0o002 and file.kind in ("file", "directory") and not file.mode & 0o1000
    if writable and before is None:
        found.append(f"The image adds {file.path}, which everybody may write to.")
    return found


def _owned(image: Image, files: Mapping[str, File]) -> Iterable[str]:
    """What the user owns, it could change; it needs to own nothing."""
    for path, file in sorted(files.items()):
        if image.user in (file.user, file.group):
            yield f"The user {image.user} owns {path}, which it could change."


def _start(image: Image, configuration: Mapping[str, Any]) -> Iterable[str]:
    config = configuration.get("config", {})
    user = config.get("User", "")
    if user != f"{image.user}:{image.user}":
        shown = f"'{user}'" if user else "root"
        yield f"The image runs as {shown}, but {image.user}:{image.user} is declared."
    start = [*(config.get("Entrypoint") or []), *(config.get("Cmd") or [])]
    if start[:2] in (["/bin/sh", "-c"], ["/bin/bash", "-c"]):
        yield "The image starts through a shell, which forwards no signals; the exec form is needed."
    elif start != [INIT, "--", *image.command]:
        yield f"The image starts {start}, but the command behind the init {INIT} is declared."
    if config.get("Volumes"):
        yield f"The image declares volumes ({', '.join(sorted(config['Volumes']))}), which are writable at run time."
    if config.get("StopSignal") not in (None, "", "SIGTERM", "15"):
        yield f"The image is stopped by {config['StopSignal']} instead of SIGTERM."
    if configuration.get("os") != "linux":
        yield f"The image is for {configuration.get('os')} instead of linux."


def _labels(layout: Layout, labels: Mapping[str, str]) -> Iterable[str]:
    standing = layout.labels
    for name, value in labels.items():
        if standing.get(name) != value:
            yield f"The image's label {name} is '{standing.get(name, '')}' instead of '{value}'."


def _size(image: Image, size: int) -> Iterable[str]:
    budget = image.checks.maximum_bytes
    if size > budget:
        yield f"The image has {size / 1048576:.1f} MiB, but {budget >> 20} MiB are allowed by maximum_size."


def world_writable(files: Sequence[Sequence[File]]) -> list[str]:
    """Directories of the whole image that everybody may write to, sorted."""
    found: dict[str, bool] = {}
    for layer in files:
        for file in layer:
            found[file.path] = file.kind == "directory" and bool(file.mode & 0o002)
    return sorted(path for path, writable in found.items() if writable)

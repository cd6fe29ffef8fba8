# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The engines: a store of their own below the cache, a build in it, and the image copied out as a layout."""

from __future__ import annotations

import fcntl
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from ..._core.plan import Impossible
from ..._core.programs import Execute
from .containerfile import MOVED
from .model import Image

_DOING = {
    "copy": "copy an image",
    "build": "build the image",
    "push": "give the image away",
    "image": "show the image",
    "load": "take the base",
    "save": "give the image away",
}
LABEL = "io.slipway.container"
"""Label of the containers that image_build starts; of all containers, only those that carry it are removed."""

_ELSEWHERE = (  # each would make an engine another one, or one on another machine
    *("CONTAINER_HOST", "CONTAINER_CONNECTION", "CONTAINER_SSHKEY", "CONTAINERS_CONF_OVERRIDE"),
    *("DOCKER_HOST", "DOCKER_CONTEXT"),
)
_NO_SPACE = re.compile(rb"no space left on device|disk quota exceeded", re.IGNORECASE)
_STAMPED = re.compile(r"^(?:time=\S+ level=\w+ msg=|E: |Err:|W: |\[FATAL tini \(\d+\)\] )")


def here(execute: Execute) -> Execute:
    """The same, with nothing in the environment that leads an engine to another machine or another's socket."""

    def run(command: Sequence[str], environment: Mapping[str, str]) -> tuple[int, bytes, bytes]:
        taken = {name: os.environ.pop(name) for name in _ELSEWHERE if name in os.environ}
        try:
            return execute(command, environment)
        finally:
            os.environ.update(taken)

    return run


class Engine:
    """One engine over one store.

    :param store: folder of its configuration, images and containers; made if it does not exist.
    """

    def __init__(self, image: Image, execute: Execute, store: Path) -> None:
        self._image = image
        self._execute = here(execute)
        self.store = store
        self._podman = image.engine == "podman"
        self._policy = f"--signature-policy={store / 'conf' / 'policy.json'}"
        self._rootless = os.geteuid() != 0

    @property
    def environment(self) -> dict[str, str]:
        """Variables under which podman, buildah and skopeo see this store and no configuration of the machine's."""
        conf = self.store / "conf"
        return {
            "CONTAINERS_STORAGE_CONF": str(conf / "storage.conf"),
            "CONTAINERS_REGISTRIES_CONF": str(conf / "registries.conf"),
            "CONTAINERS_CONF": str(conf / "containers.conf"),
            "LC_ALL": "C.UTF-8",
            "STORAGE_DRIVER": "overlay",  # a user's own would beat the file
            "STORAGE_OPTS": "",
            "TMPDIR": str(self.store / "tmp"),
        }

    @property
    def command(self) -> list[str]:
        """The beginning of commands about containers, never those of another machine."""
        return [self._image.programs.podman, "--remote=false"]

    def base_name(self, digest: str) -> str:
        """What FROM says."""
        return f"{self._image.base.name}@{digest}"

    def prepare(self) -> None:
        """Writes the store's configuration. Overlay is pinned: other drivers give other digests."""
        conf = self.store / "conf"
        try:
            for folder in (conf, self.store / "tmp"):
                folder.mkdir(parents=True, exist_ok=True)
            root, run = json.dumps(str(self.store / "images")), json.dumps(str(self.store / "run"))
            (conf / "storage.conf").write_text(
                f'[storage]\ndriver = "overlay"\ngraphroot = {root}\nrunroot = {run}\nrootless_storage_path = {root}\n'
            )
            (conf / "registries.conf").write_text("unqualified-search-registries = []\n")
            (conf / "policy.json").write_text('{"default": [{"type": "insecureAcceptAnything"}]}\n')
            runtime = json.dumps(self._image.programs.runtime)
            (conf / "containers.conf").write_text(
                '[containers]\nlog_driver = "k8s-file"\n\n'
                f'[engine]\nruntime = {runtime}\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\n'
            )
        except OSError as error:
            raise self.failure("write its configuration", str(error).encode()) from error

    def load(self, base: Path, digest: str) -> None:
        """Brings the base from its layout into the store, under the name that FROM gives it."""
        name = self.base_name(digest)
        programs = self._image.programs
        if self._run([programs.buildah, "inspect", "--type", "image", name], quiet=True) is not None:
            return
        unshare = [programs.buildah, "unshare"] if self._rootless else []
        policy = f"--policy={self.store / 'conf' / 'policy.json'}"
        self._run([*unshare, programs.skopeo, "copy", "--quiet", policy, f"dir:{base}", f"containers-storage:{name}"])

    def build(self, file: Path, name: str, architecture: str, created: int) -> None:
        """Builds a Containerfile in its folder as the image `name`; nothing is pulled.

        :param created: the time of what is built, seconds since 1970.
        """
        how = ["--layers", "--format=oci", "--isolation=chroot", "--network=host"]
        how += ["--pull=never"] if self._podman else ["--pull-never"]
        how += [self._policy, f"--timestamp={created}", f"--platform=linux/{architecture}"]
        program = self.command if self._podman else [self._image.programs.buildah]
        self._run([*program, "build", *how, f"--tag={name}", f"--file={file}", str(file.parent)])

    def export(self, name: str, folder: Path) -> None:
        """Copies an image out of the store into a folder of the form `dir:`, which leaves layers uncompressed."""
        how = ["--quiet", self._policy, "--format=oci", "--disable-compression"]
        self._run([self._image.programs.buildah, "push", *how, name, f"dir:{folder}"])

    def image_id(self, name: str) -> str:
        """Digest of the configuration of an image in the store."""
        output = self._run([*self.command, "image", "inspect", "--format={{.Id}}", name]) or b""
        return "sha256:" + output.decode().strip().removeprefix("sha256:")

    @contextmanager
    def alone(self) -> Iterator[None]:
        """The store to itself. What earlier builds left behind goes before, what this one leaves goes after."""
        self.prepare()
        with (self.store / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            try:
                self.clean()
                yield
            finally:
                self.clean()

    def clean(self) -> None:
        """Containers that we started, what builds left in the store, images with neither a name nor one above them."""
        buildah, podman = self._image.programs.buildah, [self._image.programs.podman, "--remote=false"]
        listing = [*podman, "ps", "-a", "--quiet", "--no-trunc"]
        ours = self._containers([*listing, f"--filter=label={LABEL}"])
        # A build that was killed leaves what podman does not count among its containers, but can remove.
        builds = self._containers([buildah, "containers", "-a", "--quiet", "--notruncate"])
        if left := ours | (builds - self._containers(listing)):
            self._run([*podman, "rm", "--force", "--time=0", *sorted(left)], quiet=True)
        self._run([buildah, "rmi", "--prune", "--force"], quiet=True)

    def _containers(self, command: Sequence[str]) -> set[str]:
        return set((self._run(command, quiet=True) or b"").decode().split())

    def _run(self, command: Sequence[str], *, quiet: bool = False) -> bytes | None:
        """What a command printed; None, or Impossible, if it fails."""
        status, output, errors = self._execute(command, self.environment)
        if status == 0:
            return output
        if quiet:
            return None
        doing = next((words for word, words in _DOING.items() if word in command[:4]), command[1])
        raise self.failure(doing, errors + b"\n" + output)

    def failure(self, doing: str, errors: bytes) -> Impossible:
        """Why an engine failed, in words."""
        if _NO_SPACE.search(errors):
            return Impossible(
                f"The disk of '{self.store}' is full, so the image cannot be built; make room, or set cache_directory."
            )
        text = errors.decode(errors="replace")
        if MOVED in (line.strip() for line in text.splitlines()):
            return Impossible("The index of Debian's packages changed during the build; run again.")
        return Impossible(f"{self._image.engine} failed to {doing}: {last_line(text)}.")


def last_line(text: str) -> str:
    """The line of a program's errors that tells most: the last one of apt's own, else the last one."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    apt = [line for line in lines if line.startswith(("E: ", "Err:"))]
    line = (apt or [line for line in lines if not line.startswith("time=")] or lines or ["no reason given"])[-1]
    return _STAMPED.sub("", line).strip().strip('"').rstrip(".")

"""Where a sandbox keeps its state, and the few helpers that need nothing but that folder."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import random
import re
import secrets
import shlex
import shutil
import socket
import stat
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

CHECKOUT = Path(__file__).resolve().parent.parent
REGION = "eu-west-1"
# Below the range that the kernel takes client ports from, so that no outgoing connection sits on a chosen port.
PORTS = range(20000, 32000)
SNAPSHOT = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True)
class State:
    """The state folder: ``$SLIPWAY_SANDBOX``, or ``.sandbox/`` in the checkout."""

    folder: Path

    @classmethod
    def here(cls) -> State:
        return cls(Path(os.environ.get("SLIPWAY_SANDBOX") or CHECKOUT / ".sandbox").absolute())

    @property
    def log(self) -> Path:
        return self.folder / "log"

    @property
    def kubernetes(self) -> Path:
        return self.folder / "kubernetes"

    @property
    def registry(self) -> Path:
        return self.folder / "registry"

    @property
    def images(self) -> Path:
        return self.folder / "images"

    @property
    def settings(self) -> Path:
        return self.folder / "settings.json"

    @property
    def snapshots(self) -> Path:
        return self.folder / "snapshots"

    def snapshot(self, name: str) -> Path:
        """Folder of a snapshot, which need not exist.

        :raises ValueError: for what is no name, such as a path
        """
        if not isinstance(name, str) or not SNAPSHOT.fullmatch(name):
            raise ValueError(f"'{name}' is no name for a snapshot: letters, digits, - and _, at most 64")
        return self.snapshots / name

    @property
    def kubeconfig(self) -> Path:
        return self.folder / "kubeconfig"

    @property
    def environment(self) -> Path:
        return self.folder / "env"

    @property
    def description(self) -> Path:
        return self.folder / "sandbox.json"

    @property
    def socket(self) -> Path:
        """Supervisor's unix socket; a socket's path may not be longer than about 100 bytes."""
        path = self.folder / "supervisor.sock"
        if len(os.fsencode(path)) < 90:
            return path
        digest = hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"slipway-{os.getuid()}" / f"{digest}.sock"

    @property
    def _secret(self) -> Path:
        return self.folder / "secret"

    def secret(self) -> str:
        """What every control call carries; made at the first look after a start."""
        private(self.folder)
        if not self._secret.exists():
            new = self.folder / f"secret.{os.getpid()}"
            write(new, secrets.token_urlsafe(32))
            with contextlib.suppress(FileExistsError):
                self._secret.hardlink_to(new)  # whole, and only the first of two
            new.unlink()
        return self._secret.read_text()

    def read(self) -> dict[str, Any]:
        """Ports and URLs of the sandbox that runs here, empty when none does."""
        try:
            return cast(dict[str, Any], json.loads(self.description.read_text()))
        except FileNotFoundError:
            return {}

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """One start, stop or reset at a time."""
        private(self.folder)
        with (self.folder / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def forget(self) -> None:
        """Remove what belongs to a running sandbox; logs, settings and snapshots stay."""
        for folder in (self.kubernetes, self.registry):
            shutil.rmtree(folder, ignore_errors=True)
        self.forget_example()
        for file in (self.environment, self.description, self.kubeconfig, self.socket, self._secret):
            file.unlink(missing_ok=True)

    def forget_example(self) -> None:
        """The example's clone with its release tags, and what was built of it: they belong to bucket and registry."""
        for name in ("app", "app.git", "build"):
            shutil.rmtree(self.images / name, ignore_errors=True)


def private(folder: Path) -> None:
    """Make a folder that only its owner can look into, or close one that stands.

    :raises PermissionError: when it is somebody else's, who could change what stands in it
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.stat()
    if found.st_uid != os.getuid():
        raise PermissionError(f"{folder} belongs to user {found.st_uid}: the sandbox's state needs a folder of its own")
    if stat.S_IMODE(found.st_mode) & 0o077:
        folder.chmod(0o700)


def write(path: Path, text: str) -> None:
    """Write a whole file at once, for its owner only, so that no reader sees a half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w") as file:
        file.write(text)
    temporary.replace(path)


def free_ports(count: int) -> list[int]:
    """Ports on 127.0.0.1 that nobody listens on. Drawn at random: sandboxes side by side rarely draw the same."""
    found: list[int] = []
    while len(found) < count:
        port = random.choice(PORTS)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in found:
            found.append(port)
    return found


def shell_environment(state: State, urls: dict[str, str], credentials: dict[str, str], tools: Sequence[Path]) -> str:
    """Text of the file to source: points AWS clients, kubectl and registry clients at this sandbox."""
    values = {
        "AWS_ENDPOINT_URL": urls["aws"],
        "AWS_ACCESS_KEY_ID": credentials["access_key_id"],
        "AWS_SECRET_ACCESS_KEY": credentials["secret_access_key"],
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "KUBECONFIG": str(state.kubeconfig),
        "SLIPWAY_SANDBOX": str(state.folder),
        "SLIPWAY_REGISTRY": urls["registry"].removeprefix("http://"),
    }
    lines = [f"export {name}={shlex.quote(value)}" for name, value in values.items()]
    lines.append("unset AWS_PROFILE AWS_SESSION_TOKEN")
    paths = ":".join(shlex.quote(str(folder)) for folder in (*tools, CHECKOUT / ".venv" / "bin"))
    lines.append(f'case "$PATH" in {paths}:*) ;; *) export PATH={paths}:"$PATH" ;; esac')
    return "\n".join(lines) + "\n"

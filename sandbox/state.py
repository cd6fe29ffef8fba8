"""Where a sandbox keeps its state, and the few helpers that need nothing but that folder."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import random
import shlex
import shutil
import socket
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

CHECKOUT = Path(__file__).resolve().parent.parent
REGION = "eu-west-1"
# Below the range that the kernel takes client ports from, so that no outgoing connection sits on a chosen port.
PORTS = range(20000, 32000)


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
        return Path(tempfile.gettempdir()) / f"slipway-{os.getuid()}-{digest}.sock"

    def read(self) -> dict[str, Any]:
        """Ports and URLs of the sandbox that runs here, empty when none does."""
        try:
            return cast(dict[str, Any], json.loads(self.description.read_text()))
        except FileNotFoundError:
            return {}

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """One start, stop or reset at a time."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def forget(self) -> None:
        """Remove what belongs to a running sandbox; logs, settings and snapshots stay."""
        for folder in (self.kubernetes, self.registry):
            shutil.rmtree(folder, ignore_errors=True)
        self.forget_example()
        for file in (self.environment, self.description, self.kubeconfig, self.socket):
            file.unlink(missing_ok=True)

    def forget_example(self) -> None:
        """The example's clone with its release tags, and what was built of it: they belong to bucket and registry."""
        for name in ("app", "app.git", "build"):
            shutil.rmtree(self.images / name, ignore_errors=True)


def write(path: Path, text: str, mode: int = 0o600) -> None:
    """Write a whole file at once, so that no reader sees a half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(text)
    temporary.chmod(mode)
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

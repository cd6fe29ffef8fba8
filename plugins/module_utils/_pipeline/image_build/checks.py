# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Starts an image as a strict platform would, and checks how it behaves.

It runs without network but its own loopback, without capabilities, on a read-only root file system. What looks inside
is the shell of the image itself, which every Debian has; nothing is added to the image.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..._core.plan import Impossible
from ..._core.programs import Execute
from .containerfile import INIT
from .engine import LABEL, here, last_line
from .model import Image

# Ends at once when the port answers; prints the status of the last answer otherwise.
_READY = r"""
trap '' PIPE
end=$((SECONDS + $1)); status=
while :; do
  if exec 3<>"/dev/tcp/127.0.0.1/$2"; then
    [ -n "$3" ] || exit 0
    printf 'GET %s HTTP/1.0\r\nHost: localhost\r\nConnection: close\r\n\r\n' "$3" >&3
    read -r -t 2 _ status _ <&3
    exec 3<&-
    case $status in 2??) exit 0;; esac
  fi 2>/dev/null
  if [ "$SECONDS" -ge "$end" ]; then echo "$status"; exit 1; fi
  sleep 0.1
done
"""
_PROCESSES = "cat /proc/[0-9]*/status 2>/dev/null; exit 0"
_WRITABLE = """
for directory in "$@"; do
  if file=$(mktemp -p "$directory" 2>/dev/null); then rm -f "$file"; echo "$directory"; fi
done
exit 0
"""
_PAUSE = 1.0
"""Seconds after which a process that is still a zombie was not reaped."""
_KILLED = 137


@dataclass(frozen=True)
class Process:
    id: int
    name: str
    user: int
    zombie: bool
    capabilities: int
    new_privileges: bool


class Starter:
    """Containers of one engine.

    :param command: the beginning of commands, of podman or docker.
    :param environment: of the store that the image is in.
    """

    def __init__(self, image: Image, execute: Execute, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self._image = image
        self._execute = here(execute)
        self._command = command
        self._environment = environment
        self._podman = image.engine != "docker"

    def failures(self, name: str, world_writable: Sequence[str]) -> list[str]:
        """A sentence for everything that goes wrong with the image `name`, in the order in which it shows.

        :param world_writable: directories of the image that everybody may write to by their mode.
        """
        container = f"slipway-{secrets.token_hex(8)}"
        try:
            self._start(name, container, read_only=True)
            unready = self._unready(container)
            if not unready:
                return [*self._running(container, world_writable), *self._stopped(container)]
        finally:
            self._run(["rm", "--force", container])
        return [self._explained(name, unready)]

    def _explained(self, name: str, unready: str) -> str:
        """Why it was not ready: an image that is ready on a writable root needs to write there."""
        container = f"slipway-{secrets.token_hex(8)}"
        try:
            self._start(name, container, read_only=False)
            if not self._unready(container):
                return (
                    "The application only works while its root file system is writable; name the directories it "
                    "writes to in writable_directories."
                )
        finally:
            self._run(["rm", "--force", container])
        return unready

    def _start(self, name: str, container: str, *, read_only: bool) -> None:
        limits = ["--cap-drop=all", "--security-opt=no-new-privileges", "--ulimit=nofile=4096:4096"]
        limits += ["--ulimit=nproc=4096:4096", "--network=none"]
        limits += ["--read-only"] if read_only else []
        limits += ["--read-only-tmpfs=false"] if read_only and self._podman else []
        limits += [f"--tmpfs={path}:rw,nosuid,nodev,noexec,size=16m" for path in self._image.writable]
        status, output, errors = self._run(
            ["run", "--detach", "--pull=never", f"--name={container}", f"--label={LABEL}", *limits, name]
        )
        if status:
            raise Impossible(f"The image cannot be started: {last_line((errors + output).decode(errors='replace'))}.")

    def _unready(self, container: str) -> str:
        """Why it is not ready within its time, or nothing."""
        checks = self._image.checks
        arguments = [str(checks.ready_seconds), str(checks.port), checks.ready_path]
        status, output, errors = self._inside(container, _READY, arguments)
        if status == 0:
            return ""
        state, code = self._state(container)
        if state != "running":
            words = last_line(self._logs(container))
            return f"The application ended with status {code} before it was ready: {words}."
        if status != 1:
            words = last_line(errors.decode(errors="replace"))
            raise Impossible(f"The started image cannot be looked into: {words}.")
        answer = output.decode(errors="replace").strip()
        asked = f"GET {checks.ready_path} on port {checks.port}" if checks.ready_path else f"port {checks.port}"
        told = f"{asked} answered {answer}" if answer else f"{asked} had no answer"
        return f"The application was not ready within {checks.ready_seconds} seconds: {told}."

    def _running(self, container: str, world_writable: Sequence[str]) -> list[str]:
        first = self._processes(container)
        checks = self._image.checks
        self._inside(container, _READY, ["1", str(checks.port), checks.ready_path])
        time.sleep(_PAUSE)
        second = self._processes(container)
        found = process_failures(first, second)
        undeclared = [path for path in world_writable if path not in self._image.writable]
        for path in self._writable(container, undeclared):
            found.append(f"{path} is writable while the image runs, but it is none of writable_directories.")
        declared = self._image.writable
        for path in sorted(set(declared) - set(self._writable(container, declared))):
            found.append(f"{path} is one of writable_directories, but the image's user cannot write to it.")
        return found

    def _stopped(self, container: str) -> list[str]:
        seconds = self._image.checks.stop_seconds
        state, code = self._state(container)
        if state != "running":
            return [
                f"The application ended with status {code} while it was checked: {last_line(self._logs(container))}."
            ]
        self._run(["stop", f"--time={seconds}", container])
        _state, code = self._state(container)
        return [f"The application did not end within {seconds} seconds of SIGTERM."] if code == _KILLED else []

    def _processes(self, container: str) -> list[Process]:
        _status, output, _errors = self._inside(container, _PROCESSES, [])
        return processes(output.decode(errors="replace"))

    def _writable(self, container: str, paths: Sequence[str]) -> list[str]:
        if not paths:
            return []
        _status, output, _errors = self._inside(container, _WRITABLE, paths)
        return output.decode(errors="replace").splitlines()

    def _inside(self, container: str, script: str, arguments: Sequence[str]) -> tuple[int, bytes, bytes]:
        return self._run(["exec", container, "/bin/bash", "-c", script, "bash", *arguments])

    def _state(self, container: str) -> tuple[str, int]:
        form = "{{.State.Status}} {{.State.ExitCode}}"
        _status, output, _errors = self._run(["inspect", "--type=container", f"--format={form}", container])
        state, _space, code = output.decode().strip().partition(" ")
        return state, int(code or 0)

    def _logs(self, container: str) -> str:
        _status, output, errors = self._run(["logs", container])
        return (output + errors).decode(errors="replace")

    def _run(self, arguments: Sequence[str]) -> tuple[int, bytes, bytes]:
        return self._execute([*self._command, *arguments], self._environment)


def processes(text: str) -> list[Process]:
    """Processes from the contents of their files /proc/<id>/status (proc_pid_status(5))."""
    found = []
    for block in text.split("Name:\t")[1:]:
        name, _newline, rest = block.partition("\n")
        fields = dict(line.split(":\t", 1) for line in rest.splitlines() if ":\t" in line)
        found.append(
            Process(
                int(fields["Pid"]),
                name,
                int(fields["Uid"].split()[1]),
                fields["State"].startswith("Z"),
                int(fields.get("CapEff", "0"), 16),
                fields.get("NoNewPrivs", "1").strip() == "0",
            )
        )
    return found


def process_failures(first: Sequence[Process], second: Sequence[Process]) -> list[str]:
    """What is wrong with the processes of a container, seen twice with a pause between."""
    found = []
    init = INIT.rsplit("/", 1)[-1]
    for process in second:
        if process.id == 1 and process.name != init:
            found.append(f"The first process of the container is '{process.name}' instead of the init {init}.")
        if process.user == 0:
            found.append(f"The process '{process.name}' runs as root.")
        if process.capabilities:
            found.append(f"The process '{process.name}' has capabilities.")
    zombies = sorted({p.name for p in second if p.zombie and any(q.zombie and q.id == p.id for q in first)})
    if zombies:
        found.append(
            f"The application leaves zombies of {', '.join(repr(name) for name in zombies)} that it never waits for."
        )
    return found

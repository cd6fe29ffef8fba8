"""The sandbox's base image: a slim Debian as an OCI layout, made by mmdebstrap from this machine's own apt sources.

Nothing names a mirror: the sources of origin Debian that apt knows here are used, also for another suite than the
machine's. Packages come from the suite alone, without its security updates, whose source the image lists: that gives
the first layer of an application's image something to upgrade. More packages can be asked for, and some of them held.

The same Release file gives the same digest. Layouts are kept in
``${XDG_CACHE_HOME:-~/.cache}/slipway/images/base-<suite>-<architecture>-<hash of what they are made from>/``.
"""

from __future__ import annotations

import contextlib
import fcntl
import gzip
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

SUITES = {"trixie": "13", "bookworm": "12"}
"""Suite -> release of Debian; the first is the default."""
ARCHITECTURES = {"amd64": "x86_64", "arm64": "aarch64"}
EMULATORS = {"amd64": "qemu-x86_64", "arm64": "qemu-aarch64"}

RECIPE = "2"
"""Rises with every change of what is in the image."""
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
# What the slim variant of Debian's own images leaves out: translations and documentation, except licences.
EXCLUDED = (
    "path-exclude=/usr/share/man/*",
    "path-exclude=/usr/share/info/*",
    "path-exclude=/usr/share/locale/*",
    "path-exclude=/usr/share/doc/*",
    "path-include=/usr/share/doc/*/copyright",
    "path-exclude=/usr/share/doc-base/*",
    "path-exclude=/usr/share/lintian/*",
    "path-exclude=/usr/share/groff/*",
    "path-exclude=/usr/share/linda/*",
)
CONFIGURATION = {
    "docker-clean": 'Dir::Cache::pkgcache ""; Dir::Cache::srcpkgcache "";\n',
    "docker-no-languages": 'Acquire::Languages "none";\n',
    "docker-autoremove-suggests": 'Apt::AutoRemove::SuggestsImportant "false";\n',
}
"""Files of /etc/apt/apt.conf.d."""


class BaseImageError(Exception):
    """The image cannot be made here; the text is one sentence for the user."""


@dataclass(frozen=True)
class BaseImage:
    """:param layout: folder of an OCI layout with one manifest; :param digest: of that manifest."""

    layout: Path
    digest: str
    suite: str
    architecture: str

    @property
    def release(self) -> str:
        return SUITES[self.suite]


@dataclass(frozen=True)
class Sources:
    """Addresses of Debian's archives as this machine's apt has them."""

    main: str
    security: str


def machine_architecture() -> str:
    machine = os.uname().machine
    return next((name for name, word in ARCHITECTURES.items() if word == machine), machine)


def emulated(architecture: str) -> bool:
    """Whether the kernel starts programs of an architecture: it is the machine's, or an emulator is registered."""
    registered = Path("/proc/sys/fs/binfmt_misc") / EMULATORS.get(architecture, "none")
    return architecture == machine_architecture() or registered.exists()


def sources() -> Sources:
    """Raises BaseImageError where apt knows no source whose Release file has the origin Debian."""
    command = ["apt-get", "indextargets", "--format", "$(ORIGIN)|$(LABEL)|$(REPO_URI)"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise BaseImageError("This machine has no apt, so no Debian base image can be made on it.") from None
    found: dict[str, str] = {}
    for line in done.stdout.splitlines():
        origin, label, address = line.split("|", 2)
        if origin == "Debian":
            found.setdefault(label, address.rstrip("/"))
    missing = [label for label in ("Debian", "Debian-Security") if label not in found]
    if missing:
        raise BaseImageError(
            f"The apt sources of this machine hold none of origin Debian with the label {' and '.join(missing)}, so "
            "no base image can be made from them; use a Debian machine after `apt-get update`."
        )
    return Sources(found["Debian"], found["Debian-Security"])


def folder() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "slipway" / "images"


def prepare(
    suite: str = "trixie",
    architecture: str | None = None,
    say: Callable[[str], None] = lambda _text: None,
    *,
    packages: Sequence[str] = (),
    held: Sequence[str] = (),
) -> BaseImage:
    """The base image, made if the cache has none. Safe beside another process that does the same.

    :param architecture: amd64 or arm64, by default the machine's.
    :param say: is told what takes long.
    :param packages: more than the base's own; their security updates are left to whoever builds on it.
    :param held: those of them that apt does not upgrade.
    """
    architecture = architecture or machine_architecture()
    if suite not in SUITES:
        raise BaseImageError(f"The suite '{suite}' is none of {', '.join(SUITES)}.")
    if not emulated(architecture):
        raise BaseImageError(
            f"This machine does not run programs for {architecture}; install qemu-user-static and binfmt-support."
        )
    origin = sources()
    release = _release(f"{origin.main}/dists/{suite}/InRelease")
    key = hashlib.sha256()
    more = (tuple(packages), tuple(held)) if packages or held else ()
    for part in (release, repr((RECIPE, origin, suite, architecture, *more)).encode()):
        key.update(hashlib.sha256(part).digest())
    layout = folder() / f"base-{suite}-{architecture}-{key.hexdigest()[:16]}"
    layout.parent.mkdir(parents=True, exist_ok=True)
    with (layout.parent / f".base-{suite}-{architecture}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not layout.is_dir():
            say(f"making the base image Debian {SUITES[suite]} for {architecture}: about half a minute, once")
            _make(layout, suite, architecture, origin, release, packages, held)
    digest = json.loads((layout / "index.json").read_text())["manifests"][0]["digest"]
    return BaseImage(layout, digest, suite, architecture)


def _release(address: str) -> bytes:
    """The suite's Release file, fetched as apt fetches: with its proxies, its certificates and its methods."""
    with tempfile.TemporaryDirectory(prefix="slipway-") as temporary:
        target = Path(temporary) / "InRelease"
        command = ["/usr/lib/apt/apt-helper", "download-file", address, str(target)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode or not target.is_file():
            raise BaseImageError(f"The Release file of the suite cannot be fetched: {_last(done.stderr)}.")
        return target.read_bytes()


def _last(text: str) -> str:
    lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    return lines[-1].rstrip(".") if lines else "no reason given"


def _make(
    layout: Path,
    suite: str,
    architecture: str,
    origin: Sources,
    release: bytes,
    packages: Sequence[str],
    held: Sequence[str],
) -> None:
    date = next(line[6:] for line in release.decode().splitlines() if line.startswith("Date: "))
    epoch = int(parsedate_to_datetime(date.replace("UTC", "+0000")).timestamp())
    with contextlib.ExitStack() as stack:
        work = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix=".base-", dir=layout.parent)))
        made = work / "layout"
        _bootstrap(work, suite, architecture, origin, epoch, packages, held)
        _write_layout(made, work / "root.tar", suite, architecture, epoch)
        made.rename(layout)


def _bootstrap(
    work: Path,
    suite: str,
    architecture: str,
    origin: Sources,
    epoch: int,
    packages: Sequence[str],
    held: Sequence[str],
) -> None:
    if shutil.which("mmdebstrap") is None:
        raise BaseImageError("mmdebstrap is not on PATH; install it from Debian.")
    (work / "debian.sources").write_text(
        f"Types: deb\nURIs: {origin.main}\nSuites: {suite} {suite}-updates\nComponents: main\nSigned-By: {KEYRING}\n\n"
        f"Types: deb\nURIs: {origin.security}\nSuites: {suite}-security\nComponents: main\nSigned-By: {KEYRING}\n"
    )
    uploads = [("debian.sources", "/etc/apt/sources.list.d/debian.sources")]
    for name, text in CONFIGURATION.items():
        (work / name).write_text(text)
        uploads.append((name, f"/etc/apt/apt.conf.d/{name}"))
    (work / "slim").write_text("\n".join(EXCLUDED) + "\n")
    uploads.append(("slim", "/etc/dpkg/dpkg.cfg.d/docker"))
    command = ["mmdebstrap", "--quiet", "--variant=minbase", "--format=tar", f"--architectures={architecture}"]
    command += [
        f"--include={','.join(('usr-is-merged', *packages))}",
        "--skip=output/dev,check/qemu",
        *(f"--dpkgopt={line}" for line in EXCLUDED),
    ]
    command += [f"--customize-hook=upload {work}/{name} {target}" for name, target in uploads]
    command += [f'--customize-hook=chroot "$1" apt-mark hold {name}' for name in held]
    command += ['--customize-hook=rm -f "$1"/etc/apt/sources.list "$1"/etc/hostname "$1"/etc/resolv.conf']
    command += ['--customize-hook=rm -rf "$1"/var/log/* "$1"/var/cache/* "$1"/var/lib/apt/lists/* "$1"/run/*']
    command += [suite, str(work / "root.tar"), f"deb [signed-by={KEYRING}] {origin.main} {suite} main"]
    environment = {**os.environ, "SOURCE_DATE_EPOCH": str(epoch), "TMPDIR": str(work)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        raise BaseImageError(f"mmdebstrap did not make Debian {suite}: {_last(done.stderr)}.")


def _write_layout(made: Path, root: Path, suite: str, architecture: str, epoch: int) -> None:
    blobs = made / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    plain, packed = hashlib.sha256(), made / "layer"
    with root.open("rb") as source, packed.open("wb") as raw, gzip.GzipFile("", "wb", 6, raw, mtime=0) as target:
        while block := source.read(1 << 20):
            plain.update(block)
            target.write(block)
    with packed.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    size = packed.stat().st_size
    packed.rename(blobs / digest)

    def blob(kind: str, content: dict[str, object]) -> dict[str, object]:
        data = json.dumps(content, sort_keys=True, separators=(",", ":")).encode()
        name = hashlib.sha256(data).hexdigest()
        (blobs / name).write_bytes(data)
        return {"mediaType": f"application/vnd.oci.image.{kind}.v1+json", "digest": f"sha256:{name}", "size": len(data)}

    created = datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    platform = {"architecture": architecture, "os": "linux", **({"variant": "v8"} if architecture == "arm64" else {})}
    config = blob(
        "config",
        {
            **platform,
            "created": created,
            "config": {"Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"], "Cmd": ["bash"]},
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{plain.hexdigest()}"]},
            "history": [{"created": created, "created_by": f"mmdebstrap --variant=minbase {suite}"}],
        },
    )
    layer = {"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": f"sha256:{digest}", "size": size}
    manifest = blob(
        "manifest",
        {
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": config,
            "layers": [layer],
        },
    )
    index = {"schemaVersion": 2, "manifests": [{**manifest, "platform": platform}]}
    (made / "index.json").write_text(json.dumps(index))
    (made / "oci-layout").write_text(json.dumps({"imageLayoutVersion": "1.0.0"}))

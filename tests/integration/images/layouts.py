"""Small OCI image layouts made by hand, as image_build would leave them."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from pathlib import Path
from typing import Any

COMMIT = "0123456789abcdef0123456789abcdef01234567"
BASE_DIGEST = f"sha256:{'b' * 64}"
CREATED = "2026-01-31T12:00:00Z"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def archive(files: dict[str, bytes], mode: int = 0o755) -> bytes:
    """A tar archive that is always the same."""
    body = io.BytesIO()
    with tarfile.open(fileobj=body, mode="w", format=tarfile.USTAR_FORMAT) as target:
        for name, content in sorted(files.items()):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), mode
            target.addfile(entry, io.BytesIO(content))
    return body.getvalue()


def packed(files: dict[str, bytes], mode: int = 0o755) -> bytes:
    """An archive compressed by gzip."""
    return gzip.compress(archive(files, mode), mtime=0)


def artifact(content: bytes = b"program") -> bytes:
    """An application's artifact."""
    return packed({"bin/app": content})


STATUS = b"Package: libexample\nStatus: install ok installed\nArchitecture: all\nVersion: 1.0-1\nMaintainer: nobody\n\n"
RELEASE = b'PRETTY_NAME="Debian GNU/Linux 13"\nID=debian\nVERSION_ID="13"\n'


def layout(
    folder: Path, *, architecture: str = "amd64", content: bytes = b"program", labels: dict[str, str] | None = None
) -> dict[str, Any]:
    """One image in a layout; returns the entry of `images` that image_build returns for it."""
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True)

    def put(body: bytes) -> dict[str, Any]:
        name = digest(body)
        (blobs / name.removeprefix("sha256:")).write_bytes(body)
        return {"digest": name, "size": len(body)}

    base = archive({"etc/os-release": RELEASE, "var/lib/dpkg/status": STATUS})
    parts = [base, archive({"opt/app/bin/app": content})]
    layers = [
        {"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", **put(gzip.compress(part, mtime=0))}
        for part in parts
    ]
    configuration = {
        "architecture": architecture,
        "os": "linux",
        "created": CREATED,
        "config": {"User": "10001", "Entrypoint": ["/opt/app/bin/app"], "Labels": labels or {}},
        "rootfs": {"type": "layers", "diff_ids": [digest(part) for part in parts]},
        "history": [{"created": CREATED, "created_by": "base"}, {"created": CREATED, "created_by": "application"}],
    }
    config = {
        "mediaType": "application/vnd.oci.image.config.v1+json",
        **put(json.dumps(configuration, sort_keys=True).encode()),
    }
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers}
    descriptor = {"mediaType": MANIFEST, **put(json.dumps(manifest, sort_keys=True).encode())}
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [descriptor]}))
    (folder / "oci-layout").write_text(json.dumps({"imageLayoutVersion": "1.0.0"}))
    return {
        "architecture": architecture,
        "layout": str(folder),
        "digest": descriptor["digest"],
        "config_digest": config["digest"],
        "diff_ids": [digest(part) for part in parts],
        "size": sum(entry["size"] for entry in (*layers, config, descriptor)),
        "base_digest": BASE_DIGEST,
    }

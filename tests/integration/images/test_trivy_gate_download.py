"""The database from an OCI repository, the way Trivy's own is published."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Impossible
from tests.oci_layouts import MANIFEST, digest

from .registries import free_port
from .trivy import MENDED, VULNERABLE, make_database, make_image, run


def call(url: str, method: str, body: bytes, kind: str = "application/octet-stream") -> Any:
    return urllib.request.urlopen(urllib.request.Request(url, body, {"Content-Type": kind}, method=method), timeout=30)


def push(address: str, database: Path) -> str:
    """A database into a registry; its reference."""
    stored = io.BytesIO()
    with tarfile.open(fileobj=stored, mode="w") as archive:
        for name in ("trivy.db", "metadata.json"):
            archive.add(database / "db" / name, name)
    layer, config = gzip.compress(stored.getvalue(), mtime=0), b"{}"
    for content in (layer, config):
        with call(f"http://{address}/v2/trivy-db/blobs/uploads/", "POST", b"") as answer:
            place = answer.headers["Location"]
        place = place if place.startswith("http") else f"http://{address}{place}"
        call(f"{place}{'&' if '?' in place else '?'}digest={digest(content)}", "PUT", content).close()
    kind = "application/vnd.aquasec.trivy"
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": {"mediaType": f"{kind}.config.v1+json", "digest": digest(config), "size": len(config)},
        "layers": [
            {
                "mediaType": f"{kind}.db.layer.v1.tar+gzip",
                "digest": digest(layer),
                "size": len(layer),
                "annotations": {"org.opencontainers.image.title": "db.tar.gz"},
            }
        ],
    }
    call(f"http://{address}/v2/trivy-db/manifests/2", "PUT", json.dumps(manifest).encode(), MANIFEST).close()
    return f"{address}/trivy-db:2"


def test_a_database_that_is_missing_is_downloaded(tmp_path: Path, registry: str) -> None:
    reference = push(registry, make_database(tmp_path / "published"))
    image, target = make_image(tmp_path / "image", VULNERABLE), tmp_path / "database"
    options: dict[str, Any] = {"layout": image, "database_repository": reference}
    planned = run(tmp_path / "reports", target, check_mode=True, **options)
    assert planned.answer["verdict"] == "failed"
    assert not target.exists(), "check mode leaves no database"
    done = run(tmp_path / "reports", target, **options)
    assert done.answer["verdict"] == "failed"
    assert (target / "db" / "trivy.db").read_bytes() == (tmp_path / "published" / "db" / "trivy.db").read_bytes()
    (again,) = run(tmp_path / "again", target, layout=image).answer["verdicts"]
    (first,) = done.answer["verdicts"]
    assert again == first | {
        "report": str(tmp_path / "again" / "trivy-gate.json"),
        "reports": {name: path.replace("reports", "again") for name, path in first["reports"].items()},
    }


def test_a_repository_that_does_not_answer(tmp_path: Path) -> None:
    reference = f"127.0.0.1:{free_port()}/trivy-db:2"
    with pytest.raises(Impossible) as error:
        run(
            tmp_path / "reports",
            tmp_path / "database",
            layout=make_image(tmp_path / "image", MENDED),
            database_repository=reference,
        )
    assert str(error.value).startswith(f"The vulnerability database cannot be downloaded from '{reference}': ")
    assert "\n" not in str(error.value)
    assert not (tmp_path / "reports").exists()

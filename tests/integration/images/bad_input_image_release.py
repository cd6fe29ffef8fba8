"""What the cases of bad_input_image_release.yml stand on."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest

from sandbox import tools

from . import layouts
from .registries import HTPASSWD, RegistryServer, execute, free_port
from .release import BUCKET, PASSWORD, TRIVY, Release, objects

OPTIONS: dict[str, Any] = {
    "bucket": BUCKET,
    "application": "app",
    "version": "1.2.3",
    "commit": layouts.COMMIT,
    "images": [{"architecture": "amd64", "layout": "{layout}", "digest": "{digest}"}],
    "artifacts": [{"architecture": "amd64", "key": "{artifact}", "sha256": "{sha256}"}],
    "base": {"image": "debian:13-slim", "digest": layouts.BASE_DIGEST, "release": "13"},
    "registries": [
        {"kind": "oci", "host": host, "repository": "team/app", "tls_verify": False} for host in ("{first}", "{second}")
    ],
    "verdicts": [{"digest": "{digest}", "config_digest": "{config}", "verdict": "passed"}],
    "signing_key": "{key}",
    "signing_key_password": PASSWORD,
    "cosign_path": str(tools.program("cosign")),
    "trivy_path": TRIVY,
}
Names = dict[str, str]


def left(tmp_path: Path, names: Names) -> list[Any]:
    """All of registries and bucket, and private folders of the module; uploads that were given up do not count."""
    stored = [path for path in tmp_path.rglob("*/data/**/*") if path.is_file() and "_uploads" not in path.parts]
    private = Path(tempfile.gettempdir()).glob("ansible-moduletmp-*/image-release-*")
    return [*objects(), *sorted(str(path) for path in (*stored, *private))]


def setup(tmp_path: Path, request: pytest.FixtureRequest) -> Names:
    """A release for two registries."""
    release: Release = request.getfixturevalue("release")
    first, second = (request.getfixturevalue(name) for name in ("first", "second"))
    image, artifact = release.images[0], release.options["artifacts"][0]
    return {
        "commit": layouts.COMMIT,
        "digest": image["digest"],
        "config": image["config_digest"],
        "layout": image["layout"],
        "first": first.address,
        "second": second.address,
        "sha256": artifact["sha256"],
        "artifact": artifact["key"],
        "key": str(release.key),
        "folder": str(tmp_path),
    }


def second_is_down(tmp_path: Path, request: pytest.FixtureRequest) -> Names:
    return {**setup(tmp_path, request), "second": f"127.0.0.1:{free_port()}"}


def _instead(tmp_path: Path, request: pytest.FixtureRequest, server: RegistryServer) -> Names:
    """Another registry as the second one."""
    request.addfinalizer(server.stop)
    server.start()
    return {**setup(tmp_path, request), "second": server.address}


def second_asks_for_a_password(tmp_path: Path, request: pytest.FixtureRequest) -> Names:
    return _instead(tmp_path, request, RegistryServer(tmp_path / "closed", HTPASSWD))


def second_is_read_only(tmp_path: Path, request: pytest.FixtureRequest) -> Names:
    return _instead(tmp_path, request, RegistryServer(tmp_path / "read-only", read_only=True))


def second_holds_another_image(tmp_path: Path, request: pytest.FixtureRequest) -> Names:
    names = setup(tmp_path, request)
    other = layouts.layout(tmp_path / "other", content=b"other")
    target = f"docker://{names['second']}/team/app:1.2.3"
    done = execute(["skopeo", "copy", "--dest-tls-verify=false", f"oci:{other['layout']}", target], {})
    assert done[0] == 0, done
    return {**names, "other": other["digest"]}


def a_layer_is_emptied(tmp_path: Path, request: pytest.FixtureRequest) -> Names:
    names = setup(tmp_path, request)
    blobs = Path(names["layout"]) / "blobs" / "sha256"
    layer = json.loads((blobs / names["digest"].removeprefix("sha256:")).read_text())["layers"][1]["digest"]
    (blobs / layer.removeprefix("sha256:")).write_bytes(b"")
    return {**names, "layer": layer}


def the_layout_holds_two(tmp_path: Path, request: pytest.FixtureRequest) -> Names:
    names = setup(tmp_path, request)
    file = Path(names["layout"]) / "index.json"
    index = json.loads(file.read_text())
    file.write_text(json.dumps({**index, "manifests": index["manifests"] * 2}))
    return names


def _image(names: Names, folder: Path, **how: Any) -> Names:
    image = layouts.layout(folder, **how)
    return {**names, "layout": image["layout"], "digest": image["digest"], "config": image["config_digest"]}


def the_image_is_of_another_commit(tmp_path: Path, request: pytest.FixtureRequest) -> Names:
    labels = {"org.opencontainers.image.version": "1.2.3", "org.opencontainers.image.revision": "f" * 40}
    return _image(setup(tmp_path, request), tmp_path / "another", labels=labels)


def the_image_is_for_another_architecture(tmp_path: Path, request: pytest.FixtureRequest) -> Names:
    return _image(setup(tmp_path, request), tmp_path / "another", architecture="arm64")


def _put(names: Names, request: pytest.FixtureRequest, name: str, body: bytes) -> Names:
    release: Release = request.getfixturevalue("release")
    key = f"applications/app/1.2.3/{name}"
    release.s3.put_object(Bucket=BUCKET, Key=key, Body=body, ChecksumAlgorithm="SHA256")
    return names


def _delete(names: Names, request: pytest.FixtureRequest, name: str) -> Names:
    release: Release = request.getfixturevalue("release")
    release.s3.delete_object(Bucket=BUCKET, Key=f"applications/app/1.2.3/{name}")
    return names


def the_artifact_is_missing(tmp_path: Path, request: pytest.FixtureRequest) -> Names:
    return _delete(setup(tmp_path, request), request, "app-1.2.3-linux-amd64.tar.gz")


def the_claim_is_missing(tmp_path: Path, request: pytest.FixtureRequest) -> Names:
    return _delete(setup(tmp_path, request), request, "claim.json")


def the_claim_is_of_another_commit(tmp_path: Path, request: pytest.FixtureRequest) -> Names:
    claim = {"application": "app", "version": "1.2.3", "commit": "f" * 40}
    return _put(setup(tmp_path, request), request, "claim.json", json.dumps(claim).encode())


def the_artifact_is_another(tmp_path: Path, request: pytest.FixtureRequest) -> Names:
    body = layouts.artifact(b"another program")
    names = _put(setup(tmp_path, request), request, "app-1.2.3-linux-amd64.tar.gz", body)
    return {**names, "other": layouts.digest(body).removeprefix("sha256:")}


def somebody_wrote_the_manifest(tmp_path: Path, request: pytest.FixtureRequest) -> Names:
    return _put(setup(tmp_path, request), request, "release.json", b"hello")


def somebody_wrote_the_bill(tmp_path: Path, request: pytest.FixtureRequest) -> Names:
    return _put(setup(tmp_path, request), request, "app-1.2.3-linux-amd64.spdx.json", b"{}")

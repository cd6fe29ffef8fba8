"""What the cases of bad_input_image_build.yml stand on."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.images.base_image import BaseImage

from ..conftest import Emulator
from .bases import changed, edited
from .builds import BASE, COMMIT, Build, pack, program, state_checksum, tree
from .registries import HTPASSWD, RegistryServer, execute, free_port

OPTIONS = {
    "application": "app",
    "version": "1.2.3",
    "commit": COMMIT,
    "created": "2026-05-06T07:08:09Z",
    "source": "https://git.example/app",
    "artifact_directory": "{folder}/artifacts",
    "base_image": "{base}",
    "base_location": "oci:{base_layout}",
    "directory": "{folder}/images",
    "cache_directory": "{cache}",
    "ready_seconds": 20,
    "stop_seconds": 3,
}
Names = dict[str, str]


def left(tmp_path: Path, names: Names) -> list[str]:
    """Layouts, what the registries of the case hold, and temporary files of the cache."""
    hidden = [str(path) for path in Path(names["cache"]).glob("**/.*") if "/store/images/" not in str(path)]
    return [*tree(tmp_path / "images"), *tree(tmp_path / "registry" / "data"), *hidden]


def setup(tmp_path: Path, request: pytest.FixtureRequest) -> Names:
    """A good artifact and base; the cache is shared by all cases."""
    debian: BaseImage = request.getfixturevalue("debian")
    cache: Path = request.getfixturevalue("image_cache")
    artifact = Build(tmp_path, cache, debian).artifact()
    return {
        "folder": str(tmp_path),
        "cache": str(cache),
        "checksum": pack(artifact, program()),
        "artifact": str(artifact),
        "base": f"{BASE}@{debian.digest}",
        "base_layout": str(debian.layout),
        "base_digest": debian.digest,
        "commit": COMMIT,
    }


def no_artifact(tmp_path: Path, request: pytest.FixtureRequest) -> Names:
    names = setup(tmp_path, request)
    Path(f"{names['artifact']}.sha256").unlink()
    return names


def no_archive(tmp_path: Path, request: pytest.FixtureRequest) -> Names:
    names = setup(tmp_path, request)
    Path(names["artifact"]).unlink()
    return names


def another_artifact(tmp_path: Path, request: pytest.FixtureRequest) -> Names:
    names = setup(tmp_path, request)
    stated = Path(f"{names['artifact']}.sha256").read_text()
    other = pack(Path(names["artifact"]), program("another one"))
    Path(f"{names['artifact']}.sha256").write_text(stated)
    return names | {"other": other}


def another_file_name(tmp_path: Path, request: pytest.FixtureRequest) -> Names:
    names = setup(tmp_path, request)
    Path(f"{names['artifact']}.sha256").write_text(f"{names['checksum']}  other.tar.gz\n")
    return names


def no_tar(tmp_path: Path, request: pytest.FixtureRequest) -> Names:
    names = setup(tmp_path, request)
    Path(names["artifact"]).write_text("text")
    state_checksum(Path(names["artifact"]))
    return names


def an_archive_that_escapes(tmp_path: Path, request: pytest.FixtureRequest) -> Names:
    names = setup(tmp_path, request)
    pack(Path(names["artifact"]), [*program(), ("../../etc/cron.d/x", b"", 0o644)])
    return names


def _base(tmp_path: Path, request: pytest.FixtureRequest, **changes: object) -> Names:
    names = setup(tmp_path, request)
    made = changed(request.getfixturevalue("debian"), tmp_path / "base", **changes)
    return names | {"base": f"{BASE}@{made.digest}", "base_layout": str(made.layout), "base_digest": made.digest}


def ubuntu(tmp_path: Path, request: pytest.FixtureRequest) -> Names:
    return _base(tmp_path, request, files={"usr/lib/os-release": b'ID=ubuntu\nID_LIKE=debian\nVERSION_ID="26.04"\n'})


def debian_12(tmp_path: Path, request: pytest.FixtureRequest) -> Names:
    return _base(tmp_path, request, files={"usr/lib/os-release": b'ID=debian\nVERSION_ID="12"\n'})


def no_sources(tmp_path: Path, request: pytest.FixtureRequest) -> Names:
    return _base(tmp_path, request, files={"etc/apt/sources.list.d/debian.sources": b""})


def sources_that_are_down(tmp_path: Path, request: pytest.FixtureRequest) -> Names:
    address = f"http://127.0.0.1:{free_port()}/debian"
    sources = f"Types: deb\nURIs: {address}\nSuites: trixie\nComponents: main\n".encode()
    return _base(tmp_path, request, files={"etc/apt/sources.list.d/debian.sources": sources}) | {"address": address}


def base_for_arm64(tmp_path: Path, request: pytest.FixtureRequest) -> Names:
    return _base(tmp_path, request, top={"architecture": "arm64"})


def base_that_was_changed(tmp_path: Path, request: pytest.FixtureRequest) -> Names:
    names = setup(tmp_path, request)
    other = edited(Path(names["base_layout"]), tmp_path / "base", labels={"a": "b"})
    return names | {"base_layout": str(tmp_path / "base"), "other": other}


def size_of_the_base(tmp_path: Path, request: pytest.FixtureRequest) -> Names:
    """The layers over the base are small, but not nothing."""
    names = setup(tmp_path, request)
    made = Build(tmp_path, Path(names["cache"]), request.getfixturevalue("debian"), {"directory": str(tmp_path / "x")})
    return names | {"size": f"{made.run().answer['images'][0]['size'] / (1 << 20):.1f}"}


def registry_that_is_down(tmp_path: Path, request: pytest.FixtureRequest) -> Names:
    return setup(tmp_path, request) | {"address": f"127.0.0.1:{free_port()}"}


def _registry(tmp_path: Path, request: pytest.FixtureRequest, htpasswd: str | None = None) -> str:
    server = RegistryServer(tmp_path / "registry", htpasswd).start()
    request.addfinalizer(server.stop)
    return server.address


def registry(tmp_path: Path, request: pytest.FixtureRequest) -> Names:
    return setup(tmp_path, request) | {"address": _registry(tmp_path, request)}


def registry_with_a_password(tmp_path: Path, request: pytest.FixtureRequest) -> Names:
    return setup(tmp_path, request) | {"address": _registry(tmp_path, request, HTPASSWD)}


def tag_of_something_else(tmp_path: Path, request: pytest.FixtureRequest) -> Names:
    names = registry(tmp_path, request)
    edited(Path(names["base_layout"]), tmp_path / "else", labels={"org.opencontainers.image.revision": "0" * 40})
    copy = ["skopeo", "--insecure-policy", "copy", "-q", "--preserve-digests", "--dest-tls-verify=false"]
    status, _output, errors = execute([*copy, f"oci:{tmp_path}/else", f"docker://{names['address']}/app:1.2.3"], {})
    assert status == 0, errors
    return names


def account(tmp_path: Path, request: pytest.FixtureRequest) -> Names:
    emulator: Emulator = request.getfixturevalue("emulator")
    emulator.client("s3").create_bucket(
        Bucket="artifacts", CreateBucketConfiguration={"LocationConstraint": emulator.client("s3").meta.region_name}
    )
    return setup(tmp_path, request)

"""What the cases of bad_input_application_artifact.yml stand on."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.slipway.platform.plugins.module_utils._pipeline.application_artifact.run import Runner

from . import layouts
from .release import BUCKET, api_of, make_bucket, objects

OPTIONS: dict[str, Any] = {
    "bucket": BUCKET,
    "application": "app",
    "version": "1.2.3",
    "commit": layouts.COMMIT,
    "artifacts": [{"path": "{path}"}],
}
KEY = "applications/app/1.2.3/app-1.2.3-linux-amd64.tar.gz"
Names = dict[str, str]


def left(tmp_path: Path, names: Names) -> list[Any]:
    """Every object of the bucket, and private folders of the module."""
    private = Path(tempfile.gettempdir()).glob("ansible-moduletmp-*/application-artifact-*")
    return [*objects(), *sorted(str(path) for path in private)]


def setup(tmp_path: Path, request: pytest.FixtureRequest) -> Names:
    """A bucket and a good archive."""
    make_bucket(request.getfixturevalue("emulator"))
    return _names(tmp_path, layouts.artifact())


def _names(tmp_path: Path, archive: bytes) -> Names:
    path = tmp_path / "app.tar.gz"
    path.write_bytes(archive)
    sha256 = layouts.digest(archive).removeprefix("sha256:")
    return {"path": str(path), "folder": str(tmp_path), "commit": layouts.COMMIT, "sha256": sha256}


def _with(tmp_path: Path, request: pytest.FixtureRequest, archive: bytes) -> Names:
    setup(tmp_path, request)
    return _names(tmp_path, archive)


def the_archive_leads_out(tmp_path: Path, request: pytest.FixtureRequest) -> Names:
    return _with(tmp_path, request, layouts.packed({"../etc/passwd": b"x"}))


def the_archive_is_absolute(tmp_path: Path, request: pytest.FixtureRequest) -> Names:
    return _with(tmp_path, request, layouts.packed({"/etc/passwd": b"x"}))


def the_archive_is_setuid(tmp_path: Path, request: pytest.FixtureRequest) -> Names:
    return _with(tmp_path, request, layouts.packed({"bin/app": b"x"}, 0o4755))


def the_archive_is_empty(tmp_path: Path, request: pytest.FixtureRequest) -> Names:
    return _with(tmp_path, request, layouts.packed({}))


def the_archive_is_cut(tmp_path: Path, request: pytest.FixtureRequest) -> Names:
    return _with(tmp_path, request, layouts.artifact()[:-20])


def the_archive_is_text(tmp_path: Path, request: pytest.FixtureRequest) -> Names:
    return _with(tmp_path, request, b"hello")


def another_commit_has_claimed(tmp_path: Path, request: pytest.FixtureRequest) -> Names:
    return _run(setup(tmp_path, request), request, commit="f" * 40)


def the_commit_compiled_to_something_else(tmp_path: Path, request: pytest.FixtureRequest) -> Names:
    names = _run(setup(tmp_path, request), request)
    return {**names, "other": _names(tmp_path, layouts.artifact(b"another program"))["sha256"]}


def somebody_wrote_the_claim(tmp_path: Path, request: pytest.FixtureRequest) -> Names:
    return _put(setup(tmp_path, request), request, "applications/app/1.2.3/claim.json", b"mine")


def somebody_wrote_the_checksum(tmp_path: Path, request: pytest.FixtureRequest) -> Names:
    return _put(_run(setup(tmp_path, request), request), request, f"{KEY}.sha256", b"0000  app")


def _run(names: Names, request: pytest.FixtureRequest, **changed: Any) -> Names:
    options = {**OPTIONS, "artifacts": [{"path": names["path"]}], **changed}
    Runner(options, api_of(request.getfixturevalue("emulator")), check_mode=False).run()
    return names


def _put(names: Names, request: pytest.FixtureRequest, key: str, body: bytes) -> Names:
    request.getfixturevalue("emulator").client("s3").put_object(Bucket=BUCKET, Key=key, Body=body)
    return names

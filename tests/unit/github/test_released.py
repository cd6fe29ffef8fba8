"""Which releases are scanned again, and with whose credentials they are read."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.github.actions import program

released = program("released")


def keys(*names: str) -> list[str]:
    return [f"applications/app/{name}" for name in names]


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (1, ["1.10.0/release.json"]),
        (2, ["1.10.0/release.json", "1.9.0/release+r10.json"]),
        (9, ["1.10.0/release.json", "1.9.0/release+r10.json", "1.9.0-rc.1/release.json"]),
    ],
)
def test_the_newest_by_precedence_and_of_each_version_what_was_built_last(count: int, expected: list[str]) -> None:
    found = keys(
        "1.9.0/release.json",
        "1.9.0/release+r10.json",
        "1.9.0/release+r9.json",
        "1.9.0-rc.1/release.json",
        "1.10.0/release.json",
        "1.11.0/claim.json",
        "1.10.0/scans/sha256:abc/2026-01-31.json",
        "1.12.0/release.json.sha256",
    )
    assert released.newest(found, count) == keys(*expected)
    assert released.newest(found[::-1], count) == keys(*expected)


class Bucket:
    """A bucket with one claim and no release."""

    def get_paginator(self, operation: str) -> Bucket:
        return self

    def paginate(self, **arguments: str) -> list[dict[str, Any]]:
        assert arguments == {"Bucket": "demo", "Prefix": "applications/app/"}
        return [{"Contents": [{"Key": key} for key in keys("1.0.0/claim.json")]}, {}]


def test_an_application_without_releases_is_no_green_scan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"APPLICATION": "app", "BUCKET": "demo", "COUNT": "3", "DIRECTORY": str(tmp_path / "new")}
    for name, value in {**given, "REGISTRY": json.dumps(REGISTRY)}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(released.boto3, "client", lambda service: Bucket())
    with pytest.raises(SystemExit, match=r"^The bucket 'demo' holds no release of 'app'\.$"):
        released.main()
    assert not (tmp_path / "new/released.json").exists()


REGISTRY: dict[str, Any] = {"kind": "oci", "host": "registry.example.com", "repository": "app"}


def test_credentials_are_those_of_the_registry_and_of_where_it_is_spoken_to(tmp_path: Path) -> None:
    given = {**REGISTRY, "username": "robot", "password": "secret"}
    token = base64.b64encode(b"robot:secret").decode()
    assert released.authentication(given) == {"auths": {"registry.example.com": {"auth": token}}}
    there = released.authentication({**given, "endpoint": "127.0.0.1:5000"})
    assert list(there["auths"]) == ["127.0.0.1:5000"]
    file = tmp_path / "config.json"
    file.write_text(json.dumps(there))
    assert released.authentication({**REGISTRY, "authentication_file": str(file)}) == there
    assert released.authentication({**REGISTRY, "username": "", "password": ""}) == {"auths": {}}


def test_a_registry_of_ecr_is_read_with_the_roles_token(monkeypatch: pytest.MonkeyPatch) -> None:
    regions = []

    class Ecr:
        def get_authorization_token(self) -> dict[str, Any]:
            return {"authorizationData": [{"authorizationToken": "dG9rZW4="}]}

    def client(service: str, region_name: str) -> Ecr:
        regions.append((service, region_name))
        return Ecr()

    monkeypatch.setattr(released.boto3, "client", client)
    host = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
    found = released.authentication({"kind": "ecr", "host": host, "repository": "app"})
    assert found == {"auths": {host: {"auth": "dG9rZW4="}}}
    assert regions == [("ecr", "eu-west-1")]


def test_no_credentials_are_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[int, str]] = []

    def run(command: list[str], check: bool) -> None:
        file = Path(command[command.index("--authfile") + 1])
        seen.append((file.stat().st_mode & 0o777, file.read_text()))
        assert "secret" not in " ".join(command)
        raise OSError("no such program")

    monkeypatch.setattr(released.subprocess, "run", run)
    with pytest.raises(OSError, match="no such program"):
        released.copy({**REGISTRY, "username": "robot", "password": "secret"}, "sha256:abc", tmp_path / "1.0.0-amd64")
    assert [mode for mode, _ in seen] == [0o600]
    assert list(tmp_path.iterdir()) == []

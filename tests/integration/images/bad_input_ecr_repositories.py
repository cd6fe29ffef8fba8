"""What the cases of bad_input_ecr_repositories.yml stand on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import boto3
import pytest

from . import layouts

OPTIONS: dict[str, Any] = {"platform_name": "demo", "repositories": [{"name": "app", "encryption": "aes256"}]}
Names = dict[str, str]


def left(tmp_path: Path, names: Names) -> list[Any]:
    """Every repository."""
    described = boto3.client("ecr").describe_repositories()["repositories"]
    return [{key: value for key, value in entry.items() if key != "createdAt"} for entry in described]


def setup(tmp_path: Path, request: pytest.FixtureRequest) -> Names:
    """An empty account."""
    request.getfixturevalue("emulator")
    return {}


def _made(request: pytest.FixtureRequest, name: str, platform: str | None, **more: Any) -> dict[str, Any]:
    request.getfixturevalue("emulator")
    tags = [] if platform is None else [{"Key": "slipway:platform", "Value": platform}]
    made: dict[str, Any] = boto3.client("ecr").create_repository(repositoryName=name, tags=tags, **more)["repository"]
    return made


def somebody_elses_stands(tmp_path: Path, request: pytest.FixtureRequest) -> Names:
    _made(request, "demo/app", None)
    return {}


def another_platforms_stands(tmp_path: Path, request: pytest.FixtureRequest) -> Names:
    _made(request, "demo/app", "other")
    return {}


def one_with_images_stands(tmp_path: Path, request: pytest.FixtureRequest) -> Names:
    _made(request, "demo/old", "demo")
    manifest = json.dumps({"schemaVersion": 2, "mediaType": layouts.MANIFEST})
    boto3.client("ecr").put_image(repositoryName="demo/old", imageManifest=manifest, imageTag="1.0.0")
    return {}


def one_with_kms_stands(tmp_path: Path, request: pytest.FixtureRequest) -> Names:
    made = _made(request, "demo/app", "demo", encryptionConfiguration={"encryptionType": "KMS"})
    return {"key": str(made["encryptionConfiguration"]["kmsKey"])}

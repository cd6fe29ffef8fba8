"""A repository of its own with the example application: what its workflow builds is in the bucket."""

from __future__ import annotations

import hashlib
import io
import subprocess
import tarfile
from pathlib import Path

import pytest

from tests.integration.conftest import REGION, Emulator

from .github import ROOT, Repository, checkout, role

BUCKET = "demo-application"


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return checkout(tmp_path_factory.mktemp("collection"))


@pytest.fixture
def repository(emulator: Emulator, collection: Path, tmp_path: Path) -> Repository:
    emulator.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    role(emulator, "demo-build")
    variables = {
        "APPLICATION_BUCKET": BUCKET,
        "AWS_REGION": REGION,
        "AWS_ROLE": "arn:aws:iam::123456789012:role/demo-build",
    }
    found = Repository.of(ROOT / "examples/app", tmp_path / "app", collection, variables=variables)
    found.environment["AWS_ENDPOINT_URL"] = emulator.url
    found.commit("feat: greet")
    return found


def objects(emulator: Emulator) -> dict[str, bytes]:
    s3 = emulator.client("s3")
    keys = [entry["Key"] for entry in s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])]
    return {key: s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() for key in keys}


def test_a_push_leads_to_an_artifact_with_its_checksum(
    repository: Repository, emulator: Emulator, tmp_path: Path
) -> None:
    run = repository.act("push", "main.yml")
    assert run.passed, run.text
    found = objects(emulator)
    key = "applications/app/0.1.0/app-0.1.0-linux-amd64.tar.gz"
    assert sorted(found) == [key, f"{key}.sha256", key.replace(key.rsplit("/")[-1], "claim.json")]
    digest = hashlib.sha256(found[key]).hexdigest()
    assert found[f"{key}.sha256"].decode() == f"{digest}  {key.rsplit('/')[-1]}\n"
    with tarfile.open(fileobj=io.BytesIO(found[key])) as archive:
        assert sorted(archive.getnames()) == [".", "./bin", "./bin/app"]
        archive.extractall(tmp_path / "opt", filter="data")
    told = subprocess.run([tmp_path / "opt/bin/app", "--version"], capture_output=True, text=True, check=True)
    assert told.stdout == f"0.1.0 {repository.git('rev-parse', 'HEAD')}\n"
    assert repository.asked == ["arn:aws:iam::123456789012:role/demo-build in eu-west-1"]

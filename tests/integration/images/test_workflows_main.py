"""A repository of its own with the example application: what its main workflow builds, releases and refuses to."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import tarfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import tools
from sandbox.images import trivy_database
from sandbox.images.base_image import BaseImage
from tests.github.server import Github, serving
from tests.integration.conftest import REGION, Emulator

from .github import ROOT, Repository, checkout, role
from .release import PASSWORD

BUCKET = "demo-123456789012-eu-west-1-application"
FOLDER = "applications/app/0.1.0"
ARCHIVE = f"{FOLDER}/app-0.1.0-linux-amd64.tar.gz"


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return checkout(tmp_path_factory.mktemp("collection"))


@pytest.fixture
def github() -> Iterator[Github]:
    with serving(Github()) as fake:
        yield fake
        assert fake.violations == []


@pytest.fixture
def repository(emulator: Emulator, github: Github, collection: Path, tmp_path: Path) -> Repository:
    """With one commit that leads to 0.1.0, and a remote that the tag is pushed to."""
    emulator.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    variables = {"APPLICATION_BUCKET": BUCKET, "AWS_REGION": REGION}
    for name in ("build", "image"):
        role(emulator, f"demo-{name}")
        variables[f"AWS_{name.upper()}_ROLE"] = f"arn:aws:iam::123456789012:role/demo-{name}"
    found = Repository.of(ROOT / "examples/app", tmp_path / "app", collection, variables=variables)
    found.environment |= {"AWS_ENDPOINT_URL": emulator.url, "HOME": str(tmp_path)}
    found.github |= {"GITHUB_API_URL": github.url, "GITHUB_REPOSITORY": "octo-org/shop"}
    found.secrets |= {"GITHUB_TOKEN": "ghp_good", "SIGNING_PASSWORD": PASSWORD}
    found.commit("feat: greet")
    return found


def inventory(repository: Repository, base: BaseImage, registry: str, key: Path) -> None:
    """The inventory's own values: what the sandbox has in place of Debian's registry, Trivy's, ECR and KMS."""
    (repository.folder / "inventory/group_vars/all.yml").write_text(
        json.dumps(
            {
                "ansible_connection": "local",
                "ansible_python_interpreter": "{{ ansible_playbook_python }}",
                "platform_name": "demo",
                "platform_region": REGION,
                "platform_account_id": "123456789012",
                "image_build_base_image": f"debian@{base.digest}",
                "image_build_base_location": f"oci:{base.layout}",
                "image_build_ready_path": "/readyz",
                "image_build_trivy_database": str(trivy_database.prepare()),
                "image_build_registries": [{"kind": "oci", "host": registry, "repository": "app", "tls_verify": False}],
                "image_build_signing_key": str(key),
                "image_build_signing_key_password": "{{ lookup('ansible.builtin.env', 'SIGNING_PASSWORD') }}",
            }
        )
    )


def objects(emulator: Emulator) -> dict[str, bytes]:
    s3 = emulator.client("s3")
    keys = [entry["Key"] for entry in s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])]
    return {key: s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() for key in keys}


def test_a_push_leads_to_artifact_image_tag_and_release_notes(
    repository: Repository,
    emulator: Emulator,
    github: Github,
    debian: BaseImage,
    registry: str,
    key: Path,
    tmp_path: Path,
) -> None:
    repository.environment["PATH"] = str(tools.program("cosign").parent)
    inventory(repository, debian, registry, key)
    commit = repository.commit("chore: the sandbox's values")
    repository.remote(tmp_path / "app.git")
    run = repository.act("push", "main.yml")
    assert run.passed, run.text
    assert run.jobs == ["Build", "Image", "Release"]
    assert PASSWORD not in run.text

    found = objects(emulator)
    digest = hashlib.sha256(found[ARCHIVE]).hexdigest()
    assert found[f"{ARCHIVE}.sha256"].decode() == f"{digest}  {Path(ARCHIVE).name}\n"
    with tarfile.open(fileobj=io.BytesIO(found[ARCHIVE])) as archive:
        assert sorted(archive.getnames()) == [".", "./bin", "./bin/app"]
        archive.extractall(tmp_path / "opt", filter="data")
    told = subprocess.run([tmp_path / "opt/bin/app", "--version"], capture_output=True, text=True, check=True)
    assert told.stdout == f"0.1.0 {commit}\n"

    manifest = json.loads(found[f"{FOLDER}/release.json"])
    accepted = {"Accept": "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json"}
    asked = urllib.request.Request(f"http://{registry}/v2/app/manifests/0.1.0", headers=accepted)
    with urllib.request.urlopen(asked, timeout=10) as answer:
        pushed = answer.headers["Docker-Content-Digest"]
    assert pushed in json.dumps(manifest)

    assert repository.git("ls-remote", "--tags", "origin").split()[-1] == "refs/tags/v0.1.0^{}"
    (notes,) = github.state.repository.releases
    assert notes["tag_name"] == "v0.1.0"
    assert f"Image: `{registry}/app@{pushed}`" in notes["body"]
    assert repository.asked == [
        f"{repository.variables[f'AWS_{name}_ROLE']} in {REGION}" for name in ("BUILD", "IMAGE")
    ]

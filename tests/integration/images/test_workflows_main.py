"""A repository of its own with the example application: what its main workflow builds, releases and refuses to."""

from __future__ import annotations

import hashlib
import io
import json
import re
import shutil
import subprocess
import tarfile
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sandbox import tools
from sandbox.images import trivy_database
from sandbox.images.base_image import BaseImage
from tests.github.server import Github
from tests.integration.conftest import REGION, Emulator

from .github import ROOT, Repository, inventory, role
from .release import PASSWORD

BUCKET = "demo-123456789012-eu-west-1-application"
FOLDER = "applications/app/0.1.0"
ARCHIVE = f"{FOLDER}/app-0.1.0-linux-amd64.tar.gz"


@pytest.fixture
def repository(emulator: Emulator, fake_github: Github, collection: Path, tmp_path: Path) -> Repository:
    """With one commit that leads to 0.1.0, and a remote that the tag is pushed to."""
    emulator.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    ours = {"TagSet": [{"Key": "slipway:platform", "Value": "demo"}]}
    emulator.client("s3").put_bucket_tagging(Bucket=BUCKET, Tagging=ours)
    variables = {"APPLICATION_BUCKET": BUCKET, "AWS_REGION": REGION}
    for name in ("build", "image", "plan", "scan"):
        role(emulator, f"demo-{name}")
        variables[f"AWS_{name.upper()}_ROLE"] = f"arn:aws:iam::123456789012:role/demo-{name}"
    found = Repository.of(ROOT / "examples/app", tmp_path / "app", collection, variables=variables)
    found.environment["AWS_ENDPOINT_URL"] = emulator.url
    found.github |= {"GITHUB_API_URL": fake_github.url, "GITHUB_REPOSITORY": "octo-org/shop"}
    found.secrets |= {"GITHUB_TOKEN": "ghp_good", "SIGNING_PASSWORD": PASSWORD}
    found.commit("feat: greet")
    return found


def objects(emulator: Emulator) -> dict[str, bytes]:
    s3 = emulator.client("s3")
    keys = [entry["Key"] for entry in s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])]
    return {key: s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() for key in keys}


def test_a_push_leads_to_artifact_image_tag_and_release_notes(
    repository: Repository,
    emulator: Emulator,
    fake_github: Github,
    debian: BaseImage,
    registry: str,
    key: Path,
    tmp_path: Path,
) -> None:
    repository.environment["PATH"] = str(tools.program("cosign").parent)
    inventory(repository, debian, registry, str(key))
    commit = repository.commit("chore: the sandbox's values")
    repository.remote(tmp_path / "app.git")
    run = repository.act("push", "main.yml")
    assert run.passed, run.text
    assert list(run.jobs) == ["Version", "Test and compile", "Artifact", "Image", "Release"]
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
    (notes,) = fake_github.state.repository.releases
    assert notes["tag_name"] == "v0.1.0"
    assert f"Image: `{registry}/app@{pushed}`" in notes["body"]
    assert repository.asked == [
        f"{repository.variables[f'AWS_{name}_ROLE']} in {REGION}" for name in ("BUILD", "BUILD", "IMAGE")
    ]

    repository.git("fetch", "--quiet", "--tags", "origin")
    again = repository.act("push", "main.yml")
    assert again.jobs == dict.fromkeys(run.jobs, True), again.text
    assert objects(emulator) == found, "the same commit gives the same bytes, and nothing is written over"
    assert len(fake_github.state.repository.releases) == 1

    today = repository.act("workflow_dispatch", "drift.yml")
    assert today.jobs == {"Plan": False, "Scan": True}, today.text
    assert re.search(r"::error title=Drift::[1-9][0-9]* changes stand", today.text)
    assert "## Trivy gate: passed" in today.plain

    repository.environment["DATABASE"] = str(stale(tmp_path / "database"))
    later = repository.act("workflow_dispatch", "drift.yml")
    assert later.jobs == {"Plan": False, "Scan": False}, later.text
    (record,) = [key for key in objects(emulator) if key.startswith(f"{FOLDER}/scans/{pushed}/")]
    assert json.loads(objects(emulator)[record])["scan"]["verdict"] == "error"


def stale(folder: Path) -> Path:
    """The vulnerability database as it would be had nobody renewed it for a month."""
    shutil.copytree(trivy_database.prepare(), folder)
    metadata = json.loads((folder / "db/metadata.json").read_text())
    old = {name: f"{datetime.now(UTC) - timedelta(days=30):%Y-%m-%dT%H:%M:%SZ}" for name in ("UpdatedAt", "NextUpdate")}
    (folder / "db/metadata.json").write_text(json.dumps({**metadata, **old}))
    return folder


def test_a_failing_test_of_the_application_turns_the_run_red(repository: Repository, emulator: Emulator) -> None:
    service = repository.folder / "service.go"
    service.write_text(service.read_text().replace("Hello, ", "Good bye, "))
    repository.commit("feat: another greeting")
    run = repository.act("push", "main.yml")
    assert run.jobs == {"Version": True, "Test and compile": False}
    assert "--- FAIL: TestGreetingTellsVersionAndCommit" in run.text
    assert objects(emulator) == {}


SILENT = """\
test:
\t@! env | grep -oE '^(AWS_(ACCESS|SECRET|SESSION)|ACTIONS_|GITHUB_(ENV|OUTPUT|PATH|STATE|TOKEN)|NPM_TOKEN)'
build:
\t@$(MAKE) --no-print-directory test
\tmkdir -p '$(OUTPUT)/bin' && echo '$(VERSION) $(COMMIT) $(ARCHITECTURE) $(SOURCE_DATE_EPOCH)' >'$(OUTPUT)/bin/app'
"""


def test_a_version_that_is_claimed_is_passed_over_and_no_command_of_the_application_knows_a_credential(
    repository: Repository, emulator: Emulator
) -> None:
    (repository.folder / "Makefile").write_text(SILENT)
    commit = repository.commit("fix: a Makefile that looks around")
    claim = {"application": "app", "version": "0.1.0", "commit": "a" * 40}
    emulator.client("s3").put_object(Bucket=BUCKET, Key=f"{FOLDER}/claim.json", Body=json.dumps(claim).encode())
    repository.environment |= {"ACTIONS_ID_TOKEN_REQUEST_TOKEN": "a token", "ACTIONS_RUNTIME_TOKEN": "another"}
    repository.environment |= {"NPM_TOKEN": "one that nobody thought of"}
    run = repository.act("push", "main.yml", job="build")
    assert run.passed, run.text
    found = objects(emulator)
    (archive,) = [key for key in found if key.endswith(".tar.gz")]
    assert archive == "applications/app/0.2.0/app-0.2.0-linux-amd64.tar.gz"
    assert json.loads(found["applications/app/0.2.0/claim.json"])["commit"] == commit
    with tarfile.open(fileobj=io.BytesIO(found[archive])) as content:
        built = content.extractfile("./bin/app")
        assert built
        assert built.read().decode().split() == ["0.2.0", commit, "amd64", "1793613600"]


def test_other_archives_than_those_that_were_compiled_are_refused(
    repository: Repository, emulator: Emulator, tmp_path: Path
) -> None:
    """Somebody has put his own in the place where the jobs hand them on."""
    swapped = tmp_path / "swapped" / ARCHIVE
    swapped.parent.mkdir(parents=True)
    swapped.write_bytes(b"a back door")
    repository.environment["STAND_IN_SWAP"] = str(tmp_path / "swapped")
    run = repository.act("push", "main.yml", job="build")
    assert run.jobs == {"Version": True, "Test and compile": True, "Artifact": False}, run.text
    assert "::error title=Artifact::The archives are not those that were compiled." in run.text
    assert objects(emulator) == {}


def test_a_commit_that_leads_to_no_version_is_tested_and_nothing_else(
    repository: Repository, emulator: Emulator
) -> None:
    repository.git("tag", "v0.1.0")
    (repository.folder / "README.md").write_text("# app\n")
    repository.commit("docs: less")
    run = repository.act("push", "main.yml")
    assert run.passed, run.text
    assert run.jobs == {"Version": True, "Test and compile": True}
    assert "ok  \texample.com/app" in run.text
    assert objects(emulator) == {}

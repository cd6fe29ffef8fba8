"""image.yml as its users run it: the example's commit to a released image, in order, each run after the one before."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

from sandbox import screen
from sandbox.images import example, place
from sandbox.state import REGION, State

from ..conftest import Emulator
from ..site.plays import Run, play
from .registries import RegistryServer

BUCKET = f"demo-123456789012-{REGION}-application"
RELEASE = "applications/app/0.1.0/release.json"


@dataclass(frozen=True)
class Place:
    """A sandbox of pieces: the emulator, a registry, and what image.yml takes below a folder of its own."""

    emulator: Emulator
    registry: RegistryServer
    state: State
    path: str

    def play(self, *arguments: str, **variables: Any) -> Run:
        changed = {
            "SLIPWAY_SANDBOX": str(self.state.folder),
            "SLIPWAY_REGISTRY": self.registry.address,
            "PATH": self.path,
        }
        return play(self.emulator, "image.yml", *arguments, variables=variables, changed=changed)

    @property
    def objects(self) -> Any:
        return boto3.client("s3", endpoint_url=self.emulator.url, region_name=REGION)

    def stored(self) -> list[str]:
        listed = self.objects.list_objects_v2(Bucket=BUCKET, Prefix="applications/").get("Contents", [])
        return [entry["Key"] for entry in listed]

    def read(self, key: str) -> Any:
        return json.loads(self.objects.get_object(Bucket=BUCKET, Key=key)["Body"].read())

    def git(self, *arguments: str) -> str:
        return example.git(self.state.images / "app", *arguments)


@pytest.fixture(scope="module")
def place_of_images(running: Emulator, tmp_path_factory: pytest.TempPathFactory, sandbox_path: str) -> Iterator[Place]:
    running.inner("reset", "POST")
    running.set(profile="instant", control_planes=False, date=None)
    running.forget()
    state = State(tmp_path_factory.mktemp("sandbox"))
    assert place.prepare(state, print)
    server = RegistryServer(tmp_path_factory.mktemp("registry")).start()
    yield Place(running, server, state, sandbox_path)
    server.stop()


@pytest.fixture(scope="module")
def planned(place_of_images: Place) -> list[Any]:
    """The check run on an empty account, and that it wrote nothing."""
    run = place_of_images.play("--check").assert_good()
    assert place_of_images.emulator.writes() == []
    assert place_of_images.registry.writes() == []
    assert place_of_images.git("tag") == ""
    return run.changes()


@pytest.fixture(scope="module")
def first(place_of_images: Place, planned: list[Any]) -> Run:
    return place_of_images.play().assert_good()


def test_the_check_run_says_what_the_run_does(planned: list[Any], first: Run) -> None:
    """All but what hangs on the digest of the image, which a check run does not build."""
    done = [
        change
        for task, _, result in first.tasks
        if not task.endswith(("Scan and verdict", "Release"))
        for change in result.get("changes") or []
    ]
    assert json.dumps(planned) == json.dumps(done)
    assert {"claim", "artifact", "checksum", "image", "git_tag", "remote_tag"} <= {change["kind"] for change in done}


def test_a_commit_is_released(place_of_images: Place, first: Run) -> None:
    manifest = place_of_images.read(RELEASE)
    digest = manifest["digest"]
    assert manifest["commit"] == place_of_images.git("rev-parse", "HEAD")
    assert place_of_images.registry.tags("demo/app") == ["0.1.0", f"sha256-{digest.removeprefix('sha256:')}"]
    assert json.loads(place_of_images.registry.blob(digest).read_bytes())["schemaVersion"] == 2
    assert "applications/app/0.1.0/app-0.1.0-linux-amd64.tar.gz.sha256" in place_of_images.stored()
    assert place_of_images.git("ls-remote", "--tags", "origin").endswith("refs/tags/v0.1.0^{}")
    pasted = [result["msg"] for task, _, result in first.tasks if "paste" in task and "msg" in result][-1]
    address = place_of_images.registry.address
    pasted = pasted.splitlines()
    assert pasted[0] == f"# {address} stands in for 123456789012.dkr.ecr.{REGION}.amazonaws.com"
    assert pasted[1] == f"skopeo inspect --tls-verify=false docker://{address}/demo/app:0.1.0"


def test_again_nothing_changes(place_of_images: Place, first: Run) -> None:
    place_of_images.emulator.forget()
    before = place_of_images.registry.writes()
    run = place_of_images.play().assert_good()
    assert run.changes() == []
    assert run.changed() == 0
    assert place_of_images.emulator.writes() == []
    assert place_of_images.registry.writes() == before


def test_what_the_base_lacks_is_fixed_or_excepted(place_of_images: Place, first: Run) -> None:
    images = place_of_images.state.images
    report = json.loads((images / "build" / "scans" / "amd64" / "trivy-gate.json").read_text())
    excepted = {(entry["id"], entry["package"]) for entry in report["findings"] if entry["status"] == "excepted"}
    exceptions = json.loads((images / "policy.yml").read_text())["exceptions"]
    assert excepted == {(entry["id"], entry["package"]) for entry in exceptions} != set()
    assert len(report["findings"]) == len(excepted)
    in_base = screen.found(images / "base", place_of_images.state)
    assert sum(in_base.values()) > len(excepted)
    again = place_of_images.play().assert_good()
    assert "out of date" not in again.output, "what is held is nothing that a refresh would bring"


def test_a_release_that_was_cut_off_before_its_manifest_is_brought_to_its_end(
    place_of_images: Place, first: Run
) -> None:
    """What stands in the registry is taken from there: today's packages could give other bytes."""
    manifest = place_of_images.read(RELEASE)
    before = place_of_images.registry.referrers("demo/app", manifest["digest"])
    place_of_images.objects.delete_object(Bucket=BUCKET, Key=RELEASE)
    place_of_images.play().assert_good()
    assert place_of_images.read(RELEASE)["digest"] == manifest["digest"]
    assert place_of_images.registry.referrers("demo/app", manifest["digest"]) == before


def test_the_gate_stops_the_release(place_of_images: Place, first: Run, tmp_path: Path) -> None:
    """Nothing is pushed and nothing is tagged; the artifact stays, claimed by the commit."""
    (place_of_images.state.images / "app" / "NOTES").write_text("1\n")
    place_of_images.git("add", "NOTES")
    place_of_images.git("commit", "--quiet", "--message=fix: notes")
    (sentence,) = place_of_images.play().sentences
    assert sentence.startswith("The remote 'origin' has no commit ")
    assert not [key for key in place_of_images.stored() if key.startswith("applications/app/0.1.1/")]
    place_of_images.git("push", "--quiet")
    policy = tmp_path / "policy.yml"
    expires = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()
    matches_nothing = {"id": "CVE-2000-0001", "package": "none", "reason": "test", "owner": "us", "expires": expires}
    policy.write_text(json.dumps({"exceptions": [matches_nothing]}))
    before = place_of_images.registry.writes()
    place_of_images.emulator.forget()
    run = place_of_images.play(image_build_policy=str(policy), image_build_push=False)
    run.assert_good()  # what is not pushed is judged, and the verdict stops nothing
    assert "CVE-2000-0001" in run.output
    assert place_of_images.emulator.writes() == [], "what is not released claims no version"
    assert place_of_images.registry.writes() == before
    run = place_of_images.play(image_build_policy=str(policy))
    assert run.code == 2
    assert "CVE-2000-0001" in run.output
    assert place_of_images.registry.writes() == before
    assert place_of_images.git("tag") == "v0.1.0"
    assert not [key for key in place_of_images.stored() if key.startswith("applications/app/0.1.1/release")]


def test_a_fix_is_the_next_patch_version_on_the_same_first_layer(place_of_images: Place, first: Run) -> None:
    place_of_images.play().assert_good()
    one, two = (place_of_images.read(f"applications/app/{version}/release.json") for version in ("0.1.0", "0.1.1"))
    layers = [
        json.loads(place_of_images.registry.blob(manifest["digest"]).read_bytes())["layers"] for manifest in (one, two)
    ]
    assert [len(each) for each in layers] == [3, 3]
    assert layers[0][:2] == layers[1][:2]
    assert layers[0][2] != layers[1][2]
    assert place_of_images.git("tag") == "v0.1.0\nv0.1.1"


@pytest.mark.parametrize("push", [True, False], ids=["released", "only built"])
def test_a_commit_with_nothing_to_release_ends_well(place_of_images: Place, first: Run, push: bool) -> None:
    """One line says so; nothing is compiled, claimed or built."""
    place_of_images.git("commit", "--quiet", "--allow-empty", "--message=docs: more")
    place_of_images.git("push", "--quiet")
    place_of_images.emulator.forget()
    before, stored = place_of_images.registry.writes(), place_of_images.stored()
    run = place_of_images.play(image_build_push=push).assert_good()
    commit = place_of_images.git("rev-parse", "HEAD")
    told = [result["msg"] for task, _, result in run.tasks if task.endswith("Nothing to release")]
    assert told == [f"Commit {commit[:12]} has nothing to release: no commit since v0.1.1 leads to a new version."]
    ran = [task.rpartition("| ")[2] for task, _, result in run.tasks if not result.get("skipped")]
    assert not {"Compile and pack", "Claim of the version, and the artifact", "Image", "Release"}.intersection(ran)
    assert place_of_images.emulator.writes() == []
    assert (place_of_images.registry.writes(), place_of_images.stored()) == (before, stored)


def test_nodes_that_could_not_run_the_image(place_of_images: Place, first: Run) -> None:
    groups = [{"name": "graviton", "instance_types": ["m7g.large"]}]
    run = place_of_images.play("--check", nodegroups_groups=groups)
    assert run.sentences == ["image_build_architectures is ['amd64']; node groups run m7g.large, which needs arm64."]


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"image_build_tag_prefix": "v 1"}, "image_build_tag_prefix is 'v 1'; "),
        ({"image_build_application": "App"}, "image_build_application is 'App'; "),
    ],
)
def test_what_is_wrong_is_told_before_anything_is_compiled(
    place_of_images: Place, first: Run, variables: dict[str, str], sentence: str
) -> None:
    run = place_of_images.play(**variables)
    assert [text[: len(sentence)] for text in run.sentences] == [sentence]
    assert [task for task, _, _ in run.tasks if "alidat" not in task] == []


def test_repositories_in_ecr_go_with_the_platform(place_of_images: Place, first: Run) -> None:
    ecr = boto3.client("ecr", endpoint_url=place_of_images.emulator.url, region_name=REGION)
    assert ecr.describe_repositories()["repositories"][0]["repositoryName"] == "demo/app"
    gone = play(place_of_images.emulator, "destroy.yml", "-e", "destroy_confirm=demo", "--tags", "image_build")
    assert [(change["action"], change["name"]) for change in gone.assert_good().changes()] == [("delete", "demo/app")]
    assert ecr.describe_repositories()["repositories"] == []


@pytest.mark.parametrize("forked", [False, True], ids=["in process", "forked"])
def test_no_secret_shows(place_of_images: Place, first: Run, forked: bool) -> None:
    password = (place_of_images.state.images / "cosign.password").read_text()
    place_of_images.objects.delete_object(Bucket=BUCKET, Key="applications/app/0.1.1/release.json")
    run = place_of_images.play("-vvvv", "--diff", slipway_in_process=not forked)
    assert run.code == 0
    assert password not in run.output + run.errors


def test_what_was_made_for_a_run_is_gone(place_of_images: Place, first: Run) -> None:
    made = place_of_images.state.images / "build"
    assert [name for name in os.listdir(made) if name.startswith((".", "tmp"))] == []

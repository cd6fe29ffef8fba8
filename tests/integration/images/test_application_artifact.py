"""The module application_artifact on the emulated S3: claims, races, interruptions, and the way back."""

from __future__ import annotations

import hashlib
import json
import threading
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ansible_collections.slipway.platform.plugins.module_utils._aws.client import Api
from ansible_collections.slipway.platform.plugins.module_utils._aws.s3.objects import Objects
from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Impossible, Outcome, Refusal
from ansible_collections.slipway.platform.plugins.module_utils._pipeline.application_artifact import claims
from ansible_collections.slipway.platform.plugins.module_utils._pipeline.application_artifact.fetch import fetch, look
from ansible_collections.slipway.platform.plugins.module_utils._pipeline.application_artifact.run import Runner

from ..conftest import Emulator
from . import layouts
from .modules import run_module
from .release import BUCKET, api_of, make_bucket, objects

FOLDER = "applications/app/1.2.3/"
NAME = "app-1.2.3-linux-amd64.tar.gz"


class Artifact:
    """Version 1.2.3 of `app`, compiled."""

    def __init__(self, emulator: Emulator, folder: Path) -> None:
        make_bucket(emulator)
        self.emulator = emulator
        self.paths = {}
        for architecture in ("amd64", "arm64"):
            self.paths[architecture] = folder / f"{architecture}.tar.gz"
            self.paths[architecture].write_bytes(layouts.artifact(architecture.encode()))
        self.options: dict[str, Any] = {
            "bucket": BUCKET,
            "application": "app",
            "version": "1.2.3",
            "commit": layouts.COMMIT,
            "artifacts": [{"architecture": "amd64", "path": str(self.paths["amd64"])}],
        }

    def run(self, *, api: Api | None = None, check_mode: bool = False, **changed: Any) -> Outcome:
        return Runner({**self.options, **changed}, api or api_of(self.emulator), check_mode=check_mode).run()

    def writes(self) -> list[str]:
        return [call["operation"] for call in self.emulator.writes()]


@pytest.fixture
def artifact(emulator: Emulator, tmp_path: Path) -> Artifact:
    made = Artifact(emulator, tmp_path)
    emulator.forget()
    return made


def kinds(outcome: Outcome) -> list[str]:
    return [change["kind"] for change in outcome.plan.as_list()]


def test_a_life(artifact: Artifact) -> None:
    planned = artifact.run(check_mode=True)
    assert artifact.writes() == []
    done = artifact.run()
    assert done.plan == planned.plan
    assert done.answer == planned.answer
    assert kinds(done) == ["claim", "artifact", "checksum"]
    s3 = artifact.emulator.client("s3")
    sha256 = hashlib.sha256(artifact.paths["amd64"].read_bytes()).hexdigest()
    found = s3.get_object(Bucket=BUCKET, Key=FOLDER + NAME)
    assert found["Body"].read() == artifact.paths["amd64"].read_bytes()
    assert found["Metadata"] == {"sha256": sha256}
    assert s3.get_object(Bucket=BUCKET, Key=f"{FOLDER}{NAME}.sha256")["Body"].read() == f"{sha256}  {NAME}\n".encode()
    claim = json.loads(s3.get_object(Bucket=BUCKET, Key=f"{FOLDER}claim.json")["Body"].read())
    assert claim == {"application": "app", "version": "1.2.3", "commit": layouts.COMMIT}
    artifact.emulator.forget()
    assert kinds(artifact.run()) == []
    assert artifact.writes() == []
    more = [{"architecture": name, "path": str(path)} for name, path in artifact.paths.items()]
    assert kinds(artifact.run(artifacts=more)) == ["artifact", "checksum"]


def test_a_folder_holds_each_artifact_under_its_name_in_the_bucket(artifact: Artifact, tmp_path: Path) -> None:
    for architecture, path in artifact.paths.items():
        path.rename(tmp_path / f"app-1.2.3-linux-{architecture}.tar.gz")
    made = artifact.run(artifacts=[], directory=str(tmp_path), architectures=["arm64", "amd64"])
    assert [entry["architecture"] for entry in made.answer["artifacts"]] == ["arm64", "amd64"]
    assert (
        look(Objects(api_of(artifact.emulator), BUCKET), "app", "1.2.3", "arm64").sha256
        == made.answer["artifacts"][0]["sha256"]
    )
    with pytest.raises(Refusal, match="either artifacts or directory is needed"):
        artifact.run(directory=str(tmp_path))
    with pytest.raises(Refusal, match=r"directory is '.*app-2.0.0-linux-amd64.tar.gz'; it cannot be read"):
        artifact.run(artifacts=[], directory=str(tmp_path), version="2.0.0")


def test_what_a_commit_has_claimed_itself_is_left_out(artifact: Artifact) -> None:
    artifact.run()
    artifact.run(version="1.3.0", commit=40 * "b")
    asked = {**dict.fromkeys(claims.OPTIONS), "bucket": BUCKET, "application": "app"}
    api = api_of(artifact.emulator)
    assert [claim["version"] for claim in claims.read(asked, api)] == ["1.2.3", "1.3.0"]
    assert [claim["version"] for claim in claims.read({**asked, "except_commit": layouts.COMMIT}, api)] == ["1.3.0"]


def test_every_write_is_conditional_and_carries_its_checksum(artifact: Artifact, monkeypatch: Any) -> None:
    """What the bucket's owner can enforce by policy (s3:if-none-match), and S3 compares."""
    api = api_of(artifact.emulator)
    seen: list[dict[str, Any]] = []
    put = api.s3.put_object
    monkeypatch.setattr(api.s3, "put_object", lambda **how: seen.append(how) or put(**how))
    artifact.run(api=api)
    assert [how["IfNoneMatch"] for how in seen] == ["*"] * 3
    assert all(how["ChecksumSHA256"] for how in seen)


@pytest.mark.parametrize("left", [1, 2])
def test_what_an_interrupted_run_left_out_is_written(artifact: Artifact, monkeypatch: Any, left: int) -> None:
    api = api_of(artifact.emulator)
    put, count = api.s3.put_object, 0

    def interrupted(**how: Any) -> Any:
        nonlocal count
        count += 1
        if count > left:
            raise KeyboardInterrupt
        return put(**how)

    monkeypatch.setattr(api.s3, "put_object", interrupted)
    with pytest.raises(KeyboardInterrupt):
        artifact.run(api=api)
    assert len(objects()) == left
    assert kinds(artifact.run()) == ["claim", "artifact", "checksum"][left:]
    assert kinds(artifact.run()) == []


def test_of_two_commits_that_want_one_version_one_gets_it(artifact: Artifact, tmp_path: Path) -> None:
    """Both look before either writes, as two merges in a row may."""
    barrier = threading.Barrier(2)
    answers: dict[str, str] = {}

    def build(commit: str) -> None:
        api = api_of(artifact.emulator)
        path = tmp_path / f"{commit[0]}.tar.gz"
        path.write_bytes(layouts.artifact(commit.encode()))
        put = api.s3.put_object

        def together(**how: Any) -> Any:
            if how["Key"].endswith("claim.json"):
                barrier.wait(10)
            return put(**how)

        api.s3.put_object = together
        try:
            artifact.run(api=api, commit=commit, artifacts=[{"path": str(path)}])
            answers[commit] = "has it"
        except Impossible as error:
            answers[commit] = str(error)

    commits = ["a" * 40, "b" * 40]
    threads = [threading.Thread(target=build, args=(commit,)) for commit in commits]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    (winner,) = [commit for commit, answer in answers.items() if answer == "has it"]
    (loser,) = set(commits) - {winner}
    assert answers[loser] == (
        f"Version 1.2.3 of 'app' is claimed by commit {winner}, not by {loser}; compute the version anew with it in "
        "claimed_versions."
    )
    assert look(Objects(api_of(artifact.emulator), BUCKET), "app", "1.2.3", "amd64").commit == winner


def test_a_write_whose_answer_was_lost_is_found(artifact: Artifact, monkeypatch: Any) -> None:
    """A retry of a write that went well meets its own object."""
    api = api_of(artifact.emulator)
    put = api.s3.put_object

    def twice(**how: Any) -> Any:
        put(**how)
        return put(**how)

    monkeypatch.setattr(api.s3, "put_object", twice)
    assert kinds(artifact.run(api=api)) == ["claim", "artifact", "checksum"]


def test_in_bad_weather(artifact: Artifact) -> None:
    artifact.emulator.set(throttle_share=0.2, error_share=0.05, seed=1)
    artifact.run()
    assert kinds(artifact.run()) == []


def test_the_way_back(artifact: Artifact, tmp_path: Path) -> None:
    artifact.run()
    store = Objects(api_of(artifact.emulator), BUCKET)
    found = look(store, "app", "1.2.3", "amd64")
    assert (found.key, found.commit) == (FOLDER + NAME, layouts.COMMIT)
    fetch(store, found, tmp_path / "fetched")
    assert (tmp_path / "fetched").read_bytes() == artifact.paths["amd64"].read_bytes()
    with pytest.raises(FileExistsError):
        fetch(store, found, tmp_path / "fetched")


def test_another_body_is_not_fetched(artifact: Artifact, tmp_path: Path) -> None:
    artifact.run()
    store = Objects(api_of(artifact.emulator), BUCKET)
    found = look(store, "app", "1.2.3", "amd64")
    body = layouts.artifact(b"evil")
    artifact.emulator.client("s3").put_object(
        Bucket=BUCKET, Key=found.key, Body=body, Metadata={"sha256": found.sha256}, ChecksumAlgorithm="SHA256"
    )
    other = hashlib.sha256(body).hexdigest()
    with pytest.raises(Impossible) as impossible:
        fetch(store, found, tmp_path / "fetched")
    assert str(impossible.value) == f"The artifact '{found.key}' has SHA-256 {other}, not {found.sha256}."
    assert not (tmp_path / "fetched").exists()
    with pytest.raises(Impossible) as impossible:
        look(store, "app", "1.2.3", "amd64")
    assert str(impossible.value) == (
        f"The artifact '{found.key}' has SHA-256 {other}, but '{found.key}.sha256' says {found.sha256}."
    )


def test_through_the_module(artifact: Artifact, capsys: pytest.CaptureFixture[str]) -> None:
    result = run_module("application_artifact", artifact.options, capsys)
    assert (result["failed"], result["changed"]) == (False, True)
    assert result["artifacts"][0]["key"] == FOLDER + NAME
    assert f"+   create artifact '{FOLDER}{NAME}'\n" in result["diff"]["prepared"]
    assert run_module("application_artifact", artifact.options, capsys)["changed"] is False


def test_without_permission_it_says_who_lacks_what(artifact: Artifact, monkeypatch: Any) -> None:
    api = api_of(artifact.emulator)

    def denied(**_how: Any) -> Any:
        raise ClientError({"Error": {"Code": "403", "Message": "Forbidden"}}, "HeadBucket")

    monkeypatch.setattr(api.s3, "head_bucket", denied)
    with pytest.raises(Impossible, match="is not open to the caller, or is of another region"):
        artifact.run(api=api)

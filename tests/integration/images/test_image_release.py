"""A release of a small image: registries on loopback ports, the emulated bucket, and cosign as witnesses."""

from __future__ import annotations

import base64
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Impossible

from ..conftest import Emulator
from .registries import RegistryServer
from .release import BUCKET, Release, cosign, registry, verdict

ARTIFACTS = ["app-1.2.3-linux-amd64.tar.gz", "app-1.2.3-linux-amd64.tar.gz.sha256", "claim.json"]
BILLS = ["app-1.2.3-linux-amd64.cdx.json", "app-1.2.3-linux-amd64.spdx.json"]
KINDS = ["image", "attestation", "attestation", "attestation", "signature", "sbom", "sbom", "release_manifest"]


def verify(release: Release, server: RegistryServer, digest: str) -> subprocess.CompletedProcess[str]:
    public = str(release.key.with_suffix(".pub"))
    return cosign("verify", "--key", public, "--insecure-ignore-tlog", f"{server.address}/team/app@{digest}")


def statements(release: Release, server: RegistryServer, digest: str, kind: str) -> list[dict[str, Any]]:
    """What cosign finds attested of one type."""
    public = str(release.key.with_suffix(".pub"))
    reference = f"{server.address}/team/app@{digest}"
    done = cosign("verify-attestation", "--key", public, "--insecure-ignore-tlog", "--type", kind, reference)
    return [json.loads(base64.b64decode(json.loads(line)["payload"])) for line in done.stdout.splitlines() if line]


def test_a_life(release: Release, first: RegistryServer) -> None:
    planned = release.run(check_mode=True)
    assert (first.writes(), release.objects()) == ([], sorted(ARTIFACTS))
    done = release.run()
    assert json.dumps(done.plan.as_list()) == json.dumps(planned.plan.as_list())
    assert [change["kind"] for change in done.plan.as_list()] == KINDS
    image = release.images[0]["digest"]
    pushed = done.plan.as_list()[KINDS.index("image")]
    assert pushed["name"] == f"{first.address}/team/app:1.2.3"
    assert pushed["fields"] == [{"path": "digest", "before": None, "after": image}]
    assert release.objects() == sorted([*ARTIFACTS, *BILLS, "release.json"])
    assert json.loads(release.body("release.json")) == done.answer["manifest"] == planned.answer["manifest"]
    assert first.blob(image).read_bytes() == Path(release.images[0]["layout"], "blobs", *image.split(":")).read_bytes()
    assert verify(release, first, image).returncode == 0
    before = first.tags("team/app"), release.body("release.json"), len(first.writes())
    again = release.run(day="2026-02-02")
    assert again.plan.as_list() == []
    assert (first.tags("team/app"), release.body("release.json"), len(first.writes())) == before


def test_what_is_attested(release: Release, first: RegistryServer) -> None:
    done = release.run()
    image = release.images[0]["digest"]
    (spdx,) = statements(release, first, image, "spdxjson")
    assert spdx["predicate"] == json.loads(release.body("app-1.2.3-linux-amd64.spdx.json"))
    (cyclonedx,) = statements(release, first, image, "cyclonedx")
    assert cyclonedx["predicate"] == json.loads(release.body("app-1.2.3-linux-amd64.cdx.json"))
    (provenance,) = statements(release, first, image, "slsaprovenance1")
    for statement in (spdx, cyclonedx, provenance):
        assert [subject["digest"]["sha256"] for subject in statement["subject"]] == [image.removeprefix("sha256:")]
    definition = provenance["predicate"]["buildDefinition"]
    artifact = release.options["artifacts"][0]
    assert definition["externalParameters"]["commit"] == release.options["commit"]
    assert definition["resolvedDependencies"] == [
        {
            "uri": f"git+https://git.example/app@{release.options['commit']}",
            "digest": {"gitCommit": release.options["commit"]},
        },
        {"uri": f"s3://{BUCKET}/{artifact['key']}", "digest": {"sha256": artifact["sha256"]}},
        {"uri": "oci:debian:13-slim", "digest": {"sha256": "b" * 64}},
    ]
    assert done.answer["manifest"]["images"][0]["sboms"]["spdx"]["sha256"]


def test_the_printed_commands_work(release: Release, first: RegistryServer, sandbox_path: str) -> None:
    inspect, verification = release.run().answer["commands"]
    for command in (inspect, verification):
        done = subprocess.run(
            ["bash", "-c", command], env={"PATH": sandbox_path}, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
    assert inspect == f"skopeo inspect --tls-verify=false docker://{first.address}/team/app:1.2.3"


def test_the_printed_commands_work_without_a_file_of_the_public_key(
    release: Release, sandbox_path: str, tmp_path: Path
) -> None:
    alone = tmp_path / "alone.key"
    alone.write_bytes(release.key.read_bytes())
    _, command = release.run(signing_key=str(alone)).answer["commands"]
    done = subprocess.run(["bash", "-c", command], env={"PATH": sandbox_path}, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def test_another_key_does_not_verify(release: Release, first: RegistryServer, other_key: Path) -> None:
    release.run()
    release.key = other_key
    done = verify(release, first, release.images[0]["digest"])
    assert done.returncode != 0
    assert "could not verify" in done.stderr or "no matching" in done.stderr


@pytest.fixture
def both(emulator: Emulator, tmp_path: Path, key: Path, first: RegistryServer) -> Release:
    return Release(emulator, tmp_path, key, [first], "arm64", "amd64")


def test_two_architectures_stand_under_one_index(both: Release, first: RegistryServer) -> None:
    done = both.run()
    index = json.loads(first.blob(done.answer["digest"]).read_bytes())
    assert [(entry["platform"]["architecture"], entry["digest"]) for entry in index["manifests"]] == sorted(
        (image["architecture"], image["digest"]) for image in both.images
    )
    signatures = [f"sha256-{digest.removeprefix('sha256:')}" for digest in _digests(both, done.answer["digest"])]
    tags = ["1.2.3", "1.2.3_linux-amd64", "1.2.3_linux-arm64", *signatures]
    assert first.tags("team/app") == sorted(tags)
    for digest in _digests(both, done.answer["digest"]):
        assert verify(both, first, digest).returncode == 0
        assert len(statements(both, first, digest, "slsaprovenance1")) == 1
    for image in both.images:
        (bill,) = statements(both, first, image["digest"], "spdxjson")
        assert f"linux-{image['architecture']}" in bill["predicate"]["name"]
    assert both.run().plan.as_list() == []
    assert {image["architecture"] for image in done.answer["manifest"]["images"]} == {"amd64", "arm64"}


def _digests(release: Release, index: str) -> list[str]:
    return [index, *(image["digest"] for image in release.images)]


def test_the_order_in_which_architectures_are_given_is_no_difference(both: Release) -> None:
    planned = both.run(check_mode=True)
    swapped = {name: both.options[name][::-1] for name in ("images", "artifacts", "verdicts")}
    assert both.run(check_mode=True, **swapped).plan == planned.plan


def test_a_registry_that_speaks_under_another_name(release: Release, first: RegistryServer) -> None:
    """As the sandbox's registry does for one that is not there."""
    given = registry(first, kind="quay", host="quay.io", endpoint=first.address)
    done = release.run(registries=[given])
    assert done.answer["references"] == [f"quay.io/team/app@{done.answer['digest']}"]
    assert first.tags("team/app")[0] == "1.2.3"
    (recorded,) = done.answer["manifest"]["registries"]
    assert (recorded["host"], recorded["endpoint"]) == ("quay.io", first.address)
    said, inspect, _ = done.answer["commands"]
    assert said == f"# {first.address} stands in for quay.io"
    assert inspect.endswith(f"docker://{first.address}/team/app:1.2.3")


def test_a_rebuilt_version_has_a_manifest_of_its_own(release: Release, first: RegistryServer) -> None:
    release.run()
    labels = {
        "org.opencontainers.image.version": "1.2.3+r1",
        "org.opencontainers.image.revision": release.options["commit"],
        "io.slipway.artifact.sha256": release.options["artifacts"][0]["sha256"],
    }
    image = release.image(release.folder / "rebuilt", "amd64", labels, b"newer")
    rebuilt = {"version": "1.2.3+r1", "images": [image], "verdicts": [verdict(image)]}
    assert [change["kind"] for change in release.run(**rebuilt).plan.as_list()] == KINDS
    assert "1.2.3_r1" in first.tags("team/app")
    assert {"release.json", "release+r1.json", "app-1.2.3+r1-linux-amd64.spdx.json"} <= set(release.objects())
    assert release.run(**rebuilt).plan.as_list() == []


def test_a_release_is_never_changed(release: Release, first: RegistryServer, second: RegistryServer) -> None:
    release.run()
    for changed, name in (
        ({"registries": [registry(first), registry(second)]}, "registries"),
        ({"base": {**release.options["base"], "release": "12"}}, "base"),
        ({"source": "https://elsewhere.example/app"}, "source"),
    ):
        with pytest.raises(Impossible) as impossible:
            release.run(**changed)
        assert str(impossible.value) == (
            f"Version 1.2.3 of 'app' is released already, with another {name}; a release is never changed, "
            "so give it a new version."
        )
    assert second.writes() == []


def test_later_scans_are_recorded_by_their_day(release: Release) -> None:
    release.run()
    image = release.images[0]
    scans = f"scans/{image['digest']}/"
    worse = verdict(image, verdict="failed", counts={"HIGH": 1}, reasons=["a finding"])
    only = {"state": "scanned", "verdicts": [worse]}
    planned = release.run(check_mode=True, day="2026-02-03", **only).plan.as_list()
    done = release.run(day="2026-02-03", **only)
    assert done.plan.as_list() == planned
    assert [change["kind"] for change in planned] == ["scan_record"]
    record = json.loads(release.body(f"{scans}2026-02-03.json"))
    assert (record["digest"], record["date"]) == (image["digest"], "2026-02-03")
    assert record["scan"] == {name: worse[name] for name in record["scan"]}
    assert record["scan"]["verdict"] == "failed"
    assert release.run(day="2026-02-04", **only).plan.as_list() == [], "what is known is not recorded again"
    better = {"state": "scanned", "verdicts": release.verdicts}
    assert release.run(day="2026-02-03", **better).plan.as_list()
    assert release.run(day="2026-02-10", **only).plan.as_list()
    names = ["2026-02-03-2.json", "2026-02-03.json", "2026-02-10.json"]
    assert [key.removeprefix(scans) for key in release.objects() if key.startswith(scans)] == names
    (change,) = release.run(day="2026-02-11").plan.as_list()
    assert change["kind"] == "scan_record", "a release that is run again records what the scan before it found"
    assert json.loads(release.body("release.json"))["images"][0]["scan"]["verdict"] == "passed"


def test_scans_of_what_is_not_released_are_refused(release: Release) -> None:
    only = {"state": "scanned", "verdicts": release.verdicts}
    with pytest.raises(Impossible, match=r"is not released: 'applications/app/1\.2\.3/release\.json' does not exist\."):
        release.run(**only)
    release.run()
    other = f"sha256:{'0' * 64}"
    with pytest.raises(Impossible, match=f"Version 1.2.3 of 'app' has no image {other}, only sha256:"):
        release.run(state="scanned", verdicts=[{**release.verdicts[0], "digest": other}])

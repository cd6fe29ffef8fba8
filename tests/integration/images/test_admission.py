"""Kyverno, as its command line, judges pods by the policy that image_release returns."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from sandbox import tools

from .registries import RegistryServer, execute
from .release import Release
from .test_image_release_registries import refused


def admitted(release: Release, policy: dict[str, Any], *images: str, init: str | None = None) -> str:
    """Result of a pod with these images: "Pass", or what Kyverno makes of it otherwise."""
    containers = [{"name": f"c{number}", "image": image} for number, image in enumerate(images)]
    spec: dict[str, Any] = {"containers": containers}
    if init is not None:
        spec["initContainers"] = [{"name": "init", "image": init}]
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "pod", "namespace": "default"}, "spec": spec}
    files = {"policy": policy, "pod": pod}
    for name, content in files.items():
        (release.folder / f"{name}.yml").write_text(json.dumps(content))
    command = [
        str(tools.program("kyverno")),
        "apply",
        str(release.folder / "policy.yml"),
        f"--resource={release.folder / 'pod.yml'}",
        "--registry",
        "--remove-color",
        "--table",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    row = next(line for line in done.stdout.splitlines() if "default/Pod/pod" in line)
    result = row.split("│")[5].strip()
    assert (result == "Pass") == (done.returncode == 0)
    return result


@pytest.fixture
def unsigned(release: Release, first: RegistryServer) -> str:
    """The very same image, in a repository in which nobody has signed it."""
    source, target = f"oci:{release.images[0]['layout']}", f"docker://{first.address}/team/app-unsigned:1.2.3"
    how = ["--dest-tls-verify=false", "--preserve-digests"]
    assert execute(["skopeo", "copy", *how, source, target], {})[0] == 0
    return f"{first.address}/team/app-unsigned@{release.images[0]['digest']}"


def test_the_released_digest_is_admitted_and_the_same_image_unsigned_is_not(
    release: Release, first: RegistryServer, unsigned: str
) -> None:
    done = release.run()
    policy, (reference,) = done.answer["admission_policy"], done.answer["references"]
    assert admitted(release, policy, reference) == "Pass"
    assert admitted(release, policy, f"{first.address}/team/app:1.2.3") == "Fail", "a tag is no digest"
    wider = json.loads(json.dumps(policy).replace("/team/app", "/team/app-unsigned"))
    assert admitted(release, wider, unsigned) == "Fail"
    assert admitted(release, wider, reference, init=unsigned) == "Fail"


def test_a_release_by_another_key_is_not_admitted(release: Release, other_key: Any) -> None:
    reference = release.run().answer["references"][0]
    planned = refused(release, signing_key=str(other_key))
    assert planned.endswith("with another public_key; a release is never changed, so give it a new version.")
    theirs = other_key.with_suffix(".pub").read_text()
    policy = release.run().answer["admission_policy"]
    policy["spec"]["attestors"][0]["cosign"]["key"]["data"] = theirs
    assert admitted(release, policy, reference) == "Fail"


def test_an_image_without_provenance_is_not_admitted(release: Release) -> None:
    """One that somebody has signed by hand with the key of releases."""

    def without(command: Any, environment: Any) -> tuple[int, bytes, bytes]:
        provenance = "attest" in command and "slsaprovenance1" in command
        return (0, b"", b"") if provenance else execute(command, environment)

    policy = release.run(check_mode=True).answer["admission_policy"]
    assert refused(release, execute=without).startswith("Everything was made, but attestation 'provenance of ")
    reference = f"{release.servers[0].address}/team/app@{release.images[0]['digest']}"
    assert admitted(release, policy, reference) == "Fail"
    release.run()
    assert admitted(release, policy, reference) == "Pass"

"""Kyverno, as its command line, judges pods by the policy that image_release returns."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from ansible_collections.slipway.platform.plugins.module_utils._oci.registries import Registry
from ansible_collections.slipway.platform.plugins.module_utils._pipeline.image_release.admission import admission_policy
from ansible_collections.slipway.platform.plugins.module_utils._pipeline.image_release.options import Spec
from sandbox import tools

from .registries import RegistryServer, execute
from .release import Release
from .test_image_release_registries import refused


def judged(folder: Path, policy: dict[str, Any], pods: list[dict[str, Any]]) -> list[str]:
    """Result of each pod, by its `spec`: "Pass", or what Kyverno makes of it otherwise."""
    items = [
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": f"pod{number}", "namespace": "default"}, "spec": spec}
        for number, spec in enumerate(pods)
    ]
    (folder / "policy.yml").write_text(json.dumps(policy))
    (folder / "pods.yml").write_text("\n---\n".join(json.dumps(item) for item in items))
    command = [
        str(tools.program("kyverno")),
        "apply",
        str(folder / "policy.yml"),
        f"--resource={folder / 'pods.yml'}",
        "--registry",
        "--remove-color",
        "--table",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    rows = [[cell.strip() for cell in line.split("│")] for line in done.stdout.splitlines()]
    results = [next(row[5] for row in rows if f"default/Pod/pod{number}" in row) for number in range(len(items))]
    assert ({*results} == {"Pass"}) == (done.returncode == 0)
    return results


def pod(*images: str, **more: str) -> dict[str, Any]:
    """`spec` of a pod with containers of these images, and one of another kind, by its field, with its image."""
    containers = [{"name": f"c{number}", "image": image} for number, image in enumerate(images)]
    return {"containers": containers, **{key: [{"name": "more", "image": image}] for key, image in more.items()}}


def admitted(release: Release, policy: dict[str, Any], *images: str, init: str | None = None) -> str:
    """Result of a pod with these images."""
    return judged(release.folder, policy, [pod(*images, **({} if init is None else {"initContainers": init}))])[0]


def policy_for(key: Path, host: str, repository: str) -> dict[str, Any]:
    registries = (Registry("oci", host, repository, host),)
    spec = SimpleNamespace(application="app", registries=registries, signing=SimpleNamespace(config=None))
    return cast(dict[str, Any], admission_policy(cast(Spec, spec), key.with_suffix(".pub").read_text()))


@pytest.mark.parametrize(
    ("host", "repository", "names", "others"),
    [
        (
            "docker.io",
            "library/app",
            [
                *("app", "library/app", "docker.io/app", "docker.io/library/app", "index.docker.io/app"),
                *("index.docker.io/library/app", "registry-1.docker.io/library/app", "docker.io:443/library/app"),
            ],
            ["app2", "team/app", "quay.io/library/app"],
        ),
        ("docker.io", "team/app", ["team/app", "docker.io/team/app", "index.docker.io/team/app"], ["app"]),
        ("quay.io", "team/app", ["quay.io/team/app", "QUAY.io/team/app", "quay.io:443/team/app"], ["team/app"]),
        (
            "123456789012.dkr.ecr.eu-west-1.amazonaws.com",
            "app",
            ["123456789012.dkr.ecr.eu-west-1.amazonaws.com/app", "123456789012.dkr-ecr.eu-west-1.on.aws/app"],
            ["123456789012.dkr.ecr.eu-west-2.amazonaws.com/app", "app"],
        ),
    ],
)
def test_every_spelling_of_an_image_is_judged(
    tmp_path: Path, other_key: Path, host: str, repository: str, names: list[str], others: list[str]
) -> None:
    """None has a digest, so what the policy knows is refused; what it does not know passes."""
    policy = policy_for(other_key, host, repository)
    spelled = [name + end for name in names for end in ("", ":1.2.3")]
    results = judged(tmp_path, policy, [pod(image) for image in [*spelled, *others]])
    assert dict(zip([*spelled, *others], results, strict=True)) == {
        **dict.fromkeys(spelled, "Fail"),
        **dict.fromkeys(others, "Pass"),
    }


def test_every_kind_of_container_is_judged(tmp_path: Path, other_key: Path) -> None:
    """Kyverno's command line knows no requests of `kubectl debug`; the rule that sends them to it is compared."""
    policy = policy_for(other_key, "quay.io", "team/app")
    free, ours = "example.org/x", "quay.io/team/app"
    kinds = ("initContainers", "ephemeralContainers")
    results = judged(tmp_path, policy, [pod(free), pod(ours), *(pod(free, **{kind: ours}) for kind in kinds)])
    assert results == ["Pass", "Fail", "Fail", "Fail"]
    (rule,) = policy["spec"]["matchConstraints"]["resourceRules"]
    assert rule["resources"] == ["pods", "pods/ephemeralcontainers"]
    assert rule["operations"] == ["CREATE", "UPDATE"]


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
    assert admitted(release, policy, reference.replace("@", ":1.2.3@")) == "Pass", "a digest beside a tag is one"
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

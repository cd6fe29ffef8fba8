"""Keys, signatures and attestations of a release, with cosign as witness."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Impossible

from ..conftest import REGION
from .registries import RegistryServer, execute
from .release import PASSWORD, Release, cosign
from .test_image_release import KINDS, statements, verify
from .test_image_release_registries import kinds, refused


@pytest.fixture
def kms_key(release: Release, monkeypatch: pytest.MonkeyPatch) -> str:
    """A key of the emulated KMS, by its alias; cosign takes credentials and endpoint from the environment."""
    kms = release.emulator.client("kms")
    made = kms.create_key(KeyUsage="SIGN_VERIFY", KeySpec="ECC_NIST_P256")["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/demo-signing", TargetKeyId=made)
    monkeypatch.setenv("AWS_REGION", REGION)
    return "awskms:///alias/demo-signing"


def test_a_key_of_kms(release: Release, first: RegistryServer, kms_key: str) -> None:
    release.emulator.forget()
    planned = release.run(check_mode=True, signing_key=kms_key, signing_key_password=None)
    assert release.emulator.writes() == []
    done = release.run(signing_key=kms_key, signing_key_password=None)
    assert done.plan == planned.plan
    reference = f"{first.address}/team/app@{done.answer['digest']}"
    assert cosign("verify", "--key", kms_key, "--insecure-ignore-tlog", reference).returncode == 0
    assert done.answer["commands"][1] == f"cosign verify --key {kms_key} --insecure-ignore-tlog {reference}"
    assert "BEGIN PUBLIC KEY" in done.answer["manifest"]["public_key"]
    assert kinds(release.run(signing_key=kms_key, signing_key_password=None)) == []


def test_signatures_of_others_are_none(release: Release, first: RegistryServer, other_key: Path) -> None:
    """An image that somebody else has pushed and signed is signed by us, and theirs stays."""
    image = release.images[0]
    copy = ["skopeo", "copy", "--dest-tls-verify=false", "--preserve-digests"]
    assert execute([*copy, f"oci:{image['layout']}", f"docker://{first.address}/team/app:1.2.3"], {})[0] == 0
    config, root = (release.folder / name for name in ("config.json", "root.json"))
    config.write_text(cosign("signing-config", "create").stdout)
    root.write_text(cosign("trusted-root", "create").stdout)
    how = ["--yes", "--signing-config", str(config), "--trusted-root", str(root)]
    reference = f"{first.address}/team/app@{image['digest']}"
    assert cosign("sign", "--key", str(other_key), *how, reference).returncode == 0
    assert kinds(release.run()) == KINDS[1:]
    assert len(first.referrers("team/app", image["digest"])) == 5
    assert verify(release, first, image["digest"]).returncode == 0


def test_an_attestation_is_no_signature(release: Release, first: RegistryServer) -> None:
    """cosign's own `verify` takes one for the other."""

    def unsigned(command: Any, environment: Any) -> tuple[int, bytes, bytes]:
        return (1, b"", b"Error: no") if "sign" in command else execute(command, environment)

    assert refused(release, execute=unsigned).startswith(f"The registry '{first.address}' failed to sign ")
    assert verify(release, first, release.images[0]["digest"]).returncode == 0, "which is why we look closer"
    assert kinds(release.run()) == ["signature", "sbom", "sbom", "release_manifest"]


def test_what_is_missing_is_made_again(release: Release, first: RegistryServer) -> None:
    """Somebody deletes the tag under which signatures stand: the image stays, the release is whole again."""
    release.run()
    image = release.images[0]["digest"]
    first.forget_tag("team/app", f"sha256-{image.removeprefix('sha256:')}")
    assert kinds(release.run()) == KINDS[1:5]
    assert verify(release, first, image).returncode == 0
    assert kinds(release.run()) == []


def test_an_attestation_that_says_something_else_does_not_count(release: Release, first: RegistryServer) -> None:
    release.run(check_mode=True)
    done = release.run()
    image = done.answer["digest"]
    first.forget_tag("team/app", f"sha256-{image.removeprefix('sha256:')}")
    release.s3.delete_object(Bucket=release.options["bucket"], Key=done.answer["release"])
    other = release.run(builder="urn:example:other-builder")
    assert kinds(other) == [*KINDS[1:5], "release_manifest"]
    release.s3.delete_object(Bucket=release.options["bucket"], Key=done.answer["release"])
    again = release.run()
    assert kinds(again) == ["attestation", "release_manifest"]
    found = statements(release, first, image, "slsaprovenance1")
    builders = {statement["predicate"]["runDetails"]["builder"]["id"] for statement in found}
    assert builders == {"urn:example:other-builder", "urn:slipway.platform:image_build"}


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"signing_key_password": "wrong"}, "signing_key_password is not its password"),
        ({"signing_key_password": None}, "signing_key_password is not its password"),
        ({"signing_key": "/nowhere/cosign.key"}, "open /nowhere/cosign.key: no such file or directory"),
    ],
)
def test_a_key_that_cannot_be_used(
    release: Release, first: RegistryServer, changed: dict[str, Any], reason: str
) -> None:
    key = changed.get("signing_key", str(release.key))
    for check_mode in (True, False):
        assert (
            refused(release, check_mode=check_mode, **changed) == f"The signing key '{key}' cannot be used: {reason}."
        )
    assert first.writes() == []


def test_the_password_stands_in_no_result(release: Release) -> None:
    done = release.run()
    with pytest.raises(Impossible) as impossible:
        release.run(signing_key_password="another secret")
    for text in (json.dumps(done.answer), str(impossible.value)):
        assert PASSWORD not in text
        assert "another secret" not in text

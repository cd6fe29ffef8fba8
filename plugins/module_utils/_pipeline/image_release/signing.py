# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""cosign: signatures and attestations of digests, each looked for before it is made.

Source of what is asked of it: sigstore's documentation of cosign 3 (bundles in the registry, signing configuration).
"""

from __future__ import annotations

import base64
import binascii
import json
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..._core.plan import Impossible
from ..._core.programs import Execute
from ..._oci.registries import Client, failure
from .options import Signing

SIGNATURE = "https://sigstore.dev/cosign/sign/v1"
"""Type of the statement that a plain signature is."""

TYPES = {
    "spdx": ("spdxjson", "https://spdx.dev/Document"),
    "cyclonedx": ("cyclonedx", "https://cyclonedx.org/bom"),
    "provenance": ("slsaprovenance1", "https://slsa.dev/provenance/v1"),
}
"""Attestation -> cosign's name of its type, and the type's URI."""

_NOTHING = (
    "no signatures found",
    "no matching attestations",
    "none of the attestations matched",
    "no attestations found",
)
_NO_SERVICES = {
    "signing_config.json": {
        "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
        "rekorTlogConfig": {},
        "tsaConfig": {},
    },
    "trusted_root.json": {"mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1"},
}


class Cosign:
    """cosign with one key.

    :param folder: private; the public key and the settings stand there.
    """

    def __init__(self, signing: Signing, execute: Execute, folder: Path, program: str) -> None:
        self._signing = signing
        self._execute = execute
        self._folder = folder
        self._program = program
        for name, content in _NO_SERVICES.items():
            (folder / name).write_text(json.dumps(content))
        self.public_key = self._public_key()
        (folder / "key.pub").write_text(self.public_key)

    def verify_command(self, reference: str) -> str:
        """The command with which a reader verifies, ready to paste into bash."""
        log = "" if self._signing.config else " --insecure-ignore-tlog"
        return f"cosign verify --key {self._readers_key()}{log} {reference}"

    def _readers_key(self) -> str:
        """The public key as an argument: KMS's own name of it, the file beside the private key, else its content."""
        if self._signing.key.startswith("awskms://"):
            return self._signing.key
        beside = Path(self._signing.key).with_suffix(".pub")
        if beside.is_file() and beside.read_text().strip() == self.public_key.strip():
            return shlex.quote(str(beside))
        return f"<(printf %s {shlex.quote(self.public_key)})"

    def is_signed(self, client: Client, digest: str) -> bool:
        """Whether a digest carries a signature by this key. An attestation is none, though cosign counts it as one."""
        answer = self._verified(client, "verify", [], digest)
        if answer is None:
            return False
        statements = [entry for line in answer.splitlines() if line.strip() for entry in json.loads(line)]
        return any(
            entry["critical"]["type"] == SIGNATURE and entry["critical"]["image"]["docker-manifest-digest"] == digest
            for entry in statements
        )

    def predicates(self, client: Client, digest: str, name: str) -> list[Any]:
        """Predicates of the attestations of one type that a digest carries by this key."""
        short, uri = TYPES[name]
        answer = self._verified(client, "verify-attestation", ["--type", short], digest)
        found = []
        for line in (answer or "").splitlines():
            if line.strip():
                statement = _statement(json.loads(line))
                subjects = [entry.get("digest", {}).get("sha256") for entry in statement.get("subject", [])]
                if statement.get("predicateType") == uri and digest.removeprefix("sha256:") in subjects:
                    found.append(statement.get("predicate"))
        return found

    def sign(self, client: Client, digest: str) -> None:
        self._write(client, f"sign {client.registry.name}@{digest}", ["sign"], digest)

    def attest(self, client: Client, digest: str, name: str, predicate: bytes) -> None:
        file = self._folder / f"{name}.json"
        file.write_bytes(predicate)
        arguments = ["attest", "--type", TYPES[name][0], "--predicate", str(file)]
        self._write(client, f"attest the {name} of {client.registry.name}@{digest}", arguments, digest)

    def _public_key(self) -> str:
        status, output, errors = self._run(["public-key", "--key", self._signing.key], {})
        if status:
            reason = _reason(errors)
            if "decryption failed" in reason or "inappropriate ioctl" in reason:
                reason = "signing_key_password is not its password"
            raise Impossible(f"The signing key '{self._signing.key}' cannot be used: {reason}.")
        return output.decode()

    def _verified(self, client: Client, command: str, arguments: Sequence[str], digest: str) -> str | None:
        log = [] if self._signing.config else ["--insecure-ignore-tlog"]
        key = ["--key", str(self._folder / "key.pub"), "--trusted-root", self._trusted_root(), *log]
        status, output, errors = self._on(client, [command, *key, *arguments], digest)
        if status == 0:
            return output.decode()
        reason = _reason(errors)
        if any(words in reason for words in _NOTHING):
            return None
        raise failure(client.registry, f"verify {client.registry.name}@{digest}", reason)

    def _write(self, client: Client, doing: str, arguments: Sequence[str], digest: str) -> None:
        config = self._signing.config or str(self._folder / "signing_config.json")
        how = ["--key", self._signing.key, "--yes", "--signing-config", config, "--trusted-root", self._trusted_root()]
        status, _output, errors = self._on(client, [arguments[0], *how, *arguments[1:]], digest)
        if status:
            raise failure(client.registry, doing, _reason(errors))

    def _trusted_root(self) -> str:
        """Without services there is nothing to trust; an empty root also keeps cosign from asking the network."""
        return self._signing.trusted_root or str(self._folder / "trusted_root.json")

    def _on(self, client: Client, arguments: Sequence[str], digest: str) -> tuple[int, bytes, bytes]:
        insecure = [] if client.registry.tls_verify else ["--allow-insecure-registry", "--allow-http-registry"]
        return self._run(
            [*arguments, *insecure, client.registry.reference(digest)], {"DOCKER_CONFIG": str(client.folder)}
        )

    def _run(self, arguments: Sequence[str], environment: Mapping[str, str]) -> tuple[int, bytes, bytes]:
        fixed = {"LC_ALL": "C.UTF-8", "COSIGN_PASSWORD": self._signing.password}
        return self._execute([self._program, *arguments], {**fixed, **environment})


def _statement(envelope: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        statement = json.loads(base64.b64decode(envelope["payload"]))
    except (KeyError, ValueError, binascii.Error):
        return {}
    return statement if isinstance(statement, dict) else {}


def _reason(errors: bytes) -> str:
    lines = [line.strip() for line in errors.decode(errors="replace").splitlines() if line.strip()]
    telling = [line for line in lines if not line.startswith("WARNING")] or ["no reason given"]
    line = next((line for line in telling if line.startswith("Error: ")), telling[-1])
    return line.removeprefix("Error: ").rstrip(".")

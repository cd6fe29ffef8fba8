# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A release: what is missing in each registry and in the bucket, found and made."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from ..._aws.client import Api
from ..._aws.s3.objects import Objects
from ..._core.plan import Impossible, Outcome, Value
from ..._core.programs import Execute
from ..._oci import registries
from ..._oci.layout import Layout
from ..._oci.registries import Client
from ..._oci.registry_access import check_push
from ..application_artifact import fetch
from ..application_artifact.model import release_key
from . import bundle as bundles
from . import manifest as manifests
from . import sboms
from .admission import admission_policy
from .bundle import Bundle
from .options import Spec
from .provenance import provenance
from .records import JSON, Records
from .signing import Cosign
from .steps import Step, made, step

LABELS = {
    "org.opencontainers.image.version": "version",
    "org.opencontainers.image.revision": "commit",
}
ROOM = 1_000_000
"""Bytes of temporary files beside images: bills of materials, settings, keys."""

ARTIFACT_LABEL = "io.slipway.artifact.sha256"


class Release:
    """One run that releases.

    :param folder: private, for temporary files.
    """

    def __init__(
        self, spec: Spec, objects: Objects, api: Api, execute: Execute, folder: Path, day: Callable[[], str]
    ) -> None:
        self._spec = spec
        self._objects = objects
        self._api = api
        self._execute = execute
        self._folder = folder
        self._records = Records(spec, objects, day())

    def run(self, *, check_mode: bool) -> Outcome:
        spec = self._spec
        what = self._bundle()
        self._objects.check()
        self._check_artifacts()
        self._created = _moment(spec.created or str(next(iter(what.layouts.values())).config.get("created", "")))
        opened = registries.opened(
            spec.registries, self._execute, self._api, skopeo=spec.programs.skopeo, parent=str(self._folder)
        )
        with opened as clients:
            # Every registry is looked at before anything that costs time is done, and all that before the first push.
            standing = [self._standing(client, what) for client in clients]
            self._cosign = Cosign(spec.signing, self._execute, self._folder, spec.programs.cosign)
            self._sboms = self._bills(what)
            self._manifest = manifests.release(
                spec,
                what,
                self._created,
                {name: _hashes(bills) for name, bills in self._sboms.items()},
                self._cosign.public_key,
            )
            looked = [standing]

            def look() -> list[Step]:
                found = looked.pop() if looked else [self._standing(client, what) for client in clients]
                return self._steps(clients, what, found)

            plan = made(look, check_mode=check_mode, before=partial(self._check, clients, what))
        return Outcome(plan, self._answer(what))

    def _check(self, clients: Sequence[Client], what: Bundle, steps: Sequence[Step]) -> None:
        """Before the first push: there is room, and every registry that is written to lets us."""
        self._check_room(what, steps)
        for client in clients:
            if any(entry.registry is client for entry in steps):
                check_push(client)

    def _bundle(self) -> Bundle:
        """The layouts, every blob hashed, each one the image of this version with a verdict that lets it pass."""
        verdicts = {str(verdict["digest"]): verdict for verdict in self._spec.verdicts}
        artifacts = {artifact.architecture: artifact.sha256 for artifact in self._spec.artifacts}
        layouts = {}
        for position, image in enumerate(self._spec.images):
            layout = bundles.verified(image.layout, f"images[{position}].layout", image.architecture)
            for name, said, found in (
                ("digest", image.digest, layout.manifest_digest),
                ("configuration digest", image.config_digest, layout.config_digest),
            ):
                if said is not None and said != found:
                    raise Impossible(f"The layout '{image.layout}' has the {name} {found}, but {said} was built.")
            _check_verdict(layout, verdicts.get(layout.manifest_digest))
            self._check_labels(layout, artifacts[image.architecture])
            layouts[image.architecture] = layout
        return bundles.bundle(layouts)

    def _check_labels(self, layout: Layout, artifact: str) -> None:
        labels = (layout.config.get("config") or {}).get("Labels") or {}
        wanted = {**{label: getattr(self._spec, name) for label, name in LABELS.items()}, ARTIFACT_LABEL: artifact}
        for label, value in wanted.items():
            if labels.get(label) != value:
                raise Impossible(
                    f"The image in '{layout.path}' carries the label {label} '{labels.get(label, '')}', "
                    f"but '{value}' is released."
                )

    def _check_artifacts(self) -> None:
        """The artifacts as the bucket has them are those that the image is said to be made of."""
        for artifact in self._spec.artifacts:
            found = fetch.look(
                self._objects, self._spec.application, self._spec.released_version, artifact.architecture
            )
            if found.commit != self._spec.commit:
                raise Impossible(
                    f"Version {self._spec.released_version} of '{self._spec.application}' is claimed by commit "
                    f"{found.commit}, not by {self._spec.commit}."
                )
            if (found.key, found.sha256) != (artifact.key, artifact.sha256):
                raise Impossible(
                    f"The artifact for {artifact.architecture} is '{found.key}' with SHA-256 {found.sha256}, "
                    f"not '{artifact.key}' with {artifact.sha256}."
                )

    def _check_room(self, what: Bundle, steps: Sequence[Step]) -> None:
        """What is pushed is copied back: a disk that is full is seen before the first push."""
        pushed = {id(entry.registry) for entry in steps if entry.change.ref.kind == "image"}
        needed = len(pushed) * sum(layout.size for layout in what.layouts.values()) + ROOM
        free = shutil.disk_usage(self._folder).free
        if free < needed:
            raise Impossible(
                f"The place for temporary files '{self._folder.parent}' has {free} bytes left, but {needed} are needed "
                "to copy back what is pushed."
            )

    def _standing(self, client: Client, what: Bundle) -> dict[str, str | None]:
        """Tag -> digest that stands; Impossible for a tag that is somebody else's."""
        answer = {}
        for tag, digest in what.tags(self._spec.tag).items():
            found = client.digest(tag)
            if found is not None and found != digest:
                raise Impossible(
                    f"{client.registry.name}:{tag} exists with the digest {found}, but {digest} is to be released; "
                    "a tag is never moved, so give it a new version."
                )
            answer[tag] = found
        return answer

    def _bills(self, what: Bundle) -> dict[str, dict[str, bytes]]:
        """Architecture -> format -> bill of materials: the one in the bucket, else a new one."""
        answer: dict[str, dict[str, bytes]] = {}
        for architecture, layout in what.layouts.items():
            name = f"{self._spec.application}-{self._spec.version}-linux-{architecture}"
            subject = sboms.Subject(name, layout.manifest_digest, self._created)
            answer[architecture] = {}
            for form in sboms.FORMATS:
                key = manifests.sbom_key(self._spec, architecture, form)
                body = self._objects.get(key)
                if body is not None and not sboms.describes(form, body, subject):
                    raise Impossible(
                        f"The object '{key}' is no bill of materials of {layout.manifest_digest}; "
                        "somebody else has written it."
                    )
                if body is None:
                    trivy, folder = self._spec.programs.trivy, str(self._folder / "trivy")
                    body = sboms.make(self._execute, trivy, layout, subject, form, folder)
                answer[architecture][form] = body
        return answer

    def _steps(
        self, clients: Sequence[Client], what: Bundle, standing: Sequence[Mapping[str, str | None]]
    ) -> list[Step]:
        key = release_key(self._spec.application, self._spec.version)
        body = self._objects.get(key)
        released = None if body is None else manifests.decoded(key, body)
        if released is not None:
            differing = manifests.differences(released, self._manifest)
            if differing:
                raise Impossible(
                    f"Version {self._spec.version} of '{self._spec.application}' is released already, with another "
                    f"{' and another '.join(differing)}; a release is never changed, so give it a new version."
                )
        steps = [
            push for client, found in zip(clients, standing, strict=True) for push in self._pushes(client, what, found)
        ]
        for client, found in zip(clients, standing, strict=True):
            stands = found[self._spec.tag] is not None
            steps += self._signatures(client, what, stands=stands)
        steps += self._bill_steps()
        if released is None:
            write = partial(self._write, key, manifests.encoded(self._manifest))
            steps.append(step("release_manifest", key, write, digest=what.digest, commit=self._spec.commit))
        else:
            steps += self._records.steps(released)
        return steps

    def _pushes(self, client: Client, what: Bundle, standing: Mapping[str, str | None]) -> list[Step]:
        tags = what.tags(self._spec.tag)
        return [
            step(
                "image", f"{client.registry.name}:{tag}", partial(self._push, client, what, tag), client, digest=digest
            )
            for tag, digest in tags.items()
            if standing[tag] is None
        ]

    def _push(self, client: Client, what: Bundle, tag: str) -> None:
        digest = what.tags(self._spec.tag)[tag]
        client.push(bundles.layout_of(what, digest, self._folder), tag, digest)
        if tag == self._spec.tag:
            pulled = self._folder / f"pulled-{client.folder.name}"
            client.pull(digest, pulled)
            bundles.compare(what, client.registry.name, pulled)

    def _signatures(self, client: Client, what: Bundle, *, stands: bool) -> list[Step]:
        """Attestations first: what carries a signature is complete."""
        steps = []
        for digest in what.digests:
            where = f"{client.registry.name}@{digest}"
            for name, predicate in self._predicates(what, digest).items():
                if not stands or not self._is_attested(client, digest, name, predicate):
                    attest = partial(self._cosign.attest, client, digest, name, predicate)
                    steps.append(step("attestation", f"{name} of {where}", attest, client, sha256=_sha256(predicate)))
            if not stands or not self._cosign.is_signed(client, digest):
                sign = partial(self._cosign.sign, client, digest)
                steps.append(
                    step("signature", where, sign, client, public_key=_sha256(self._cosign.public_key.encode()))
                )
        return steps

    def _predicates(self, what: Bundle, digest: str) -> dict[str, bytes]:
        """The attestations of a digest: each image its bills, everything its provenance."""
        bills = next(
            (
                self._sboms[architecture]
                for architecture, layout in what.layouts.items()
                if layout.manifest_digest == digest
            ),
            {},
        )
        return {**bills, "provenance": provenance(self._spec, self._created)}

    def _is_attested(self, client: Client, digest: str, name: str, predicate: bytes) -> bool:
        return json.loads(predicate) in self._cosign.predicates(client, digest, name)

    def _bill_steps(self) -> list[Step]:
        steps = []
        for architecture, bills in self._sboms.items():
            for name, body in bills.items():
                key = manifests.sbom_key(self._spec, architecture, name)
                if self._objects.head(key) is None:
                    steps.append(step("sbom", key, partial(self._write, key, body), sha256=_sha256(body)))
        return steps

    def _write(self, key: str, body: bytes) -> None:
        if not self._objects.put_new(key, body, JSON) and self._objects.get(key) != body:
            raise Impossible(f"Another run wrote '{key}' at the same time, with another content; run again.")

    def _answer(self, what: Bundle) -> dict[str, Value]:
        spec = self._spec
        commands = []
        for registry in spec.registries:
            if registry.endpoint != registry.host:
                commands.append(f"# {registry.endpoint} stands in for {registry.host}")
            insecure = "" if registry.tls_verify else " --tls-verify=false"
            commands.append(f"skopeo inspect{insecure} docker://{registry.reference(spec.tag)}")
            commands.append(self._cosign.verify_command(registry.reference(what.digest)))
        return {
            "release": release_key(spec.application, spec.version),
            "manifest": self._manifest,
            "digest": what.digest,
            "references": [f"{registry.name}@{what.digest}" for registry in spec.registries],
            "public_key": self._cosign.public_key,
            "admission_policy": admission_policy(spec, self._cosign.public_key),
            "commands": commands,
        }


def _check_verdict(layout: Layout, verdict: Mapping[str, Any] | None) -> None:
    name = f"The image {layout.manifest_digest} in '{layout.path}'"
    if verdict is None:
        raise Impossible(f"{name} has no verdict; scan it with trivy_gate first.")
    if verdict["verdict"] != "passed":
        reasons = [str(reason) for reason in verdict.get("reasons") or []]
        why = f" ({reasons[0].rstrip('.')})" if reasons else ""
        raise Impossible(f"{name} has the verdict '{verdict['verdict']}'{why}; only what has passed is released.")
    if verdict.get("config_digest", layout.config_digest) != layout.config_digest:
        raise Impossible(f"{name} has another configuration than the one that was scanned.")


def _moment(text: str) -> str:
    """A time as RFC 3339 in UTC with whole seconds, as SPDX wants it."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Impossible("The image does not say when it was created; set created.") from error
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _hashes(bills: Mapping[str, bytes]) -> dict[str, str]:
    return {name: _sha256(body) for name, body in bills.items()}

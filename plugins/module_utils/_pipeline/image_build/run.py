# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One run of the module `image_build`: what stands, what is declared, and the builds between the two."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from ..._aws.client import Api
from ..._core.converge import converge
from ..._core.plan import Action, Change, Field, Impossible, Outcome, Plan, Ref, Refusal, Value
from ..._core.programs import Execute
from ..._oci import layout as _oci_layout
from ..._oci import registries
from ..semver_tag.versions import oci_tag
from . import base as bases
from . import outdated
from .artifact import Artifact, Artifacts
from .base import BaseFacts
from .build import Builder, record, recorded, replace, room
from .containerfile import RECIPE, Index, index_of
from .layout import Layout, read
from .model import Image, parse
from .release import Decision, Release, decide

_DOCKER = (
    "Docker makes another digest with every build, so equal digests are not promised with it; all else is asserted."
)


@dataclass
class _World:
    """What is outside: read once, when it is first needed."""

    image: Image
    execute: Execute
    bases: dict[str, BaseFacts] = field(default_factory=dict)

    def base(self, architecture: str) -> BaseFacts:
        if architecture not in self.bases:
            self.bases[architecture] = bases.facts(self.image, architecture, self.execute)
        return self.bases[architecture]

    @cached_property
    def releases(self) -> dict[str, bytes]:
        """Addresses of the Release files of apt's sources -> what stands there."""
        addresses = {a for architecture in self.image.architectures for a in self.base(architecture).releases}
        return bases.indexes(sorted(addresses))

    def index(self, architecture: str) -> Index:
        return index_of([self.releases[address] for address in self.base(architecture).releases])

    def today(self) -> dict[str, tuple[str, str]]:
        return {name: (self.base(name).digest, self.index(name).sha256) for name in self.image.architectures}


@dataclass(frozen=True)
class _View:
    plan: Plan


class Runner:
    """One run for one version of one application.

    :param api: AWS, for a bucket and for registries of kind `ecr`.
    """

    def __init__(
        self, params: Mapping[str, Value], execute: Execute, api: Api | None, today: date, *, check_mode: bool
    ) -> None:
        self._image = parse(params, today)
        self._execute = execute
        self._api = api
        self._check_mode = check_mode
        self._world = _World(self._image, execute)
        self._artifacts = Artifacts(self._image, api if self._image.bucket else None)

    def run(self) -> Outcome:
        image = self._image
        with (
            room(image.directory, image.cache),
            registries.opened(image.registries, self._execute, self._api, skopeo=image.programs.skopeo) as clients,
        ):
            artifacts = [
                self._artifacts.stated(architecture, check_mode=self._check_mode)
                for architecture in image.architectures
            ]
            decision = decide(image, artifacts, clients, self._world.today, self._artifacts.is_released)
            if decision.release is not None and decision.release.complete:
                return self._released(decision.release, artifacts)
            view, _last = converge(
                partial(self._view, decision, artifacts),
                partial(self._make, decision, artifacts),
                lambda left: f"{left.changes[0].ref.words} was built, but does not stand as it was built.",
                check_mode=self._check_mode,
            )
            return self._outcome(view.plan, decision, artifacts, released=False)

    def _view(self, decision: Decision, artifacts: Sequence[Artifact]) -> _View:
        changes = []
        for artifact in artifacts:
            architecture = artifact.architecture
            target = self._target(decision.version, architecture)
            standing = _standing(target)
            if decision.release is not None:
                digest = decision.release.manifests[architecture]
                fields = [Field("digest", standing.digest if standing else None, digest)]
                same = standing is not None and standing.digest == digest
            else:
                bases.check_emulation(architecture)
                fields = self._fields(artifact, standing)
                same = standing is not None and recorded(target) == {
                    "digest": standing.digest,
                    "inputs": self._inputs(decision.version, artifact),
                }
            if not same:
                action = Action.CREATE if standing is None else Action.REPLACE
                fields = [entry for entry in fields if entry.before != entry.after]
                changes.append(Change(self._ref(decision.version, architecture), action, tuple(fields)))
        return _View(Plan(tuple(changes)))

    def _fields(self, artifact: Artifact, standing: Layout | None) -> list[Field]:
        architecture = artifact.architecture
        labels = standing.labels if standing else {}
        now = {
            "artifact_sha256": ("io.slipway.artifact.sha256", artifact.sha256),
            "base_digest": ("org.opencontainers.image.base.digest", self._world.base(architecture).digest),
            "commit": ("org.opencontainers.image.revision", self._image.commit),
            "index_sha256": ("io.slipway.index.sha256", self._world.index(architecture).sha256),
        }
        return [Field(path, labels.get(label), value) for path, (label, value) in now.items()]

    def _inputs(self, version: str, artifact: Artifact) -> str:
        """One hash of everything that the layout depends on, and of what it was checked for."""
        architecture = artifact.architecture
        builder = self._builder(version)
        texts = builder.texts(artifact, self._world.base(architecture), self._world.index(architecture))
        image = self._image
        parts = [RECIPE, texts, asdict(image.checks), image.writable, image.engine]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def _make(self, decision: Decision, artifacts: Sequence[Artifact], view: _View) -> None:
        version, planned = decision.version, {change.ref for change in view.plan.changes}
        for artifact in artifacts:
            if self._ref(version, artifact.architecture) in planned:
                self._make_one(decision, artifact)

    def _make_one(self, decision: Decision, artifact: Artifact) -> None:
        architecture, version = artifact.architecture, decision.version
        target = self._target(version, architecture)
        if decision.release is not None:
            outdated.pull(decision.release, architecture, target, replace)
            return
        self._builder(version).build(artifact, self._world.base(architecture), self._world.index(architecture), target)
        record(target, self._inputs(version, artifact), read(target))

    def _released(self, release: Release, artifacts: Sequence[Artifact]) -> Outcome:
        """Nothing to do; what a newer base or newer packages would bring is told."""
        try:
            newer = outdated.newer(self._image, release, self._world, self._target)
        except Impossible as error:
            newer = outdated.Newer(unknown=str(error))
        return self._outcome(Plan(), Decision(release.version, release), artifacts, released=True, newer=newer)

    def _outcome(
        self,
        plan: Plan,
        decision: Decision,
        artifacts: Sequence[Artifact],
        *,
        released: bool,
        newer: outdated.Newer | None = None,
    ) -> Outcome:
        image = self._image
        found = newer or outdated.Newer()
        answer: dict[str, Value] = {
            "application": image.application,
            "version": decision.version,
            "tag": oci_tag(decision.version),
            "commit": image.commit,
            "artifacts": [artifact.as_dict() for artifact in artifacts],
            "base": {"image": image.base.image, "digest": image.base.digest, "release": image.base.release},
            "released": released,
            "registries": [registry.as_dict() for registry in image.registries],
            "images": [self._described(decision, artifact.architecture) for artifact in artifacts],
            "newer": found.as_dict(),
        }
        warnings = [*found.warnings(image.application, decision.version)]
        if image.engine == "docker" and plan:
            warnings.append(_DOCKER)
        return Outcome(plan, answer, tuple(warnings))

    def _described(self, decision: Decision, architecture: str) -> dict[str, Any]:
        """An image in the answer; in a check run, and for a released one that is not here, much is not known."""
        target = self._target(decision.version, architecture)
        layout = _standing(target)
        released = decision.release.manifests.get(architecture) if decision.release else None
        if layout is not None and released not in (None, layout.digest):
            layout = None
        labels = layout.labels if layout else decision.release.labels[architecture] if decision.release else {}
        return {
            "architecture": architecture,
            "layout": str(target) if layout else None,
            "digest": layout.digest if layout else released,
            "config_digest": layout.config_digest if layout else None,
            "diff_ids": list(layout.diff_ids) if layout else [],
            "size": layout.size if layout else None,
            "base_digest": labels.get("org.opencontainers.image.base.digest"),
        }

    def _ref(self, version: str, architecture: str) -> Ref:
        return Ref("image", f"{self._image.application}:{version}/{architecture}")

    def _builder(self, version: str) -> Builder:
        return Builder(self._image, version, self._artifacts, self._execute)

    def _target(self, version: str, architecture: str) -> Path:
        return self._image.directory / f"{self._image.application}-{version}" / architecture


def _standing(target: Path) -> Layout | None:
    """The layout that stands, or None; one with a damaged blob is as good as none."""
    try:
        _oci_layout.verify(str(target))
        return read(target)
    except (Refusal, Impossible):
        return None

# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the registries hold of a version, and what follows from it: a released version is never built over."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ..._core.plan import Impossible, Refusal
from ..._oci import registries
from ..semver_tag.versions import oci_tag
from .artifact import Artifact
from .model import Image

IsReleased = Callable[[str], bool]
"""Whether the manifest of a version's release stands."""
Today = Callable[[], Mapping[str, tuple[str, str]]]
"""Architecture -> (digest of the base, hash of apt's indexes), as they are now."""


@dataclass(frozen=True)
class Release:
    """What stands of one version in the registries.

    :param manifests: architecture -> digest of its image.
    :param labels: architecture -> labels of its image.
    :param where: the first registry that holds it.
    :param complete: all registries hold it, and its release was brought to its end.
    """

    version: str
    digest: str
    manifests: Mapping[str, str]
    labels: Mapping[str, Mapping[str, str]]
    where: registries.Client
    complete: bool

    def base_and_index(self, architecture: str) -> tuple[str, str]:
        labels = self.labels.get(architecture, {})
        return labels.get("org.opencontainers.image.base.digest", ""), labels.get("io.slipway.index.sha256", "")


@dataclass(frozen=True)
class Decision:
    """The version that this run is about, and what stands of it; None is for one that is to be built."""

    version: str
    release: Release | None


def decide(
    image: Image,
    artifacts: Sequence[Artifact],
    clients: Sequence[registries.Client],
    today: Today,
    is_released: IsReleased,
) -> Decision:
    """Which version is built, or which released one stands.

    :raises Impossible: a tag stands for another commit or artifact, or for something else in another registry
    """
    released = find(image, image.version, artifacts, clients, is_released)
    if not image.refresh:
        return Decision(image.version, released)
    if released is None or not released.complete:
        raise Refusal(
            "refresh", True, f"{image.application} {image.version} is not released in all registries, so build it first"
        )
    number, last = 1, released
    while True:
        version = f"{image.version}+r{number}"
        standing = find(image, version, artifacts, clients, is_released)
        if standing is None:
            break
        if not standing.complete:
            return Decision(version, standing)
        number, last = number + 1, standing
    now = today()
    if all(last.base_and_index(architecture) == now[architecture] for architecture in image.architectures):
        return Decision(last.version, last)
    return Decision(version, None)


def find(
    image: Image,
    version: str,
    artifacts: Sequence[Artifact],
    clients: Sequence[registries.Client],
    is_released: IsReleased,
) -> Release | None:
    """What stands under a version's tag, if it is ours; None if no registry has the tag."""
    tag = oci_tag(version)
    standing = [(client, found) for client in clients if (found := client.inspect(tag)) is not None]
    if not standing:
        return None
    first, found = standing[0]
    for client, other in standing[1:]:
        if other.digest != found.digest:
            raise Impossible(
                f"{client.registry.name}:{tag} is {other.digest}, but {first.registry.name}:{tag} is {found.digest}; "
                "raise the version."
            )
    labels = {architecture: _labels(first, digest, found) for architecture, digest in found.manifests.items()}
    for artifact in artifacts:
        _compare(image, f"{first.registry.name}:{tag}", artifact, labels.get(artifact.architecture))
    complete = len(standing) == len(clients) and is_released(version)
    return Release(version, found.digest, found.manifests, labels, first, complete)


def _labels(client: registries.Client, digest: str, found: registries.Image) -> Mapping[str, str]:
    if len(found.manifests) == 1:
        return found.labels
    one = client.inspect(digest)
    return one.labels if one else {}


def _compare(image: Image, name: str, artifact: Artifact, labels: Mapping[str, str] | None) -> None:
    if labels is None:
        raise Impossible(
            f"{name} is released without {artifact.architecture}, and a released version is never built over; "
            "raise the version."
        )
    commit = labels.get("org.opencontainers.image.revision", "no commit")
    if commit != image.commit:
        raise Impossible(
            f"{name} is released from commit {commit}, not from {image.commit}, and a released version is never "
            "built over; raise the version."
        )
    checksum = labels.get("io.slipway.artifact.sha256", "none")
    if checksum != artifact.sha256:
        raise Impossible(
            f"{name} is released from an artifact with the SHA-256 {checksum}, not {artifact.sha256}, and a released "
            "version is never built over; raise the version."
        )

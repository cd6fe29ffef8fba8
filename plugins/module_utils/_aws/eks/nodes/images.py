# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""EKS's machine images: AMI types, their architectures, and the public parameters that name an image. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ...._core.plan import Refusal


@dataclass(frozen=True)
class AmiType:
    """:param system: `al2023` or `bottlerocket`.
    :param architecture: Kubernetes' word, `amd64` or `arm64`.
    :param variant: what EKS's parameter of the image names beside them.
    """

    system: str
    architecture: str
    variant: str = "standard"

    @property
    def aws_architecture(self) -> str:
        return "x86_64" if self.architecture == "amd64" else self.architecture


AMI_TYPES: dict[str, AmiType] = {
    "AL2023_x86_64_STANDARD": AmiType("al2023", "amd64"),
    "AL2023_ARM_64_STANDARD": AmiType("al2023", "arm64"),
    "AL2023_x86_64_NVIDIA": AmiType("al2023", "amd64", "nvidia"),
    "AL2023_ARM_64_NVIDIA": AmiType("al2023", "arm64", "nvidia"),
    "AL2023_x86_64_NEURON": AmiType("al2023", "amd64", "neuron"),
    "BOTTLEROCKET_x86_64": AmiType("bottlerocket", "amd64", ""),
    "BOTTLEROCKET_ARM_64": AmiType("bottlerocket", "arm64", ""),
    "BOTTLEROCKET_x86_64_FIPS": AmiType("bottlerocket", "amd64", "-fips"),
    "BOTTLEROCKET_ARM_64_FIPS": AmiType("bottlerocket", "arm64", "-fips"),
    "BOTTLEROCKET_x86_64_NVIDIA": AmiType("bottlerocket", "amd64", "-nvidia"),
    "BOTTLEROCKET_ARM_64_NVIDIA": AmiType("bottlerocket", "arm64", "-nvidia"),
}
"""Linux images that EKS makes for Kubernetes 1.33 and later."""

_RELEASES = {
    "al2023": (re.compile(r"(\d+\.\d+)\.\d+-(\d{8})"), "1.35.4-20261113"),
    "bottlerocket": (re.compile(r"\d+\.\d+\.\d+-[0-9a-f]{8}"), "1.62.0-5f3a9c1d"),
}

_INSTANCE_TYPE = re.compile(r"(?P<family>[a-z]+)(?P<generation>\d*)(?P<options>[a-z0-9-]*)\.(?P<size>[a-z0-9-]+)")


def ami_type(option: str, name: str) -> AmiType:
    """The AMI type of this name, or Refusal."""
    if name in AMI_TYPES:
        return AMI_TYPES[name]
    allowed = f"allowed are {', '.join(AMI_TYPES)}"
    if name.startswith("AL2_"):
        raise Refusal(option, name, f"EKS makes no image of Amazon Linux 2 from Kubernetes 1.33 on, {allowed}")
    raise Refusal(option, name, allowed)


def check_release(option: str, release: str, kind: AmiType, version: str | None) -> None:
    """Refusal for a release that no image of this system and Kubernetes version can have."""
    pattern, example = _RELEASES[kind.system]
    match = pattern.fullmatch(release)
    if match is None:
        raise Refusal(option, release, f"a release of {kind.system} is allowed, such as '{example}'")
    if kind.system == "al2023" and version is not None and match[1] != version:
        raise Refusal(option, release, f"it holds Kubernetes {match[1]}, a release for {version} is allowed")


def architecture(instance_type: str) -> str | None:
    """`amd64` or `arm64`, None for what is no instance type by its form.

    AWS names Graviton by a `g` among the options after the generation, and by the family a1.
    Source: "Naming conventions", EC2 Instance Types guide.
    """
    match = _INSTANCE_TYPE.fullmatch(instance_type)
    if match is None:
        return None
    return "arm64" if match["family"] == "a" or "g" in match["options"] else "amd64"


def parameter(kind: AmiType, version: str, release: str | None) -> str:
    """The public SSM parameter of an image: that of a release, or the recommended one.

    Sources: "Retrieve recommended Amazon Linux AMI IDs", "Retrieve recommended Bottlerocket AMI IDs", EKS User Guide.
    """
    if kind.system == "bottlerocket":
        number = release or "latest"
        return f"/aws/service/bottlerocket/aws-k8s-{version}{kind.variant}/{kind.aws_architecture}/{number}/image_id"
    path = f"/aws/service/eks/optimized-ami/{version}/amazon-linux-2023/{kind.aws_architecture}/{kind.variant}"
    if release is None:
        return f"{path}/recommended/image_id"
    day = release.partition("-")[2]
    return f"{path}/amazon-eks-node-al2023-{kind.aws_architecture}-{kind.variant}-{version}-v{day}/image_id"


def version_of(parameter_name: str) -> str | None:
    """The Kubernetes version in a parameter's name, None for a name that is none of EKS's."""
    match = re.match(r"/aws/service/(?:eks/optimized-ami/|bottlerocket/aws-k8s-)(\d+\.\d+)", parameter_name)
    return match[1] if match else None

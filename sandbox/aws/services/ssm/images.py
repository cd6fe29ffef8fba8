"""EKS's machine images: their ids, what DescribeImages says of them, and the SSM parameters that name them."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from sandbox.aws.services.eks import versions


@dataclass(frozen=True)
class Image:
    id: str
    ami_type: str
    version: str
    release: str
    name: str
    architecture: str
    description: str


@functools.cache
def catalogue(region: str) -> dict[str, Image]:
    """Every image of EKS in a region, by id."""
    images = {}
    for version in versions.VERSIONS:
        for ami_type, (_, architecture) in versions.AMI_TYPES.items():
            if ami_type.startswith("AL2_") and versions.number(version) > versions.LAST_MINOR_WITH_AL2:
                continue
            for release in versions.releases(ami_type, version):
                identity = versions.image_id(region, ami_type, version, release)
                images[identity] = Image(
                    identity,
                    ami_type,
                    version,
                    release,
                    _name(ami_type, version, release),
                    architecture,
                    _description(ami_type, version),
                )
    return images


def _name(ami_type: str, version: str, release: str) -> str:
    architecture = "arm64" if "ARM_64" in ami_type else "x86_64"
    if ami_type.startswith("BOTTLEROCKET"):
        number, _, commit = release.partition("-")
        arch = "aarch64" if architecture == "arm64" else architecture
        return f"bottlerocket-aws-k8s-{version}-{arch}-v{number}-{commit}"
    if ami_type.startswith("AL2_"):
        return f"amazon-eks-node-{version}-v{release.partition('-')[2]}"
    variant = ami_type.rpartition("_")[2].lower()
    return f"amazon-eks-node-al2023-{architecture}-{variant}-{version}-v{release.partition('-')[2]}"


def _description(ami_type: str, version: str) -> str:
    if ami_type.startswith("BOTTLEROCKET"):
        return ""
    return f"EKS-optimized Kubernetes node based on Amazon Linux 2023, (k8s: {versions.VERSIONS[version].patch})"


def version_of(region: str, image_id: str) -> str | None:
    """The Kubernetes minor of an image, None for an image that is not EKS's."""
    image = catalogue(region).get(image_id)
    return image.version if image else None


@functools.cache
def parameters(region: str) -> dict[str, str]:
    """EKS's public SSM parameters: name -> value."""
    values = {}
    for version in versions.VERSIONS:
        for ami_type, (path, architecture) in versions.AMI_TYPES.items():
            if ami_type.startswith("AL2_") and versions.number(version) > versions.LAST_MINOR_WITH_AL2:
                continue
            newest = versions.releases(ami_type, version)[0]
            for release in versions.releases(ami_type, version):
                identity = versions.image_id(region, ami_type, version, release)
                if ami_type.startswith("BOTTLEROCKET"):
                    prefix = f"/aws/service/bottlerocket/aws-k8s-{version}/{architecture}"
                    number = release.partition("-")[0]
                    for key in (release, number) + (("latest",) if release == newest else ()):
                        values[f"{prefix}/{key}/image_id"] = identity
                        values[f"{prefix}/{key}/image_version"] = release
                    continue
                prefix = f"/aws/service/eks/optimized-ami/{version}/{path}"
                name = _name(ami_type, version, release)
                for key in (name,) + (("recommended",) if release == newest else ()):
                    values[f"{prefix}/{key}/image_id"] = identity
                    values[f"{prefix}/{key}/image_name"] = name
                    values[f"{prefix}/{key}/release_version"] = release
                if release == newest:
                    values[f"{prefix}/recommended"] = (
                        f'{{"schema_version":"2","image_id":"{identity}","image_name":"{name}","release_version":"{release}"}}'
                    )
    return values

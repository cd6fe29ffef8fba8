"""Kubernetes versions of EKS, their calendar, and the AMI releases of each.

The dates are those of "Understand the Kubernetes version lifecycle on EKS" (end of standard and of extended support);
statuses follow from the sandbox's calendar date.
"""

from __future__ import annotations

import datetime
import hashlib
from dataclasses import dataclass
from typing import Any

from sandbox.aws.front.call import Call
from sandbox.aws.front.state import state
from sandbox.aws.services.eks.model import page


@dataclass(frozen=True)
class Version:
    minor: str
    patch: str
    platform: str
    released: str
    standard_ends: str
    extended_ends: str


VERSIONS = {
    version.minor: version
    for version in (
        Version("1.36", "1.36.1", "eks.4", "2026-06-02", "2027-08-02", "2028-08-02"),
        Version("1.35", "1.35.4", "eks.11", "2026-01-27", "2027-03-27", "2028-03-27"),
        Version("1.34", "1.34.7", "eks.19", "2025-10-02", "2026-12-02", "2027-12-02"),
        Version("1.33", "1.33.10", "eks.33", "2025-05-29", "2026-07-29", "2027-07-29"),
        Version("1.32", "1.32.13", "eks.40", "2025-01-23", "2026-03-23", "2027-03-23"),
        Version("1.31", "1.31.14", "eks.54", "2024-09-26", "2025-11-26", "2026-11-26"),
        Version("1.30", "1.30.14", "eks.60", "2024-05-23", "2025-07-23", "2026-07-23"),
    )
}
DEFAULT = "1.35"

# Dates of the AMI releases, newest first; Bottlerocket's own versions beside them.
RELEASES = ("20261113", "20261023", "20261001")
BOTTLEROCKET = ("1.62.0-5f3a9c1d", "1.61.1-8b20e7aa", "1.60.0-c41d77e0")
AMI_TYPES = {
    "AL2023_x86_64_STANDARD": ("amazon-linux-2023/x86_64/standard", "x86_64"),
    "AL2023_ARM_64_STANDARD": ("amazon-linux-2023/arm64/standard", "arm64"),
    "AL2023_x86_64_NVIDIA": ("amazon-linux-2023/x86_64/nvidia", "x86_64"),
    "AL2023_ARM_64_NVIDIA": ("amazon-linux-2023/arm64/nvidia", "arm64"),
    "AL2023_x86_64_NEURON": ("amazon-linux-2023/x86_64/neuron", "x86_64"),
    "BOTTLEROCKET_x86_64": ("bottlerocket/x86_64", "x86_64"),
    "BOTTLEROCKET_ARM_64": ("bottlerocket/arm64", "arm64"),
    "AL2_x86_64": ("amazon-linux-2", "x86_64"),
    "AL2_x86_64_GPU": ("amazon-linux-2-gpu", "x86_64"),
    "AL2_ARM_64": ("amazon-linux-2-arm64", "arm64"),
}
LAST_MINOR_WITH_AL2 = 32


def number(version: str) -> int:
    """The minor number of "1.35"."""
    return int(version.split(".")[1])


def status(version: Version, today: datetime.date) -> str | None:
    """STANDARD_SUPPORT, EXTENDED_SUPPORT or UNSUPPORTED on a day; None before the release."""
    day = today.isoformat()
    if day < version.released:
        return None
    if day <= version.standard_ends:
        return "STANDARD_SUPPORT"
    return "EXTENDED_SUPPORT" if day <= version.extended_ends else "UNSUPPORTED"


def offered() -> list[Version]:
    """The versions that a cluster can have on the sandbox's date, newest first."""
    today = state.settings.today()
    return [item for item in VERSIONS.values() if status(item, today) in ("STANDARD_SUPPORT", "EXTENDED_SUPPORT")]


def default() -> str:
    versions = [version.minor for version in offered()]
    return DEFAULT if DEFAULT in versions else versions[0]


def releases(ami_type: str, version: str) -> list[str]:
    """Release versions of an AMI type for a Kubernetes version, newest first."""
    if ami_type.startswith("BOTTLEROCKET"):
        return list(BOTTLEROCKET)
    return [f"{VERSIONS[version].patch}-{date}" for date in RELEASES]


def image_id(region: str, ami_type: str, version: str, release: str) -> str:
    digest = hashlib.sha256(f"{region} {ami_type} {version} {release}".encode()).hexdigest()
    return f"ami-0{digest[:16]}"


def _epoch(day: str) -> float:
    return datetime.datetime.fromisoformat(f"{day}T00:00:00+00:00").timestamp()


def describe_cluster_versions(call: Call) -> dict[str, Any]:
    today = state.settings.today()
    parameters = call.parameters
    wanted = parameters.get("clusterVersions")
    only = parameters.get("versionStatus") or str(parameters.get("status") or "").upper().replace("-", "_") or None
    items = []
    for version in VERSIONS.values():
        is_status = status(version, today)
        if is_status is None or (is_status == "UNSUPPORTED" and not (parameters.get("includeAll") or wanted)):
            continue
        if (wanted and version.minor not in wanted) or (only and is_status != only):
            continue
        if parameters.get("defaultOnly") and version.minor != default():
            continue
        items.append(
            {
                "clusterVersion": version.minor,
                "clusterType": "eks",
                "defaultPlatformVersion": version.platform,
                "defaultVersion": version.minor == default(),
                "releaseDate": _epoch(version.released),
                "endOfStandardSupportDate": _epoch(version.standard_ends),
                "endOfExtendedSupportDate": _epoch(version.extended_ends),
                "status": is_status.lower().replace("_", "-"),
                "versionStatus": is_status,
                "kubernetesPatchVersion": version.patch,
            }
        )
    return page(call, "clusterVersions", items)

# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The add-ons that are to stand. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..._aws import tags
from ..._aws.eks.model import cluster_ref
from ..._core.plan import Impossible, Observed, Ref, Refusal, Resource, Value
from .model import Addon, EksAddons, minor

ONE_MINOR_AT_A_TIME = frozenset({"vpc-cni"})
"""Source: "Update the Amazon VPC CNI (Amazon EKS add-on)", EKS User Guide."""

SHOWN = 6
"""How many versions a message names, the newest."""


def chosen(addon: Addon, standing: str | None, offers: Sequence[Mapping[str, Any]] | None, kubernetes: str) -> str:
    """The version to stand: the pinned one if it fits, else what stands, else EKS's default; Refusal or Impossible."""
    wanted = addon.version or standing
    if offers is None:
        return wanted or ""
    versions = [offer["addonVersion"] for offer in offers]
    if not versions:
        raise Refusal(
            f"add-on of Kubernetes {kubernetes}", addon.name, "EKS does not offer it, see DescribeAddonVersions"
        )
    if wanted is None:
        defaults = [
            offer["addonVersion"] for offer in offers if any(c["defaultVersion"] for c in offer["compatibilities"])
        ]
        return str((defaults or versions)[0])
    if wanted not in versions:
        allowed = ", ".join(versions[:SHOWN])
        raise Refusal(addon.option, wanted, f"with Kubernetes {kubernetes} allowed are {allowed}")
    if standing is not None and addon.name in ONE_MINOR_AT_A_TIME:
        _refuse_skipped(addon.name, standing, wanted, versions)
    return wanted


def _refuse_skipped(name: str, standing: str, wanted: str, versions: Sequence[str]) -> None:
    (major, old), new = minor(standing), minor(wanted)[1]
    if abs(new - old) < 2:
        return
    step = (major, old + 1 if new > old else old - 1)
    following = next((version for version in versions if minor(version) == step), f"v{step[0]}.{step[1]}")
    raise Impossible(
        f"version of {Ref('eks_addon', name).words} is '{standing}' and cannot become '{wanted}' at once: {name} moves "
        f"one minor at a time; the next is '{following}'."
    )


def declare(spec: EksAddons, observed: Observed) -> list[Resource]:
    return [_addon(spec, addon, observed) for addon in spec.addons]


def _addon(spec: EksAddons, addon: Addon, observed: Observed) -> Resource:
    ref = Ref("eks_addon", addon.name)
    attributes: dict[str, Value] = {
        "cluster": cluster_ref(spec.platform),
        "configuration": dict(addon.configuration),
        "pod_identity": dict(addon.pod_identity),
        "version": addon.version,
    }
    if ref in observed and observed[ref].attributes["failed"]:
        attributes["failed"] = False
    return Resource(ref, attributes, tags.of(spec.platform, addon.name, spec.tags))

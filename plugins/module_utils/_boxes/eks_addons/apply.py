# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calls that change EKS add-ons, one a function."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ..._aws.client import Api
from ..._aws.eks import clusters as eks
from ..._core.box import Kind, Status, Target, Wait
from ..._core.known import Known
from .model import EksAddons
from .read import FAILED, describe_addon


def before_apply(api: Api, spec: EksAddons, known: Known) -> None:
    eks.before_changes(api, spec.platform, known, absent=spec.absent)


def _parameters(addon: Target) -> dict[str, Any]:
    return {
        "clusterName": addon.attributes["cluster"],
        "addonName": addon.name,
        "addonVersion": addon.attributes["version"],
    }


def _identities(addon: Target) -> list[dict[str, str]]:
    identities = addon.attributes["pod_identity"].items()
    return [{"serviceAccount": account, "roleArn": role} for account, role in identities]


def create_addon(api: Api, addon: Target) -> str:
    """What stands of it in the cluster already (an add-on of EKS's own making) is taken over."""
    parameters = {**_parameters(addon), "resolveConflicts": "OVERWRITE", "tags": dict(addon.tags)}
    if addon.attributes["configuration"]:
        parameters["configurationValues"] = json.dumps(addon.attributes["configuration"], sort_keys=True)
    if addon.attributes["pod_identity"]:
        parameters["podIdentityAssociations"] = _identities(addon)
    api.eks.create_addon(**parameters)
    return addon.name


def update_addon(api: Api, addon: Target) -> None:
    """All that is declared in one call, for EKS takes one update at a time.

    What somebody changed in the cluster itself is kept, but for an add-on that failed over it.
    """
    changed = {field.attribute for field in addon.fields}
    parameters = {**_parameters(addon), "resolveConflicts": "OVERWRITE" if "failed" in changed else "PRESERVE"}
    if addon.attributes["configuration"] or "configuration" in changed:
        parameters["configurationValues"] = json.dumps(addon.attributes["configuration"], sort_keys=True)
    if addon.attributes["pod_identity"] or "pod_identity" in changed:
        parameters["podIdentityAssociations"] = _identities(addon)
    api.eks.update_addon(**parameters)


def delete_addon(api: Api, addon: Target) -> None:
    """With what it has in the cluster."""
    api.eks.delete_addon(clusterName=addon.attributes["cluster"], addonName=addon.name)


def tag(api: Api, addon: Target, tags: Mapping[str, str]) -> None:
    eks.tag(api, addon.before["arn"], tags)


def untag(api: Api, addon: Target, keys: Sequence[str]) -> None:
    eks.untag(api, addon.before["arn"], keys)


def ready(api: Api, addon: Target) -> Status:
    described = describe_addon(api, addon.attributes["cluster"], addon.name)
    if described is None:
        return Status(False, "not visible yet")
    status, reason = described["status"], eks.issues(described)
    if status == "DEGRADED" and not has_nodes(api, addon.attributes["cluster"]):
        api.say(f"{addon.ref.words} has no node to run on yet")
        return Status(True, status)
    failed = (reason or "EKS names no reason") if status in FAILED else ""
    return Status(status == "ACTIVE", f"{status} ({reason})" if status == "DEGRADED" and reason else status, failed)


def has_nodes(api: Api, cluster: str) -> bool:
    """Whether an instance of the cluster runs; managed and self-managed nodes carry the same tag."""
    filters = [
        {"Name": f"tag:kubernetes.io/cluster/{cluster}", "Values": ["owned"]},
        {"Name": "instance-state-name", "Values": ["pending", "running"]},
    ]
    return bool(api.ec2.pages("describe_instances", "Reservations", Filters=filters))


def gone(api: Api, addon: Target) -> Status:
    described = describe_addon(api, addon.attributes["cluster"], addon.name)
    if described is None:
        return Status(True, "gone")
    return Status(False, described["status"], eks.issues(described) if described["status"] in FAILED else "")


KINDS = (
    Kind(
        name="eks_addon",
        create=create_addon,
        update=dict.fromkeys(("configuration", "failed", "pod_identity", "version"), update_addon),
        delete=delete_addon,
        tag=tag,
        untag=untag,
        ready=ready,
        gone=gone,
        wait=Wait(usual=60, timeout=900, interval=5),
        wait_gone=Wait(usual=60, timeout=600, interval=5),
    ),
)

# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kind `eks_addon`: its calls, one a function, and what stands of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ..._core.box import Kind, Status, Target, Wait
from ..._core.plan import Found
from ..client import Api
from . import common as eks

FAILED = frozenset({"CREATE_FAILED", "UPDATE_FAILED", "DELETE_FAILED"})


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


def list_addons(api: Api, cluster: str) -> list[str]:
    answer: list[str] = api.eks.pages("list_addons", "addons", clusterName=cluster)
    return answer


def describe_addon(api: Api, cluster: str, name: str) -> dict[str, Any] | None:
    answer: dict[str, Any] | None = api.optional(
        lambda: api.eks.describe_addon(clusterName=cluster, addonName=name)["addon"], "ResourceNotFoundException"
    )
    return answer


def pod_identity(api: Api, cluster: str, association_arn: str) -> dict[str, str]:
    """Service account -> role ARN of one association, `{}` for one that is gone."""
    association = api.optional(
        lambda: api.eks.describe_pod_identity_association(
            clusterName=cluster, associationId=association_arn.rpartition("/")[2]
        )["association"],
        "ResourceNotFoundException",
    )
    return {} if association is None else {association["serviceAccount"]: association["roleArn"]}


def found_addon(api: Api, cluster: str, name: str) -> Found | None:
    addon = describe_addon(api, cluster, name)
    if addon is None:
        return None
    identities = [pod_identity(api, cluster, arn) for arn in addon.get("podIdentityAssociations", [])]
    attributes = {
        "arn": addon["addonArn"],
        "cluster": cluster,
        "configuration": _configuration(addon),
        "failed": addon["status"] in FAILED,
        "pod_identity": {account: role for identity in identities for account, role in identity.items()},
        "version": addon["addonVersion"],
    }
    state = "pending" if addon["status"] == "DEGRADED" else eks.STATES.get(addon["status"], "ready")
    return Found(name, attributes, addon.get("tags", {}), {"status": addon["status"]}, state)


def _configuration(addon: Mapping[str, Any]) -> Any:
    """The configuration as JSON; YAML, which EKS takes too, stays a text and is made JSON by an update."""
    text = addon.get("configurationValues") or "{}"
    try:
        return json.loads(text)
    except ValueError:
        return text


def addon_versions(api: Api, name: str, kubernetes: str) -> list[dict[str, Any]]:
    """Versions that EKS offers for a Kubernetes minor, newest first; `[]` for an add-on that it does not know."""
    found = api.optional(
        lambda: api.eks.pages("describe_addon_versions", "addons", addonName=name, kubernetesVersion=kubernetes),
        "ResourceNotFoundException",
    )
    return [version for addon in found or [] for version in addon["addonVersions"]]


EKS_ADDON = Kind(
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
)

# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What EKS's kinds share: the cluster as it stands, and waiting for it and for its updates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from ..._core.known import Known
from ..._core.plan import Found, Ref
from ..._core.wait import Status, Wait, until
from .. import tags as _tags
from ..client import Api
from .model import cluster_ref

CLUSTER_WAIT = Wait(usual=600, timeout=3600)
"""Creation takes about 10 minutes, an update of the version up to 25."""
UPDATE_WAIT = Wait(usual=600, timeout=5400)
DELETION_WAIT = Wait(usual=300, timeout=2400)

PENDING = frozenset({"CREATING", "UPDATING", "PENDING"})
STATES = {**dict.fromkeys(PENDING, "pending"), "DELETING": "going"}
"""AWS's status of clusters and add-ons -> `Found.state`; all others are final."""


def describe_cluster(api: Api, name: str) -> dict[str, Any] | None:
    answer: dict[str, Any] | None = api.optional(
        lambda: api.eks.describe_cluster(name=name)["cluster"], "ResourceNotFoundException"
    )
    return answer


def ours(cluster: Mapping[str, Any], platform: str) -> bool:
    return bool(cluster.get("tags", {}).get(_tags.IDENTITY) == platform)


def carried(cluster: Mapping[str, Any]) -> dict[str, Any]:
    """What later tasks need of a cluster: keys of `Found.extra`, an empty text for what EKS has not made yet."""
    return {
        "arn": cluster["arn"],
        "version": cluster["version"],
        "status": cluster["status"],
        "endpoint": cluster.get("endpoint", ""),
        "certificate_authority": cluster.get("certificateAuthority", {}).get("data", ""),
        "oidc_issuer": cluster.get("identity", {}).get("oidc", {}).get("issuer", ""),
        "security_group": cluster.get("resourcesVpcConfig", {}).get("clusterSecurityGroupId", ""),
    }


def tell(known: Known, cluster: Mapping[str, Any]) -> None:
    """Makes a cluster, and the security group that EKS made with it, known to later tasks."""
    known.found(cluster_ref(cluster["name"]), Found(cluster["name"], extra=carried(cluster)))
    group = carried(cluster)["security_group"]
    if group:
        known.found(Ref("cluster_security_group", cluster["name"]), Found(group))


def standing_cluster(api: Api, platform: str, known: Known) -> Mapping[str, Any]:
    """The platform's cluster as `carried` tells it, `{}` where none stands; read unless it is known to be ACTIVE."""
    ref = cluster_ref(platform)
    if known.deleted(ref):
        return {}
    if known.id(ref) is None or known.entry(ref).get("status") != "ACTIVE":
        cluster = describe_cluster(api, platform)
        if cluster is None or cluster["status"] == "DELETING" or not ours(cluster, platform):
            return {}
        tell(known, cluster)
    return known.entry(ref)


def issues(thing: Mapping[str, Any]) -> str:
    """The health issues of a cluster, an add-on or a node group in AWS's words, or an empty text."""
    found = thing.get("health", {}).get("issues", [])
    return "; ".join(f"{issue.get('code', '')}: {issue.get('message', '')}".strip(": ") for issue in found)


def cluster_status(api: Api, name: str) -> Status:
    """One look at a cluster that is waited for."""
    cluster = describe_cluster(api, name)
    if cluster is None:
        return Status(False, "not visible yet")
    status = cluster["status"]
    failed = (issues(cluster) or "EKS names no reason") if status == "FAILED" else ""
    return Status(status == "ACTIVE", status, failed)


def cluster_gone(api: Api, name: str) -> Status:
    cluster = describe_cluster(api, name)
    return Status(True, "gone") if cluster is None else Status(False, cluster["status"])


def wait_until_active(api: Api, platform: str, known: Known) -> None:
    """Waits for the platform's cluster to be ACTIVE: what is made in it, and other updates, need that."""
    if known.entry(cluster_ref(platform)).get("status") == "ACTIVE":
        return
    look = partial(cluster_status, api, platform)
    until(look, cluster_ref(platform).words, CLUSTER_WAIT, api.say)
    cluster = describe_cluster(api, platform)
    if cluster is not None:
        tell(known, cluster)


def before_changes(api: Api, platform: str, known: Known, *, absent: bool) -> None:
    """A cluster takes changes of what is in it only while it is ACTIVE.

    What a cluster that is gone has left behind is deleted without it.
    """
    if not absent or standing_cluster(api, platform, known):
        wait_until_active(api, platform, known)


def update_status(api: Api, name: str, update_id: str, **of: str) -> Status:
    """One look at an update of a cluster, or of what `of` names in it (`nodegroupName`, `addonName`)."""
    update = api.optional(
        lambda: api.eks.describe_update(name=name, updateId=update_id, **of)["update"], "ResourceNotFoundException"
    )
    if update is None:
        return Status(False, "not visible yet")
    failed = ""
    if update["status"] in ("Failed", "Cancelled"):
        errors = update.get("errors", [])
        reasons = [f"{error.get('errorCode', '')}: {error.get('errorMessage', '')}" for error in errors]
        failed = "; ".join(reasons) or "EKS names no reason"
    return Status(update["status"] == "Successful", update["status"], failed)


def finished(api: Api, name: str, answer: Mapping[str, Any]) -> None:
    """Waits for the update that a call has begun, then for the cluster to be ACTIVE: EKS takes one update at a time."""
    update = answer["update"]
    look = partial(update_status, api, name, update["id"])
    until(look, f"{update['type']} of {cluster_ref(name).words}", UPDATE_WAIT, api.say)
    until(partial(cluster_status, api, name), cluster_ref(name).words, CLUSTER_WAIT, api.say)


def tag(api: Api, arn: str, tags: Mapping[str, str]) -> None:
    api.eks.tag_resource(resourceArn=arn, tags=dict(tags))


def untag(api: Api, arn: str, keys: Sequence[str]) -> None:
    api.eks.untag_resource(resourceArn=arn, tagKeys=list(keys))

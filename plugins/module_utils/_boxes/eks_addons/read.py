# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What stands of the add-ons of a platform's cluster."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from typing import Any

from ..._aws.client import Api
from ..._aws.eks import clusters as eks
from ..._core.known import Known
from ..._core.plan import Found, Observed, Ref
from .model import EksAddons

FAILED = frozenset({"CREATE_FAILED", "UPDATE_FAILED", "DELETE_FAILED"})


def read(api: Api, spec: EksAddons, known: Known) -> Observed:
    """All add-ons but those of the other phase; a cluster that EKS is still making has none yet."""
    cluster = eks.standing_cluster(api, spec.platform, known)
    if not cluster or cluster["status"] in ("CREATING", "PENDING", "FAILED"):
        return {}
    names = [name for name in list_addons(api, spec.platform) if name not in spec.others]
    answers = api.together([partial(found_addon, api, spec.platform, name) for name in names])
    return {Ref("eks_addon", name): found for name, found in zip(names, answers, strict=True) if found is not None}


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

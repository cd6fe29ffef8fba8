"""Pod identity associations, those that belong to an add-on too."""

from __future__ import annotations

import uuid
from typing import Any

from sandbox.aws.front.call import Call
from sandbox.aws.services.eks import addon_catalogue, roles
from sandbox.aws.services.eks.model import (
    Cluster,
    active_cluster_of,
    arn,
    cluster_of,
    in_use,
    invalid_parameter,
    not_found,
    now,
    page,
)

SUMMARY = ("clusterName", "namespace", "serviceAccount", "associationArn", "associationId", "ownerArn")


def create_pod_identity_association(call: Call) -> dict[str, Any]:
    cluster = active_cluster_of(call)
    p = call.parameters
    _refuse_duplicate(cluster, p["namespace"], p["serviceAccount"])
    _check_role(call, p["roleArn"])
    return {"association": _make(cluster, p["namespace"], p["serviceAccount"], p["roleArn"], p)}


def _make(
    cluster: Cluster, namespace: str, service_account: str, role_arn: str, p: dict[str, Any], owner: str | None = None
) -> dict[str, Any]:
    identity = f"a-{uuid.uuid4().hex[:17]}"
    moment = now()
    association = {
        "clusterName": cluster.name,
        "namespace": namespace,
        "serviceAccount": service_account,
        "roleArn": role_arn,
        "associationArn": arn(cluster, "podidentityassociation", identity),
        "associationId": identity,
        "tags": p.get("tags") or {},
        "createdAt": moment,
        "modifiedAt": moment,
        "disableSessionTags": bool(p.get("disableSessionTags", False)),
    }
    if p.get("targetRoleArn"):
        association |= {"targetRoleArn": p["targetRoleArn"], "externalId": str(uuid.uuid4())}
    if p.get("policy"):
        association["policy"] = p["policy"]
    if owner:
        association["ownerArn"] = owner
    cluster.associations[identity] = association
    return association


def _association(call: Call) -> tuple[Cluster, dict[str, Any]]:
    cluster = cluster_of(call)
    identity = call.parameters["associationId"]
    if identity not in cluster.associations:
        raise not_found(f"The association {identity} could not be found.", clusterName=cluster.name)
    return cluster, cluster.associations[identity]


def describe_pod_identity_association(call: Call) -> dict[str, Any]:
    return {"association": _association(call)[1]}


def list_pod_identity_associations(call: Call) -> dict[str, Any]:
    p = call.parameters
    found = [
        {key: item[key] for key in SUMMARY if key in item}
        for item in cluster_of(call).associations.values()
        if p.get("namespace") in (None, item["namespace"]) and p.get("serviceAccount") in (None, item["serviceAccount"])
    ]
    return page(call, "associations", found)


def update_pod_identity_association(call: Call) -> dict[str, Any]:
    _, association = _association(call)
    p = call.parameters
    if p.get("roleArn"):
        _check_role(call, p["roleArn"])
    for key in ("roleArn", "disableSessionTags", "targetRoleArn", "policy"):
        if p.get(key) is not None:
            association[key] = p[key]
    association["modifiedAt"] = now()
    return {"association": association}


def delete_pod_identity_association(call: Call) -> dict[str, Any]:
    cluster, association = _association(call)
    return {"association": cluster.associations.pop(association["associationId"])}


def check_owned(call: Call, addon: str, wanted: list[dict[str, str]]) -> None:
    """:raises AwsError: InvalidParameterException for a service account that the add-on does not have"""
    known = addon_catalogue.ADDONS[addon].pod_identity or {}
    for item in wanted:
        if item["serviceAccount"] not in known:
            raise invalid_parameter(
                f"The service account {item['serviceAccount']} is not supported for the addon {addon}", addonName=addon
            )
        _check_role(call, item["roleArn"])


def set_owned(call: Call, cluster: Cluster, addon: dict[str, Any], wanted: list[dict[str, str]]) -> list[str]:
    """Make the add-on's associations equal to those wanted; returns their ARNs."""
    owner, namespace = addon["addonArn"], addon_catalogue.ADDONS[addon["addonName"]].namespace
    present = {item["serviceAccount"]: item for item in cluster.associations.values() if item.get("ownerArn") == owner}
    for name, item in present.items():
        if name not in [one["serviceAccount"] for one in wanted]:
            del cluster.associations[item["associationId"]]
    arns = []
    for one in wanted:
        item = present.get(one["serviceAccount"]) or {}
        if not item:
            _refuse_duplicate(cluster, namespace, one["serviceAccount"])
            item = _make(cluster, namespace, one["serviceAccount"], one["roleArn"], {}, owner)
        item["roleArn"] = one["roleArn"]
        arns.append(item["associationArn"])
    return arns


def remove_owned(cluster: Cluster, owner: str) -> None:
    for identity in [key for key, item in cluster.associations.items() if item.get("ownerArn") == owner]:
        del cluster.associations[identity]


def _refuse_duplicate(cluster: Cluster, namespace: str, service_account: str) -> None:
    for item in cluster.associations.values():
        if (item["namespace"], item["serviceAccount"]) == (namespace, service_account):
            raise in_use(f"Association already exists: {item['associationId']}", clusterName=cluster.name)


def _check_role(call: Call, role_arn: str) -> None:
    if role_arn.split(":")[4:5] != [call.account]:
        raise invalid_parameter(f"The role {role_arn} is not in the cluster's account: use targetRoleArn")
    role = roles.find_role(role_arn, call.account)
    if role is None:
        raise invalid_parameter(f"Role provided in the request does not exist: {role_arn}")
    if not roles.trusts(role, "pods.eks.amazonaws.com"):
        raise invalid_parameter("Trust policy of the role does not let pods.eks.amazonaws.com assume it")

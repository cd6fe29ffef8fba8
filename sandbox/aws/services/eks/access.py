"""Access entries and their policies."""

from __future__ import annotations

from typing import Any

from sandbox.aws.front.call import Call
from sandbox.aws.front.moto_bridge import backend
from sandbox.aws.services.eks import roles
from sandbox.aws.services.eks.model import (
    AccessEntry,
    Cluster,
    active_cluster_of,
    arn,
    cluster_of,
    in_use,
    invalid_parameter,
    invalid_request,
    new_id,
    not_found,
    now,
    page,
)

POLICY_PREFIX = "arn:aws:eks::aws:cluster-access-policy/"
# "Review access policy permissions" in the EKS user guide.
POLICIES = (
    "AmazonEKSAdminPolicy",
    "AmazonEKSAdminViewPolicy",
    "AmazonEKSClusterAdminPolicy",
    "AmazonEKSEditPolicy",
    "AmazonEKSViewPolicy",
    "AmazonEKSSecretReaderPolicy",
    "AmazonEKSAutoNodePolicy",
    "AmazonEKSBlockStoragePolicy",
    "AmazonEKSLoadBalancingPolicy",
    "AmazonEKSNetworkingPolicy",
    "AmazonEKSComputePolicy",
    "AmazonEKSBlockStorageClusterPolicy",
    "AmazonEKSComputeClusterPolicy",
    "AmazonEKSLoadBalancingClusterPolicy",
    "AmazonEKSNetworkingClusterPolicy",
    "AmazonEKSServicePolicy",
    "AmazonEKSHybridPolicy",
    "AmazonEKSClusterInsightsPolicy",
    "AmazonEKSACKPolicy",
    "AmazonEKSArgoCDClusterPolicy",
    "AmazonEKSArgoCDPolicy",
    "AmazonEKSKROPolicy",
)
TYPES = ("STANDARD", "EC2_LINUX", "EC2_WINDOWS", "FARGATE_LINUX", "EC2", "HYBRID_LINUX", "HYPERPOD_LINUX")
NODE_USERNAME = "system:node:{{EC2PrivateDNSName}}"


def create_access_entry(call: Call) -> dict[str, Any]:
    cluster = active_cluster_of(call)
    _refuse_config_map_mode(cluster)
    p = call.parameters
    principal, kind = p["principalArn"], p.get("type") or "STANDARD"
    if principal in cluster.access_entries:
        raise in_use("The specified access entry resource is already in use on this cluster.", clusterName=cluster.name)
    if kind not in TYPES:
        raise invalid_parameter(f"The type '{kind}' is not valid: one of {', '.join(TYPES)}", clusterName=cluster.name)
    _check_principal(call, principal, kind)
    if kind != "STANDARD" and (p.get("kubernetesGroups") or p.get("username")):
        raise invalid_parameter(f"You cannot set groups or a username for an access entry of type {kind}")
    for group in p.get("kubernetesGroups") or []:
        if group.startswith(("system:", "eks:", "aws:", "amazon:", "iam:")):
            raise invalid_parameter(f"The kubernetes group name {group} is invalid, it cannot start with system:")
    entry = make_entry(cluster, principal, kind, p.get("kubernetesGroups") or [], p.get("username"), p.get("tags"))
    return {"accessEntry": entry.data}


def make_entry(
    cluster: Cluster,
    principal: str,
    kind: str,
    groups: list[str] | None = None,
    username: str | None = None,
    tags: dict[str, str] | None = None,
    made_by_eks: bool = False,
) -> AccessEntry:
    resource_type, _, name = principal.rpartition(":")[2].partition("/")
    if kind in ("EC2_LINUX", "EC2_WINDOWS", "EC2", "HYBRID_LINUX", "HYPERPOD_LINUX"):
        username, groups = NODE_USERNAME, ["system:nodes"]
    if username is None:
        username = principal
        if resource_type == "role":
            account, role = principal.split(":")[4], name.rpartition("/")[2]
            username = f"arn:aws:sts::{account}:assumed-role/{role}/{{{{SessionName}}}}"
    moment = now()
    data = {
        "clusterName": cluster.name,
        "principalArn": principal,
        "kubernetesGroups": groups or [],
        "accessEntryArn": arn(
            cluster, "access-entry", resource_type, principal.split(":")[4], name.rpartition("/")[2], new_id()
        ),
        "createdAt": moment,
        "modifiedAt": moment,
        "tags": tags or {},
        "username": username,
        "type": kind,
    }
    entry = AccessEntry(data, made_by_eks=made_by_eks)
    cluster.access_entries[principal] = entry
    return entry


def make_creator_entry(cluster: Cluster) -> None:
    """The creator becomes cluster admin: for a session, the role behind it."""
    principal = cluster.creator
    if ":assumed-role/" in principal:
        role_name = principal.split("/")[1]
        found = [role.arn for role in backend("iam", cluster.account, "aws").roles.values() if role.name == role_name]
        principal = found[0] if found else f"arn:aws:iam::{cluster.account}:role/{role_name}"
    entry = make_entry(cluster, principal, "STANDARD")
    _associate(entry, POLICY_PREFIX + "AmazonEKSClusterAdminPolicy", {"type": "cluster", "namespaces": []})


def describe_access_entry(call: Call) -> dict[str, Any]:
    return {"accessEntry": _entry(call)[1].data}


def list_access_entries(call: Call) -> dict[str, Any]:
    cluster = cluster_of(call)
    _refuse_config_map_mode(cluster)
    policy = call.parameters.get("associatedPolicyArn")
    entries = [arn for arn, entry in cluster.access_entries.items() if not policy or policy in entry.policies]
    return page(call, "accessEntries", entries)


def update_access_entry(call: Call) -> dict[str, Any]:
    _, entry = _entry(call)
    p = call.parameters
    if entry.data["type"] != "STANDARD":
        raise invalid_request(f"You cannot update an access entry of type {entry.data['type']}")
    for key in ("kubernetesGroups", "username"):
        if p.get(key) is not None:
            entry.data[key] = p[key]
    entry.data["modifiedAt"] = now()
    return {"accessEntry": entry.data}


def delete_access_entry(call: Call) -> dict[str, Any]:
    cluster, entry = _entry(call)
    del cluster.access_entries[entry.data["principalArn"]]
    return {}


def associate_access_policy(call: Call) -> dict[str, Any]:
    cluster, entry = _entry(call)
    p = call.parameters
    policy, scope = p["policyArn"], p["accessScope"]
    if not policy.startswith(POLICY_PREFIX) or policy.removeprefix(POLICY_PREFIX) not in POLICIES:
        raise invalid_parameter(f"The policyArn {policy} is not valid", clusterName=cluster.name)
    if entry.data["type"] not in ("STANDARD", "EC2", "HYPERPOD_LINUX"):
        raise invalid_request(
            f"You cannot associate an access policy with an access entry of type {entry.data['type']}"
        )
    if scope.get("type") == "namespace" and not scope.get("namespaces"):
        raise invalid_parameter("A scope of type namespace needs at least one namespace")
    if scope.get("type") == "cluster" and scope.get("namespaces"):
        raise invalid_parameter("A scope of type cluster takes no namespaces")
    associated = _associate(entry, policy, {"type": scope["type"], "namespaces": scope.get("namespaces") or []})
    return {
        "clusterName": cluster.name,
        "principalArn": entry.data["principalArn"],
        "associatedAccessPolicy": associated,
    }


def _associate(entry: AccessEntry, policy: str, scope: dict[str, Any]) -> dict[str, Any]:
    moment = now()
    before = entry.policies.get(policy)
    entry.policies[policy] = {
        "policyArn": policy,
        "accessScope": scope,
        "associatedAt": before["associatedAt"] if before else moment,
        "modifiedAt": moment,
    }
    return entry.policies[policy]


def disassociate_access_policy(call: Call) -> dict[str, Any]:
    _, entry = _entry(call)
    if entry.policies.pop(call.parameters["policyArn"], None) is None:
        raise not_found("The specified access policy is not associated with the specified access entry.")
    return {}


def list_associated_access_policies(call: Call) -> dict[str, Any]:
    cluster, entry = _entry(call)
    answer = page(call, "associatedAccessPolicies", list(entry.policies.values()))
    return {"clusterName": cluster.name, "principalArn": entry.data["principalArn"], **answer}


def list_access_policies(call: Call) -> dict[str, Any]:
    return page(call, "accessPolicies", [{"name": name, "arn": POLICY_PREFIX + name} for name in POLICIES])


def _entry(call: Call) -> tuple[Cluster, AccessEntry]:
    cluster = cluster_of(call)
    _refuse_config_map_mode(cluster)
    entry = cluster.access_entries.get(call.parameters["principalArn"])
    if entry is None:
        raise not_found(
            "The specified principalArn could not be found. You can view your available access entries with "
            "'list-access-entries'.",
            clusterName=cluster.name,
        )
    return cluster, entry


def _refuse_config_map_mode(cluster: Cluster) -> None:
    if cluster.data["accessConfig"]["authenticationMode"] == "CONFIG_MAP":
        raise invalid_request(
            "The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP] to perform this "
            "operation.",
            clusterName=cluster.name,
        )


def _check_principal(call: Call, principal: str, kind: str) -> None:
    message = "The specified principalArn is invalid: invalid principal."
    parts = principal.split(":")
    if len(parts) != 6 or parts[2] != "iam" or not parts[5].startswith(("role/", "user/", "root")):
        raise invalid_parameter(message)
    if "/aws-service-role/" in principal:
        raise invalid_parameter("The caller is not allowed to use a service-linked role as principal.")
    if kind != "STANDARD" and not parts[5].startswith("role/"):
        raise invalid_parameter(f"An access entry of type {kind} needs an IAM role")
    # EKS validates principals of the cluster's own account.
    if parts[4] == call.account and parts[5].startswith("role/") and roles.find_role(principal, call.account) is None:
        raise invalid_parameter(message)
    if parts[4] == call.account and parts[5].startswith("user/"):
        users = backend("iam", call.account, "aws").users.values()
        if not any(user.arn == principal for user in users):
            raise invalid_parameter(message)

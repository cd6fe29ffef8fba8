# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kind `access_entry`: its calls, one a function, and what stands of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from ..._core.box import Kind, Target
from ..._core.plan import Found
from ..client import Api
from . import common as eks
from .model import CLUSTER_SCOPE


def create_access_entry(api: Api, entry: Target) -> str:
    wanted = entry.attributes
    parameters: dict[str, Any] = {
        "clusterName": wanted["cluster"],
        "principalArn": wanted["principal"],
        "type": wanted["type"],
        "tags": dict(entry.tags),
    }
    if wanted.get("kubernetes_groups"):
        parameters["kubernetesGroups"] = list(wanted["kubernetes_groups"])
    if wanted.get("username"):
        parameters["username"] = wanted["username"]
    return str(api.eks.create_access_entry(**parameters)["accessEntry"]["accessEntryArn"])


def update_access_entry(api: Api, entry: Target) -> None:
    changed = {field.attribute: field.after for field in entry.fields}
    parameters: dict[str, Any] = {}
    if "kubernetes_groups" in changed:
        parameters["kubernetesGroups"] = list(changed["kubernetes_groups"])
    if "username" in changed:
        parameters["username"] = changed["username"]
    api.eks.update_access_entry(
        clusterName=entry.attributes["cluster"], principalArn=entry.attributes["principal"], **parameters
    )


def update_policies(api: Api, entry: Target) -> None:
    """New and changed ones first, so that nobody loses a right for a moment; associating again changes the scope."""
    wanted, before = entry.attributes["policies"], entry.before.get("policies", {})
    for policy, scope in wanted.items():
        if before.get(policy) != scope:
            associate_policy(api, entry, policy, scope)
    for policy in before:
        if policy not in wanted:
            disassociate_policy(api, entry, policy)


def _policy_arn(entry: Target, policy: str) -> str:
    return f"arn:{entry.spec.account.partition}:eks::aws:cluster-access-policy/{policy}"


def associate_policy(api: Api, entry: Target, policy: str, scope: str | Sequence[str]) -> None:
    api.eks.associate_access_policy(
        clusterName=entry.attributes["cluster"],
        principalArn=entry.attributes["principal"],
        policyArn=_policy_arn(entry, policy),
        accessScope={"type": "cluster"} if scope == CLUSTER_SCOPE else {"type": "namespace", "namespaces": list(scope)},
    )


def disassociate_policy(api: Api, entry: Target, policy: str) -> None:
    api.eks.disassociate_access_policy(
        clusterName=entry.attributes["cluster"],
        principalArn=entry.attributes["principal"],
        policyArn=_policy_arn(entry, policy),
    )


def delete_access_entry(api: Api, entry: Target) -> None:
    api.eks.delete_access_entry(clusterName=entry.attributes["cluster"], principalArn=entry.attributes["principal"])


def tag_access_entry(api: Api, entry: Target, tags: Mapping[str, str]) -> None:
    eks.tag(api, entry.id, tags)


def untag_access_entry(api: Api, entry: Target, keys: Sequence[str]) -> None:
    eks.untag(api, entry.id, keys)


def list_access_entries(api: Api, cluster: str) -> list[str]:
    """ARNs of the principals; `[]` for a cluster of authentication mode CONFIG_MAP, which has none."""
    found = api.optional(
        lambda: api.eks.pages("list_access_entries", "accessEntries", clusterName=cluster), "InvalidRequestException"
    )
    return list(found or [])


def describe_access_entry(api: Api, cluster: str, principal: str) -> dict[str, Any] | None:
    answer: dict[str, Any] | None = api.optional(
        lambda: api.eks.describe_access_entry(clusterName=cluster, principalArn=principal)["accessEntry"],
        "ResourceNotFoundException",
    )
    return answer


def associated_policies(api: Api, cluster: str, principal: str) -> dict[str, Any]:
    """Name of each policy -> `cluster`, or its namespaces; `{}` for an entry that is gone."""
    parameters = {"clusterName": cluster, "principalArn": principal}
    entries = api.optional(
        lambda: api.eks.pages("list_associated_access_policies", "associatedAccessPolicies", **parameters),
        "ResourceNotFoundException",
    )
    return {
        entry["policyArn"].rpartition("/")[2]: CLUSTER_SCOPE
        if entry["accessScope"]["type"] == "cluster"
        else sorted(entry["accessScope"].get("namespaces", []))
        for entry in entries or []
    }


def found_access_entry(api: Api, cluster: str, principal: str) -> Found | None:
    """An access entry with its policies: two calls, side by side."""
    calls: list[Callable[[], dict[str, Any] | None]] = [
        partial(describe_access_entry, api, cluster, principal),
        partial(associated_policies, api, cluster, principal),
    ]
    entry, policies = api.together(calls)
    if entry is None:
        return None
    attributes = {
        "arn": entry["accessEntryArn"],
        "cluster": cluster,
        "kubernetes_groups": sorted(entry.get("kubernetesGroups", [])),
        "policies": policies,
        "principal": principal,
        "type": entry["type"],
        "username": entry.get("username"),
    }
    return Found(entry["accessEntryArn"], attributes, entry.get("tags", {}))


ACCESS_ENTRY = Kind(
    name="access_entry",
    immutable=frozenset({"type"}),
    create=create_access_entry,
    update={"kubernetes_groups": update_access_entry, "username": update_access_entry, "policies": update_policies},
    after_create=("policies",),
    delete=delete_access_entry,
    tag=tag_access_entry,
    untag=untag_access_entry,
)
"""Attributes `cluster`, `principal` (ARN), `type`, and for STANDARD `kubernetes_groups`, `policies`, `username`.
It needs `account` in what the box's `parse` returns."""

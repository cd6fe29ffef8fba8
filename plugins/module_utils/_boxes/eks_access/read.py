# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What stands of the access to a platform's cluster."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from ..._aws import tags
from ..._aws.client import Api
from ..._aws.eks import clusters as eks
from ..._aws.finders import tag
from ..._core.known import Known
from ..._core.plan import Found, Observed, Ref
from .model import CLUSTER_SCOPE, EksAccess


def read(api: Api, spec: EksAccess, known: Known) -> Observed:
    """Access entries, rules of EKS's own security group and the OIDC provider.

    A cluster that EKS is still making has none of them yet.
    """
    cluster = eks.standing_cluster(api, spec.platform, known)
    calls = [partial(_provider, api, spec, cluster.get("oidc_issuer", ""))]
    if cluster and cluster["status"] not in ("CREATING", "PENDING", "FAILED"):
        calls += [partial(_access_entries, api, spec), partial(_rules, api, spec, cluster["security_group"])]
    return {ref: found for part in api.together(calls) for ref, found in part.items()}


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


def _access_entries(api: Api, spec: EksAccess) -> dict[Ref, Found]:
    """Those that are declared or ours; the nodes' entry and those of AWS's own roles are not even looked at."""
    principals = {arn: _declared_name(spec, arn) for arn in list_access_entries(api, spec.platform)}
    principals = {
        arn: name
        for arn, name in principals.items()
        if name or not (arn.endswith(spec.nodes) or ":role/aws-service-role/" in arn)
    }
    answers = api.together([partial(found_access_entry, api, spec.platform, arn) for arn in principals], workers=4)
    return {
        Ref("access_entry", name or arn.rpartition(":")[2]): found
        for (arn, name), found in zip(principals.items(), answers, strict=True)
        if found is not None
    }


def _declared_name(spec: EksAccess, arn: str) -> str | None:
    """A role of the platform is known by its name, which is unique in an account, whatever its path."""
    kind, name = arn.rpartition(":")[2].partition("/")[0], arn.rpartition("/")[2]
    for entry in spec.entries:
        if isinstance(entry.principal, Ref):
            if (kind, name) == ("role", entry.principal.name) and f"::{spec.account.id}:" in arn:
                return entry.name
        elif entry.principal == arn:
            return entry.name
    return None


def _rules(api: Api, spec: EksAccess, group: str) -> dict[Ref, Found]:
    """Rules of EKS's own group that carry a tag of ours; those that EKS made carry none."""
    if not group:
        return {}
    rules = api.ec2.pages(
        "describe_security_group_rules",
        "SecurityGroupRules",
        Filters=[{"Name": "group-id", "Values": [group]}],
    )
    ours = [rule for rule in rules if tag(rule, tags.IDENTITY) == spec.platform]
    return {Ref("cluster_security_group_rule", tag(rule, "Name")): _found_rule(spec, rule) for rule in ours}


def _found_rule(spec: EksAccess, rule: Mapping[str, Any]) -> Found:
    attributes = {
        "cluster": spec.platform,
        "group": rule["GroupId"],
        "port": rule["FromPort"],
        "security_group": rule.get("ReferencedGroupInfo", {}).get("GroupId"),
    }
    return Found(rule["SecurityGroupRuleId"], attributes, tags.from_list(rule.get("Tags")))


def get_provider(api: Api, arn: str) -> dict[str, Any] | None:
    answer: dict[str, Any] | None = api.optional(
        lambda: api.iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn), "NoSuchEntity"
    )
    return answer


def list_providers(api: Api) -> list[str]:
    return [entry["Arn"] for entry in api.iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]]


def _provider(api: Api, spec: EksAccess, issuer: str) -> dict[Ref, Found]:
    """That of the cluster's issuer, or one that a cluster before it has left behind, known by its tags."""
    ref = Ref("oidc_provider", spec.platform)
    if issuer:
        arn = spec.account.arn("iam", f"oidc-provider/{issuer.removeprefix('https://')}", regional=False)
        provider = get_provider(api, arn)
        if provider is not None:
            return {ref: _found_provider(arn, provider, spec.platform)}
    beginning = spec.account.arn("iam", f"oidc-provider/oidc.eks.{spec.account.region}.", regional=False)
    for arn in list_providers(api):
        provider = get_provider(api, arn) if arn.startswith(beginning) else None
        if provider is not None and tags.from_list(provider.get("Tags")).get(tags.IDENTITY) == spec.platform:
            return {ref: _found_provider(arn, provider, None)}
    return {}


def _found_provider(arn: str, provider: Mapping[str, Any], cluster: str | None) -> Found:
    attributes = {"client_ids": sorted(provider.get("ClientIDList", [])), "cluster": cluster}
    return Found(arn, attributes, tags.from_list(provider.get("Tags")))

# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calls that change the access to a cluster, one a function."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..._aws import tags as _tags
from ..._aws.client import Api
from ..._aws.eks import clusters as eks
from ..._core.box import Kind, Target
from ..._core.known import Known
from .model import CLUSTER_SCOPE, EksAccess


def before_apply(api: Api, spec: EksAccess, known: Known) -> None:
    eks.before_changes(api, spec.platform, known, absent=spec.absent)


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


def authorize_rule(api: Api, rule: Target) -> str:
    """On the group that EKS made with the cluster, which no earlier task could name."""
    cluster = eks.describe_cluster(api, rule.attributes["cluster"]) or {}
    answer = api.ec2.authorize_security_group_ingress(
        GroupId=cluster["resourcesVpcConfig"]["clusterSecurityGroupId"],
        IpPermissions=[
            {
                "IpProtocol": "tcp",
                "FromPort": rule.attributes["port"],
                "ToPort": rule.attributes["port"],
                "UserIdGroupPairs": [{"GroupId": rule.attributes["security_group"], "Description": "Kubernetes API"}],
            }
        ],
        TagSpecifications=_tags.specification("security-group-rule", rule.tags),
    )
    return str(answer["SecurityGroupRules"][0]["SecurityGroupRuleId"])


def revoke_rule(api: Api, rule: Target) -> None:
    api.ec2.revoke_security_group_ingress(GroupId=rule.before["group"], SecurityGroupRuleIds=[rule.id])


def tag_rule(api: Api, rule: Target, tags: Mapping[str, str]) -> None:
    api.ec2.create_tags(Resources=[rule.id], Tags=_tags.to_list(tags))


def untag_rule(api: Api, rule: Target, keys: Sequence[str]) -> None:
    api.ec2.delete_tags(Resources=[rule.id], Tags=[{"Key": key} for key in keys])


def create_provider(api: Api, provider: Target) -> str:
    """Without thumbprints: IAM knows the authority that signs for EKS.

    Source: CreateOpenIDConnectProvider, IAM API Reference.
    """
    cluster = eks.describe_cluster(api, provider.attributes["cluster"]) or {}
    answer = api.iam.create_open_id_connect_provider(
        Url=cluster["identity"]["oidc"]["issuer"],
        ClientIDList=list(provider.attributes["client_ids"]),
        Tags=_tags.to_list(provider.tags),
    )
    return str(answer["OpenIDConnectProviderArn"])


def update_client_ids(api: Api, provider: Target) -> None:
    wanted, before = provider.attributes["client_ids"], provider.before["client_ids"]
    for client in wanted:
        if client not in before:
            api.iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=provider.id, ClientID=client)
    for client in before:
        if client not in wanted:
            api.iam.remove_client_id_from_open_id_connect_provider(
                OpenIDConnectProviderArn=provider.id, ClientID=client
            )


def delete_provider(api: Api, provider: Target) -> None:
    api.iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=provider.id)


def tag_provider(api: Api, provider: Target, tags: Mapping[str, str]) -> None:
    api.iam.tag_open_id_connect_provider(OpenIDConnectProviderArn=provider.id, Tags=_tags.to_list(tags))


def untag_provider(api: Api, provider: Target, keys: Sequence[str]) -> None:
    api.iam.untag_open_id_connect_provider(OpenIDConnectProviderArn=provider.id, TagKeys=list(keys))


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
"""Attributes `cluster`, `principal` (ARN), `type`, and for STANDARD `kubernetes_groups`, `policies`, `username`."""

OIDC_PROVIDER = Kind(
    name="oidc_provider",
    immutable=frozenset({"cluster"}),
    create=create_provider,
    update={"client_ids": update_client_ids},
    delete=delete_provider,
    tag=tag_provider,
    untag=untag_provider,
)
"""Attributes `cluster`, whose issuer it stands for, and `client_ids`, its audiences."""

KINDS = (
    Kind(
        name="cluster_security_group_rule",
        immutable=frozenset({"port", "security_group"}),
        create=authorize_rule,
        delete=revoke_rule,
        tag=tag_rule,
        untag=untag_rule,
    ),
    ACCESS_ENTRY,
    OIDC_PROVIDER,
)

# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The security group that EKS makes with a cluster, and the kind `cluster_security_group_rule`: rules of ours in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..._core.box import Kind, Target
from ..._core.plan import Found
from .. import tags as _tags
from ..client import Api
from ..ec2 import common as ec2
from ..ec2.model import tags_of
from .common import describe_cluster


def find_cluster_security_groups(api: Api, platform: str, names: Sequence[str]) -> dict[str, Found]:
    """EKS's own group of each cluster, by the tag that EKS gives it."""
    entries = api.ec2.pages(
        "describe_security_groups",
        "SecurityGroups",
        Filters=[{"Name": "tag:aws:eks:cluster-name", "Values": sorted(names)}],
    )
    return {tags_of(entry)["aws:eks:cluster-name"]: Found(entry["GroupId"]) for entry in entries}


def authorize_rule(api: Api, rule: Target) -> str:
    """On the group that EKS made with the cluster, which no earlier task could name."""
    cluster = describe_cluster(api, rule.attributes["cluster"]) or {}
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


def security_group_rules(api: Api, group: str) -> list[dict[str, Any]]:
    """All rules of a group with their tags."""
    answer: list[dict[str, Any]] = api.ec2.pages(
        "describe_security_group_rules", "SecurityGroupRules", Filters=ec2.filters(group_id=group)
    )
    return answer


def found_rule(cluster: str, rule: Mapping[str, Any]) -> Found:
    attributes = {
        "cluster": cluster,
        "group": rule["GroupId"],
        "port": rule["FromPort"],
        "security_group": rule.get("ReferencedGroupInfo", {}).get("GroupId"),
    }
    return Found(rule["SecurityGroupRuleId"], attributes, tags_of(rule))


CLUSTER_SECURITY_GROUP = Kind(
    name="cluster_security_group", find=find_cluster_security_groups, made_by="eks", beside="eks_cluster"
)


CLUSTER_SECURITY_GROUP_RULE = Kind(
    name="cluster_security_group_rule",
    immutable=frozenset({"port", "security_group"}),
    create=authorize_rule,
    delete=revoke_rule,
    tag=ec2.tag,
    untag=ec2.untag,
)

"""What access entries are declared to be."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.slipway.platform.plugins.module_utils._aws.account import Account
from ansible_collections.slipway.platform.plugins.module_utils._boxes.eks_access.box import BOX
from ansible_collections.slipway.platform.plugins.module_utils._boxes.eks_access.model import EksAccess, parse
from ansible_collections.slipway.platform.plugins.module_utils._boxes.eks_access.plan import declare
from ansible_collections.slipway.platform.plugins.module_utils._core.options import checked
from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Ref, Refusal, Resource

ROLE = "arn:aws:iam::123456789012:role/team/operator"


def parsed(partition: str = "aws", **options: Any) -> EksAccess:
    account = Account("123456789012", "eu-west-1", partition)
    return parse(checked(BOX.specification, {"platform_name": "demo", **options}), account)


def declared(spec: EksAccess, kind: str) -> list[Resource]:
    return [resource for resource in declare(spec, {}) if resource.ref.kind == kind]


def test_operators_administer_the_whole_cluster() -> None:
    spec = parsed(operator_roles=["operator"], operator_role_arns=[ROLE])
    entries = declared(spec, "access_entry")
    assert [entry.ref.name for entry in entries] == ["role/demo-operator", "role/team/operator"]
    assert [entry.attributes["principal"] for entry in entries] == [Ref("iam_role", "demo-operator"), ROLE]
    for entry in entries:
        assert entry.attributes["policies"] == {"AmazonEKSClusterAdminPolicy": "cluster"}
        assert "username" not in entry.attributes, "EKS chooses it"


def test_entries_of_nodes_declare_neither_groups_nor_policies() -> None:
    entry = {"principal_arn": "arn:aws:iam::123456789012:role/hybrid", "type": "HYBRID_LINUX"}
    (_, resource) = declared(parsed(operator_role_arns=[ROLE], access_entries=[entry]), "access_entry")
    assert set(resource.attributes) == {"cluster", "principal", "type"}


def test_a_policy_holds_in_the_named_namespaces() -> None:
    policies = [{"policy": "AmazonEKSViewPolicy", "namespaces": ["web", "jobs", "web"]}]
    entry = {"principal_arn": "arn:aws:iam::123456789012:user/me", "policies": policies}
    (resource,) = declared(parsed(access_entries=[entry]), "access_entry")
    assert resource.ref.name == "user/me"
    assert resource.attributes["policies"] == {"AmazonEKSViewPolicy": ["jobs", "web"]}


def test_tokens_are_for_the_sts_of_the_partition() -> None:
    assert declared(parsed(operator_role_arns=[ROLE]), "oidc_provider")[0].attributes["client_ids"] == [
        "sts.amazonaws.com"
    ]
    china = declared(parsed("aws-cn", operator_role_arns=[ROLE]), "oidc_provider")
    assert china[0].attributes["client_ids"] == ["sts.amazonaws.com.cn"]


def test_a_deletion_needs_no_operator() -> None:
    assert parsed(state="absent").entries == ()
    with pytest.raises(Refusal, match="else nobody can enter"):
        parsed()

"""A life of the module eks_access."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.slipway.platform.plugins.module_utils._boxes.eks_access.box import BOX
from ansible_collections.slipway.platform.plugins.module_utils._boxes.eks_cluster.box import BOX as CLUSTER
from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Impossible, Refusal

from .conftest import ACCOUNT, Emulator
from .foundation import OPERATOR, Foundation, lay, make_cluster, make_nodes
from .life import Life, expect_cluster_missing

WRITES = {
    **{
        key: {"access_entry"}
        for key in (
            "AssociateAccessPolicy",
            "CreateAccessEntry",
            "DeleteAccessEntry",
            "DisassociateAccessPolicy",
            "TagResource",
            "UntagResource",
            "UpdateAccessEntry",
        )
    },
    **{
        key: {"cluster_security_group_rule"}
        for key in ("AuthorizeSecurityGroupIngress", "CreateTags", "DeleteTags", "RevokeSecurityGroupIngress")
    },
    **{
        key: {"oidc_provider"}
        for key in (
            "AddClientIDToOpenIDConnectProvider",
            "CreateOpenIDConnectProvider",
            "DeleteOpenIDConnectProvider",
            "RemoveClientIDFromOpenIDConnectProvider",
            "TagOpenIDConnectProvider",
            "UntagOpenIDConnectProvider",
        )
    },
}
OTHER = f"arn:aws:iam::{ACCOUNT}:role/demo-other"
CREATE = [
    "create cluster_security_group_rule demo-nodes-443",
    "create access_entry role/operator",
    "create oidc_provider demo",
]
DELETE = [
    "delete oidc_provider demo",
    "delete access_entry role/operator",
    "delete cluster_security_group_rule demo-nodes-443",
]


def entry(**changed: Any) -> dict[str, Any]:
    return {
        "principal_arn": OTHER,
        "policies": [{"policy": "AmazonEKSViewPolicy", "namespaces": ["web", "jobs"]}],
        **changed,
    }


@pytest.fixture
def foundation(emulator: Emulator) -> Foundation:
    return lay(emulator)


@pytest.fixture
def life(emulator: Emulator, foundation: Foundation) -> Life:
    make_cluster(emulator, foundation)
    return Life(emulator, BOX, WRITES, operator_role_arns=[OPERATOR])


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            {"operator_role_arns": []},
            (
                "operator_role_arns is []; at least one role ARN is required (or an access entry with groups or "
                "policies), else "
                "nobody can enter."
            ),
        ),
        (
            {"operator_role_arns": [f"arn:aws:sts::{ACCOUNT}:assumed-role/admin/me@example.com"]},
            (
                f"operator_role_arns[0] is 'arn:aws:sts::{ACCOUNT}:assumed-role/admin/me@example.com'; a session "
                "ends, name its "
                f"role arn:aws:iam::{ACCOUNT}:role/admin (with its path, if it has one)."
            ),
        ),
        (
            {"operator_role_arns": [f"arn:aws:iam::{ACCOUNT}:user/me"]},
            (
                f"operator_role_arns[0] is 'arn:aws:iam::{ACCOUNT}:user/me'; the ARN of an IAM role is allowed, "
                "such as "
                "arn:aws:iam::123456789012:role/operator."
            ),
        ),
        (
            {
                "operator_role_arns": [
                    f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/eks.amazonaws.com/AWSServiceRoleForAmazonEKS"
                ]
            },
            (
                f"operator_role_arns[0] is 'arn:aws:iam::{ACCOUNT}:role/aws-service-role/eks.amazonaws.com/"
                "AWSServiceRoleForAmazonEKS'; EKS admits no service-linked role."
            ),
        ),
        (
            {"access_entries": [entry(principal_arn=OPERATOR)]},
            f"access_entries[0].principal_arn is '{OPERATOR}'; each principal is allowed once.",
        ),
        (
            {"access_entries": [entry(type="EC2_LINUX")]},
            "access_entries[0].type is 'EC2_LINUX'; groups, user name and policies are allowed with STANDARD only.",
        ),
        (
            {"access_entries": [entry(kubernetes_groups=["viewers", "system:masters"])]},
            (
                "access_entries[0].kubernetes_groups[1] is 'system:masters'; a group is allowed that does not "
                "begin with system:, "
                "eks:, aws:, amazon:, iam:."
            ),
        ),
        (
            {"access_entries": [entry(username="system:admin")]},
            (
                "access_entries[0].username is 'system:admin'; a name is allowed that does not begin with "
                "system:, eks:, aws:, "
                "amazon:, iam:."
            ),
        ),
        (
            {"access_entries": [entry(policies=[{"policy": "cluster-admin"}])]},
            (
                "access_entries[0].policies[0].policy is 'cluster-admin'; the name of an EKS access policy is "
                "allowed, such as "
                "AmazonEKSViewPolicy."
            ),
        ),
        (
            {"access_entries": [entry(policies=[{"policy": "AmazonEKSViewPolicy", "namespaces": ["Web"]}])]},
            (
                "access_entries[0].policies[0].namespaces[0] is 'Web'; a Kubernetes namespace is allowed, * for any "
                "letters in it."
            ),
        ),
        (
            {"access_entries": [entry(typ="STANDARD")]},
            (
                "access_entries[0].typ is 'STANDARD'; it is unknown, allowed are kubernetes_groups, policies, "
                "principal_arn, type, "
                "username."
            ),
        ),
    ],
)
def test_bad_input_is_refused_before_the_first_write(life: Life, options: dict[str, Any], sentence: str) -> None:
    life.emulator.forget()
    with pytest.raises(Refusal) as refused:
        life.run(check_mode=False, **options)
    assert str(refused.value) == sentence
    assert life.emulator.writes() == []


def test_life(life: Life) -> None:
    assert life.turn() == CREATE
    assert life.turn(access_entries=[entry()]) == ["create access_entry role/demo-other"]
    assert life.turn(access_entries=[entry(policies=[{"policy": "AmazonEKSViewPolicy", "namespaces": ["web"]}])]) == [
        "update access_entry role/demo-other policies.AmazonEKSViewPolicy"
    ]
    assert life.turn(access_entries=[entry(policies=[{"policy": "AmazonEKSEditPolicy"}])]) == [
        "update access_entry role/demo-other policies.AmazonEKSEditPolicy,policies.AmazonEKSViewPolicy"
    ]
    assert life.turn(access_entries=[entry(kubernetes_groups=["web"], username="web", policies=[])]) == [
        "update access_entry role/demo-other kubernetes_groups,policies.AmazonEKSEditPolicy,username"
    ]
    assert life.turn(access_entries=[{"principal_arn": OTHER, "type": "EC2_LINUX"}]) == [
        "replace access_entry role/demo-other type"
    ]
    assert life.turn() == ["delete access_entry role/demo-other"]
    assert life.turn(security_groups=["nodes", "pods"]) == ["create cluster_security_group_rule demo-pods-443"]
    assert life.turn() == ["delete cluster_security_group_rule demo-pods-443"]
    assert life.turn(tags={"Owner": "me"}) == [
        "update cluster_security_group_rule demo-nodes-443 tags.Owner",
        "update access_entry role/operator tags.Owner",
        "update oidc_provider demo tags.Owner",
    ]
    assert len(life.turn()) == 3
    assert life.turn(state="absent") == DELETE
    assert life.turn(state="absent") == []
    assert life.turn() == CREATE


def test_changes_by_hand_are_undone(life: Life) -> None:
    life.turn()
    eks, iam, ec2 = (life.emulator.client(service) for service in ("eks", "iam", "ec2"))
    policy = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
    eks.disassociate_access_policy(clusterName="demo", principalArn=OPERATOR, policyArn=policy)
    eks.update_access_entry(clusterName="demo", principalArn=OPERATOR, kubernetesGroups=["more"])
    provider = iam.list_open_id_connect_providers()["OpenIDConnectProviderList"][0]["Arn"]
    iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=provider, ClientID="more")
    iam.remove_client_id_from_open_id_connect_provider(OpenIDConnectProviderArn=provider, ClientID="sts.amazonaws.com")
    group = eks.describe_cluster(name="demo")["cluster"]["resourcesVpcConfig"]["clusterSecurityGroupId"]
    rules = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group]}])["SecurityGroupRules"]
    ours = [rule["SecurityGroupRuleId"] for rule in rules if rule.get("Tags")]
    ec2.revoke_security_group_ingress(GroupId=group, SecurityGroupRuleIds=ours)
    assert life.turn() == [
        "create cluster_security_group_rule demo-nodes-443",
        "update access_entry role/operator kubernetes_groups,policies.AmazonEKSClusterAdminPolicy",
        "update oidc_provider demo client_ids",
    ]


def test_entries_that_eks_made_and_those_of_others_are_left_alone(life: Life, foundation: Foundation) -> None:
    make_nodes(life.emulator, foundation)
    eks = life.emulator.client("eks")
    eks.create_access_entry(clusterName="demo", principalArn=OTHER)
    life.turn()
    life.turn(state="absent")
    nodes = f"arn:aws:iam::{ACCOUNT}:role/demo-nodes"
    assert sorted(eks.list_access_entries(clusterName="demo")["accessEntries"]) == sorted([nodes, OTHER])


def test_an_entry_of_others_is_refused_or_adopted(life: Life) -> None:
    life.emulator.client("eks").create_access_entry(clusterName="demo", principalArn=OPERATOR)
    with pytest.raises(Impossible, match="access entry 'role/operator' exists without the tag slipway:platform=demo"):
        life.run(check_mode=True)
    changes = life.turn(adopt=True)
    assert changes[1] == (
        "update access_entry role/operator policies.AmazonEKSClusterAdminPolicy,tags.Name,tags.slipway:platform"
    )


def test_the_provider_of_a_cluster_before_is_replaced(life: Life, foundation: Foundation) -> None:
    life.turn()
    life.emulator.client("eks").delete_cluster(name="demo")
    make_cluster(life.emulator, foundation)
    assert life.turn()[-1] == "replace oidc_provider demo cluster"
    assert len(life.emulator.client("iam").list_open_id_connect_providers()["OpenIDConnectProviderList"]) == 1


def test_the_provider_that_a_cluster_left_goes_without_a_cluster(life: Life) -> None:
    life.turn()
    life.emulator.client("eks").delete_cluster(name="demo")
    assert life.turn(state="absent") == ["delete oidc_provider demo"]


def test_without_a_cluster_the_error_names_the_role_that_makes_it(emulator: Emulator, foundation: Foundation) -> None:
    life = Life(emulator, BOX, WRITES, operator_role_arns=[OPERATOR])
    expect_cluster_missing(life)


def test_a_planned_cluster_is_enough_for_a_check_run(emulator: Emulator, foundation: Foundation) -> None:
    cluster = Life(emulator, CLUSTER, {}, default_version="1.35")
    life = Life(emulator, BOX, WRITES, operator_role_arns=[OPERATOR])
    planned = life.run(check_mode=True, known=cluster.run(check_mode=True).known)
    assert emulator.client("eks").list_clusters()["clusters"] == []
    made = life.run(check_mode=False, known=cluster.run(check_mode=False).known)
    assert json.dumps(planned.plan.as_list()) == json.dumps(made.plan.as_list())


def test_a_cluster_that_is_to_leave_its_config_map_is_enough_for_a_check_run(
    emulator: Emulator, foundation: Foundation
) -> None:
    make_cluster(emulator, foundation, accessConfig={"authenticationMode": "CONFIG_MAP"})
    known = Life(emulator, CLUSTER, {}, default_version="1.35").run(check_mode=True).known
    planned = Life(emulator, BOX, WRITES, operator_role_arns=[OPERATOR]).run(check_mode=True, known=known)
    assert len(planned.plan.changes) == 3


def test_a_cluster_in_creation_is_waited_for(emulator: Emulator, foundation: Foundation) -> None:
    emulator.set(seconds={"cluster": 1.0})
    started = Life(emulator, CLUSTER, {}, default_version="1.35").run(check_mode=False, wait=False)
    made = Life(emulator, BOX, WRITES, operator_role_arns=[OPERATOR]).run(check_mode=False, known=started.known)
    emulator.set(seconds={"cluster": 0})
    assert len(made.plan.changes) == 3
    assert made.known["eks_cluster"]["demo"]["status"] == "ACTIVE"


def test_an_operator_role_of_the_platform_is_found_whatever_its_path(life: Life) -> None:
    iam = life.emulator.client("iam")
    document = iam.get_role(RoleName="operator")["Role"]["AssumeRolePolicyDocument"]
    tags = [{"Key": "slipway:platform", "Value": "demo"}]
    iam.create_role(RoleName="demo-operator", Path="/team/", AssumeRolePolicyDocument=json.dumps(document), Tags=tags)
    options = {"operator_roles": ["operator"], "operator_role_arns": []}
    assert life.turn(**options)[1] == "create access_entry role/demo-operator"
    assert life.turn(**options, tags={"Owner": "me"})[1] == "update access_entry role/demo-operator tags.Owner"


def test_an_unchanged_run_makes_few_calls(life: Life) -> None:
    known = Life(life.emulator, CLUSTER, {}).run(check_mode=True, default_version="1.35").known
    known = life.run(check_mode=False, known=known).known
    life.emulator.forget()
    life.run(check_mode=False, known=known)
    assert sorted(call["operation"] for call in life.emulator.calls()) == [
        "DescribeAccessEntry",
        "DescribeSecurityGroupRules",
        "GetOpenIDConnectProvider",
        "ListAccessEntries",
        "ListAssociatedAccessPolicies",
    ]

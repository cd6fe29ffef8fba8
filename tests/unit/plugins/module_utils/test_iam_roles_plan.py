"""What the IAM roles of a platform declare."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.slipway.platform.plugins.module_utils._aws.account import Account
from ansible_collections.slipway.platform.plugins.module_utils._aws.iam.model import Iam, iam_role, instance_profile
from ansible_collections.slipway.platform.plugins.module_utils._aws.iam.trust import pod_identity_trust, service_trust
from ansible_collections.slipway.platform.plugins.module_utils._boxes.iam_roles.box import BOX
from ansible_collections.slipway.platform.plugins.module_utils._core.options import checked
from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Ref

ACCOUNT = Account("123456789012", "eu-west-1")
CHINA = Account("123456789012", "cn-north-1", partition="aws-cn")


def statement(services: list[str], account: Account = ACCOUNT) -> dict[str, Any]:
    found: dict[str, Any] = service_trust(services, account)["Statement"][0]
    return found


@pytest.mark.parametrize("service", ["ec2.amazonaws.com", "eks.amazonaws.com", "pods.eks.amazonaws.com"])
def test_no_source_account_where_aws_does_not_support_it(service: str) -> None:
    assert "Condition" not in statement([service])


def test_the_source_account_where_aws_supports_it() -> None:
    tests = statement(["vpc-flow-logs.amazonaws.com"])["Condition"]
    assert tests == {"StringEquals": {"aws:SourceAccount": ["123456789012"]}}


def test_pods_tag_their_sessions() -> None:
    assert statement(["pods.eks.amazonaws.com"])["Action"] == ["sts:AssumeRole", "sts:TagSession"]
    assert statement(["ec2.amazonaws.com"])["Action"] == ["sts:AssumeRole"]


def test_ec2_has_another_name_in_china() -> None:
    assert statement(["ec2.amazonaws.com"], CHINA)["Principal"] == {"Service": ["ec2.amazonaws.com.cn"]}
    assert statement(["eks.amazonaws.com"], CHINA)["Principal"] == {"Service": ["eks.amazonaws.com"]}


def test_pods_of_one_service_account_only() -> None:
    policy = pod_identity_trust(ACCOUNT, cluster="demo", namespace="kube-system", service_account="ebs-csi")
    assert policy["Statement"][0]["Condition"] == {
        "StringEquals": {
            "aws:RequestTag/eks-cluster-name": ["demo"],
            "aws:RequestTag/kubernetes-namespace": ["kube-system"],
            "aws:RequestTag/kubernetes-service-account": ["ebs-csi"],
        }
    }


def test_a_role_may_refer_to_what_others_make() -> None:
    key = Ref("kms_key", "demo-eks")
    policies = {"key": {"Statement": {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": key}}}
    trust = service_trust(["ec2.amazonaws.com"], ACCOUNT)
    role = iam_role("demo", "demo-nodes", trust=trust, tags={}, iam=Iam("/x/", "arn:b"), policies=policies)
    assert role.attributes["policies"]["key"]["Statement"][0]["Resource"] == [key]
    assert (role.attributes["path"], role.attributes["permissions_boundary"]) == ("/x/", "arn:b")
    assert role.tags == {"Name": "demo-nodes", "slipway:platform": "demo"}
    profile = instance_profile("demo", "demo-nodes", tags={}, component="nodes")
    assert profile.attributes["role"] == role.ref
    assert profile.tags == {"Name": "demo-nodes", "slipway:platform": "demo", "slipway:component": "nodes"}


def test_names_of_aws_policies_and_arns_mean_the_same() -> None:
    def attributes(*names: str) -> Any:
        role = {"name": "nodes", "trust_services": ["ec2.amazonaws.com"], "managed_policies": list(names)}
        params = checked(BOX.specification, {"platform_name": "demo", "roles": [role]})
        return BOX.declare(BOX.parse(params, ACCOUNT), {})[0].attributes["managed_policies"]

    own = "arn:aws:iam::123456789012:policy/own"
    short = attributes("service-role/AmazonEBSCSIDriverPolicy", own)
    assert short == attributes(own, "arn:aws:iam::aws:policy/service-role/AmazonEBSCSIDriverPolicy", own)
    assert short == [own, "service-role/AmazonEBSCSIDriverPolicy"]


def test_the_roles_of_add_ons_are_for_the_service_accounts_of_the_add_ons() -> None:
    """Each role that pods assume is bound to its add-on's pods; the names are those of the defaults."""
    role = Path(__file__).resolve().parents[4] / "roles/eks"
    tasks = (role / "tasks/foundation.yml").read_text()
    assert "pods.eks.amazonaws.com" not in tasks, "any pod of any cluster of the account"
    (task,) = [
        entry["slipway.platform.iam_roles"] for entry in yaml.safe_load(tasks) if "slipway.platform.iam_roles" in entry
    ]
    addons = yaml.safe_load((role / "defaults/main.yml").read_text())["eks_addons"]
    bound = {entry["name"]: entry["trust_pod_identity"] for entry in task["roles"] if "trust_pod_identity" in entry}
    assert bound == {
        addon["role"]: {
            "cluster": "{{ platform_name }}",
            "namespace": "kube-system",
            "service_account": addon["service_account"],
        }
        for addon in addons
        if "role" in addon
    }

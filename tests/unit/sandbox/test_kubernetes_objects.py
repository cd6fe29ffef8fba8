"""Nodes, bindings, certificates and kubeconfigs: what the agent writes, without a cluster."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from sandbox.kubernetes import access, kubeconfig, nodes, pki
from sandbox.kubernetes.agent import operator_role, slug

ARN = "arn:aws:iam::123456789012:role/operator"
NODE: dict[str, Any] = {
    "instance_id": "i-0123",
    "private_dns_name": "ip-10-0-0-4.eu-west-1.compute.internal",
    "private_ip": "10.0.0.4",
    "zone": "eu-west-1a",
    "zone_id": "euw1-az1",
    "region": "eu-west-1",
    "instance_type": "m7i.large",
    "capacity_type": "SPOT",
    "nodegroup": "demo-spot",
    "image_id": "ami-1",
    "ami_type": "AL2023_x86_64_STANDARD",
    "version": "1.34",
    "labels": {"team": "a"},
    "taints": [{"key": "spot", "value": "true", "effect": "NO_SCHEDULE"}],
    "max_pods": 29,
    "cpu": 2,
    "memory_mib": 8192,
    "architecture": "amd64",
}


def policy(name: str, *namespaces: str) -> dict[str, Any]:
    scope = (
        {"type": "namespace", "namespaces": list(namespaces)} if namespaces else {"type": "cluster", "namespaces": []}
    )
    return {"policy_arn": f"arn:aws:eks::aws:cluster-access-policy/{name}", "scope": scope}


def entry(*policies: dict[str, Any], arn: str = ARN) -> dict[str, Any]:
    return {"principal_arn": arn, "username": arn, "groups": [], "policies": list(policies)}


def test_a_node_of_a_managed_group() -> None:
    node = nodes.create(NODE, ready=False)
    assert node["spec"]["providerID"] == "aws:///eu-west-1a/i-0123"
    assert node["spec"]["taints"] == [{"key": "spot", "value": "true", "effect": "NoSchedule"}]
    labels = node["metadata"]["labels"]
    assert labels["eks.amazonaws.com/capacityType"] == "SPOT"
    assert labels["eks.amazonaws.com/nodegroup"] == "demo-spot"
    assert labels["topology.kubernetes.io/zone"] == "eu-west-1a"
    assert labels["topology.k8s.aws/zone-id"] == "euw1-az1"
    assert labels["team"] == "a"
    assert node["status"]["nodeInfo"]["kubeletVersion"].startswith("v1.34.")
    assert not nodes.is_ready(node)
    assert nodes.is_ready(nodes.create(NODE, ready=True))


def test_a_node_of_an_auto_scaling_group_has_no_label_of_eks() -> None:
    labels = nodes.labels({**NODE, "nodegroup": None, "labels": {}})
    assert not [name for name in labels if name.startswith("eks.amazonaws.com/")]


def test_the_kubelet_is_of_the_images_release() -> None:
    assert nodes.kubelet_version({**NODE, "release_version": "1.34.7-20261101"}).startswith("v1.34.7-eks-")


def test_what_is_left_to_pods_of_two_cores_and_8_gib() -> None:
    assert nodes.allocatable(2, 8192, 29) == {
        "cpu": "1930m",
        "memory": "7518Mi",
        "pods": "29",
        "ephemeral-storage": "17Gi",
    }


def test_labels_and_taints_follow_the_group_and_leave_others_alone() -> None:
    found = nodes.create(NODE, ready=True)
    assert nodes.change(NODE, found) is None
    found["metadata"]["labels"]["by-hand"] = "stays"
    by_hand = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}
    found["spec"]["taints"].append(by_hand)
    changed = {**NODE, "labels": {"stage": "b"}, "taints": []}
    patch = nodes.change(changed, found)
    assert patch is not None
    assert patch["metadata"]["labels"]["team"] is None
    assert patch["metadata"]["labels"]["stage"] == "b"
    assert "by-hand" not in patch["metadata"]["labels"]
    assert patch["spec"]["taints"] == [by_hand]
    assert json.loads(patch["metadata"]["annotations"][nodes.DECLARED])["taints"] == []


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("AmazonEKSClusterAdminPolicy", "cluster-admin"),
        ("AmazonEKSAdminPolicy", "admin"),
        ("AmazonEKSEditPolicy", "edit"),
        ("AmazonEKSViewPolicy", "view"),
        ("AmazonEKSAdminViewPolicy", access.ADMIN_VIEW),
    ],
)
def test_a_policy_for_the_cluster_is_a_cluster_role_binding(name: str, role: str) -> None:
    (binding,) = access.bindings([entry(policy(name))], []).values()
    assert binding["kind"] == "ClusterRoleBinding"
    assert binding["roleRef"]["name"] == role
    assert binding["subjects"][0]["name"] == access.entry_group(ARN)


def test_a_policy_for_namespaces_binds_in_those_that_stand() -> None:
    found = access.bindings(
        [entry(policy("AmazonEKSEditPolicy", "team-*", "shop"))], ["default", "shop", "team-a", "team-b"]
    )
    assert sorted(binding["metadata"]["namespace"] for binding in found.values()) == ["shop", "team-a", "team-b"]
    assert {binding["kind"] for binding in found.values()} == {"RoleBinding"}


def test_entries_do_not_share_a_binding() -> None:
    other = "arn:aws:iam::123456789012:role/other"
    found = access.bindings([entry(policy("AmazonEKSViewPolicy")), entry(policy("AmazonEKSViewPolicy"), arn=other)], [])
    assert len(found) == 2


def test_a_policy_of_awss_own_controllers_binds_nothing() -> None:
    assert access.bindings([entry(policy("AmazonEKSAutoNodePolicy"))], []) == {}


def test_the_operators_role_is_assumed_only_where_the_caller_has_no_entry() -> None:
    caller = "arn:aws:iam::123456789012:user/sandbox"
    operator = entry(policy("AmazonEKSClusterAdminPolicy"))
    assert operator_role([operator], caller) == ARN
    assert operator_role([operator, entry(arn=caller)], caller) is None
    assert operator_role([entry(policy("AmazonEKSViewPolicy"))], caller) is None
    assert operator_role([entry(policy("AmazonEKSClusterAdminPolicy", "default"))], caller) is None


def test_two_lives_of_one_name_have_two_folders() -> None:
    cluster = {"account": "1", "region": "eu-west-1", "name": "demo"}
    first = slug({**cluster, "oidc_issuer": "https://oidc.eks.eu-west-1.amazonaws.com/id/AAAA1111"})
    second = slug({**cluster, "oidc_issuer": "https://oidc.eks.eu-west-1.amazonaws.com/id/BBBB2222"})
    assert first == "1-eu-west-1-demo-aaaa1111"
    assert first != second


def test_certificates_hold_what_strict_clients_want(tmp_path: Path) -> None:
    pki.make(tmp_path, "172.20.0.1")
    authority = x509.load_pem_x509_certificate((tmp_path / "ca.crt").read_bytes())
    server = x509.load_pem_x509_certificate((tmp_path / "apiserver.crt").read_bytes())
    server.verify_directly_issued_by(authority)
    assert authority.extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign
    assert isinstance(authority.public_key(), ec.EllipticCurvePublicKey)
    names = server.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(address) for address in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1", "172.20.0.1"]
    assert (tmp_path / "sa.key").stat().st_mode & 0o777 == 0o600
    before = (tmp_path / "ca.crt").read_bytes()
    pki.make(tmp_path, "172.20.0.1")
    assert (tmp_path / "ca.crt").read_bytes() == before


def test_contexts_are_named_after_their_cluster_and_apart() -> None:
    def cluster(name: str, region: str, role_arn: str | None = None) -> kubeconfig.Entry:
        return kubeconfig.Entry(name, region, "1", "https://127.0.0.1:1", "Q0E=", role_arn)

    text = kubeconfig.for_user([cluster("a", "eu-west-1", ARN), cluster("b", "eu-west-1"), cluster("b", "eu-north-1")])
    document = yaml.safe_load(text)
    assert [context["name"] for context in document["contexts"]] == ["a", "b@eu-west-1", "b@eu-north-1"]
    assert document["current-context"] == "a"
    assert document["users"][0]["user"]["exec"]["args"][-2:] == ["--role-arn", ARN]
    assert "--role-arn" not in document["users"][1]["user"]["exec"]["args"]
    assert yaml.safe_load(kubeconfig.for_user([]))["current-context"] == ""

"""Looks at the cluster with boto3, as an auditor would: verify.py PLATFORM."""

from __future__ import annotations

import json
import sys
from typing import Any

import boto3

eks, iam, kms = boto3.client("eks"), boto3.client("iam"), boto3.client("kms")


def main(platform: str) -> None:
    cluster = eks.describe_cluster(name=platform)["cluster"]
    check_cluster(cluster)
    check_key_and_logs(cluster)
    check_access(cluster)
    check_addons(platform)
    check_security_groups(cluster)


def check_cluster(cluster: dict[str, Any]) -> None:
    assert cluster["status"] == "ACTIVE"
    network = cluster["resourcesVpcConfig"]
    assert network["endpointPrivateAccess"], "a private endpoint"
    assert not network["endpointPublicAccess"], "no public endpoint"
    assert len(network["subnetIds"]) == 3, "three zones"
    assert cluster["deletionProtection"]
    assert cluster["upgradePolicy"]["supportType"] == "STANDARD"
    (enabled,) = [entry["types"] for entry in cluster["logging"]["clusterLogging"] if entry["enabled"]]
    assert set(enabled) == {"api", "audit", "authenticator", "controllerManager", "scheduler"}


def check_key_and_logs(cluster: dict[str, Any]) -> None:
    (encryption,) = cluster["encryptionConfig"]
    assert encryption["resources"] == ["secrets"]
    key = kms.describe_key(KeyId=encryption["provider"]["keyArn"])["KeyMetadata"]
    assert (key["KeyManager"], key["KeyState"]) == ("CUSTOMER", "Enabled")
    assert kms.get_key_rotation_status(KeyId=key["KeyId"])["KeyRotationEnabled"], "the key rotates"
    prefix = f"/aws/eks/{cluster['name']}/"
    (group,) = boto3.client("logs").describe_log_groups(logGroupNamePrefix=prefix)["logGroups"]
    assert group["kmsKeyId"] == key["Arn"], "a log group with a key"
    assert group["retentionInDays"] == 90, "a log group with a retention"


def check_access(cluster: dict[str, Any]) -> None:
    platform = cluster["name"]
    assert cluster["accessConfig"]["authenticationMode"] == "API"
    assert not cluster["accessConfig"]["bootstrapClusterCreatorAdminPermissions"], "its creator is not its admin"
    (principal,) = eks.list_access_entries(clusterName=platform)["accessEntries"]
    assert principal.endswith(f":role/{platform}-operator"), principal
    names = {"clusterName": platform, "principalArn": principal}
    (policy,) = eks.list_associated_access_policies(**names)["associatedAccessPolicies"]
    assert policy["policyArn"].endswith("/AmazonEKSClusterAdminPolicy")
    role = iam.get_role(RoleName=cluster["roleArn"].rpartition("/")[2])["Role"]
    services = [statement["Principal"] for statement in role["AssumeRolePolicyDocument"]["Statement"]]
    assert str(services).count("eks.amazonaws.com") == 1, services
    providers = iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]
    issuer = cluster["identity"]["oidc"]["issuer"].removeprefix("https://")
    assert any(provider["Arn"].endswith(issuer) for provider in providers), "an OIDC provider of this issuer"


def check_addons(platform: str) -> None:
    names = eks.list_addons(clusterName=platform)["addons"]
    addons = {name: eks.describe_addon(clusterName=platform, addonName=name)["addon"] for name in names}
    before = {"vpc-cni", "kube-proxy", "eks-pod-identity-agent"}
    assert set(addons) == before | {"coredns", "aws-ebs-csi-driver", "metrics-server"}, names
    assert {addons[name]["status"] for name in before} == {"ACTIVE"}
    settings = json.loads(addons["vpc-cni"]["configurationValues"])
    assert settings["enableNetworkPolicy"] == "true", "network policies are enforced"
    assert settings["env"]["ENABLE_PREFIX_DELEGATION"] == "true"
    associations = eks.list_pod_identity_associations(clusterName=platform)["associations"]
    accounts = {(entry["namespace"], entry["serviceAccount"]) for entry in associations}
    assert accounts == {("kube-system", "aws-node"), ("kube-system", "ebs-csi-controller-sa")}, accounts


def check_security_groups(cluster: dict[str, Any]) -> None:
    vpc = {"Name": "vpc-id", "Values": [cluster["resourcesVpcConfig"]["vpcId"]]}
    groups = {
        group["GroupName"]: group
        for group in boto3.client("ec2").describe_security_groups(Filters=[vpc])["SecurityGroups"]
    }
    ours = {f"{cluster['name']}-{name}" for name in ("control-plane", "nodes", "pods")}
    assert ours <= set(groups), "three security groups"
    assert cluster["resourcesVpcConfig"]["securityGroupIds"] == [groups[f"{cluster['name']}-control-plane"]["GroupId"]]
    for name in ours:
        for rule in groups[name]["IpPermissions"]:
            assert not rule["IpRanges"], f"{name} is reached from security groups alone"
            assert rule["IpProtocol"] in ("tcp", "udp"), f"{name} names its ports"
        assert all(rule["IpProtocol"] != "-1" for rule in groups[name]["IpPermissionsEgress"]), name


main(sys.argv[1])

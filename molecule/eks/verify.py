"""Looks at the cluster with boto3: verify.py PLATFORM."""

from __future__ import annotations

import sys

import boto3


def main(platform: str) -> None:
    eks = boto3.client("eks")
    cluster = eks.describe_cluster(name=platform)["cluster"]
    assert cluster["status"] == "ACTIVE"
    network = cluster["resourcesVpcConfig"]
    assert network["endpointPrivateAccess"], "a private endpoint"
    assert not network["endpointPublicAccess"], "no public endpoint"
    assert cluster["accessConfig"]["authenticationMode"] == "API"
    assert cluster["encryptionConfig"][0]["resources"] == ["secrets"]
    assert cluster["deletionProtection"]
    (enabled,) = [entry["types"] for entry in cluster["logging"]["clusterLogging"] if entry["enabled"]]
    assert set(enabled) == {"api", "audit", "authenticator", "controllerManager", "scheduler"}
    addons = set(eks.list_addons(clusterName=platform)["addons"])
    assert {"vpc-cni", "kube-proxy", "eks-pod-identity-agent"} <= addons, addons
    groups = boto3.client("ec2").describe_security_groups(
        Filters=[
            {"Name": "group-name", "Values": [f"{platform}-{name}" for name in ("control-plane", "nodes", "pods")]}
        ]
    )["SecurityGroups"]
    assert len(groups) == 3, "three security groups"
    (log_group,) = boto3.client("logs").describe_log_groups(logGroupNamePrefix=f"/aws/eks/{platform}/")["logGroups"]
    assert log_group["kmsKeyId"], "a log group with a key"
    assert log_group["retentionInDays"], "a log group with a retention"


main(sys.argv[1])

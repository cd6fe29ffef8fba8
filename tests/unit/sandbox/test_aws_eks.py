"""EKS: what it makes, its states, and what it refuses, driven by bare boto3."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .conftest import Platform, refusal, trust


def test_cluster_has_own_security_group_interfaces_and_issuer(platform: Platform) -> None:
    assert platform.cluster()["status"] == "CREATING"
    cluster = platform.client("eks").describe_cluster(name="demo")["cluster"]
    assert cluster["status"] == "ACTIVE"
    assert cluster["identity"]["oidc"]["issuer"].startswith("https://oidc.eks.us-east-1.amazonaws.com/id/")
    ec2 = platform.client("ec2")
    (group,) = ec2.describe_security_groups(GroupIds=[cluster["resourcesVpcConfig"]["clusterSecurityGroupId"]])[
        "SecurityGroups"
    ]
    tags = {tag["Key"]: tag["Value"] for tag in group["Tags"]}
    assert tags["kubernetes.io/cluster/demo"] == "owned"
    assert tags["aws:eks:cluster-name"] == "demo"
    assert [pair["GroupId"] for rule in group["IpPermissions"] for pair in rule["UserIdGroupPairs"]] == [
        group["GroupId"]
    ]
    assert [item["CidrIp"] for rule in group["IpPermissionsEgress"] for item in rule["IpRanges"]] == ["0.0.0.0/0"]
    interfaces = ec2.describe_network_interfaces(Filters=[{"Name": "description", "Values": ["Amazon EKS demo"]}])
    assert {item["SubnetId"] for item in interfaces["NetworkInterfaces"]} == set(platform.subnets)
    assert {item["Status"] for item in interfaces["NetworkInterfaces"]} == {"in-use"}
    platform.client("eks").delete_cluster(name="demo")
    assert platform.client("eks").list_clusters()["clusters"] == []
    assert ec2.describe_network_interfaces()["NetworkInterfaces"] == []
    names = {item["GroupName"] for item in ec2.describe_security_groups()["SecurityGroups"]}
    assert names == {"default"}


def test_creator_becomes_admin_unless_told_otherwise(platform: Platform) -> None:
    platform.cluster("closed")
    platform.cluster("open", accessConfig={"authenticationMode": "API"})
    eks = platform.client("eks")
    assert eks.list_access_entries(clusterName="closed")["accessEntries"] == []
    (principal,) = eks.list_access_entries(clusterName="open")["accessEntries"]
    assert principal == "arn:aws:iam::123456789012:user/sandbox"
    policies = eks.list_associated_access_policies(clusterName="open", principalArn=principal)
    (policy,) = policies["associatedAccessPolicies"]
    assert policy["policyArn"].endswith("AmazonEKSClusterAdminPolicy")


def test_log_group_exists_while_the_cluster_logs_and_stays_behind(platform: Platform) -> None:
    logs, eks = platform.client("logs"), platform.client("eks")
    platform.cluster("silent")
    eks.describe_cluster(name="silent")
    assert logs.describe_log_groups()["logGroups"] == []
    platform.cluster(logging={"clusterLogging": [{"types": ["api", "audit"], "enabled": True}]})
    eks.describe_cluster(name="demo")
    eks.delete_cluster(name="demo")
    eks.list_clusters()
    assert [group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]] == ["/aws/eks/demo/cluster"]


def test_service_linked_roles_are_made_by_use(platform: Platform) -> None:
    iam = platform.client("iam")
    assert iam.list_roles(PathPrefix="/aws-service-role/")["Roles"] == []
    platform.cluster()
    platform.cni()
    platform.nodegroup(capacityType="SPOT")
    names = {role["RoleName"] for role in iam.list_roles(PathPrefix="/aws-service-role/")["Roles"]}
    assert names == {
        "AWSServiceRoleForAmazonEKS",
        "AWSServiceRoleForAmazonEKSNodegroup",
        "AWSServiceRoleForAutoScaling",
        "AWSServiceRoleForEC2Spot",
    }
    code, _ = refusal(iam.create_service_linked_role, AWSServiceName="eks.amazonaws.com")
    assert code == "InvalidInput"


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({"version": "1.29"}, "InvalidParameterException", "unsupported Kubernetes version 1.29"),
        ({"version": "1.40"}, "InvalidParameterException", "unsupported Kubernetes version 1.40"),
        ({"roleArn": "arn:aws:iam::123456789012:role/nobody"}, "InvalidParameterException", "could not be assumed"),
        ({"name": "no spaces"}, "InvalidParameterException", "not valid"),
        (
            {"kubernetesNetworkConfig": {"serviceIpv4Cidr": "10.42.0.0/20"}},
            "InvalidParameterException",
            "overlaps with the VPC CIDR",
        ),
        ({"kubernetesNetworkConfig": {"serviceIpv4Cidr": "8.8.8.0/24"}}, "InvalidParameterException", "between /24"),
        (
            {"encryptionConfig": [{"resources": ["secrets"], "provider": {"keyArn": "arn:aws:kms:us-east-1:1:key/x"}}]},
            "InvalidParameterException",
            "keyArn",
        ),
    ],
)
def test_create_cluster_refuses(platform: Platform, change: dict[str, Any], code: str, words: str) -> None:
    found, message = refusal(platform.cluster, **change)
    assert found == code
    assert words in message
    assert platform.client("eks").list_clusters()["clusters"] == []


def test_create_cluster_refuses_its_network(platform: Platform) -> None:
    ec2 = platform.client("ec2")

    def refused(**config: Any) -> tuple[str, str]:
        return refusal(platform.cluster, resourcesVpcConfig={"subnetIds": platform.subnets, **config})

    assert refused(subnetIds=platform.subnets[:1])[0] == "InvalidParameterException"
    assert "does not exist" in refused(subnetIds=["subnet-0123456789abcdef0", platform.subnets[0]])[1]
    assert "cannot be false" in refused(endpointPublicAccess=False, endpointPrivateAccess=False)[1]
    assert "not allowed" in refused(publicAccessCidrs=["10.0.0.0/8"])[1]
    other = ec2.create_vpc(CidrBlock="10.43.0.0/16")["Vpc"]["VpcId"]
    foreign = ec2.create_security_group(GroupName="x", Description="x", VpcId=other)["GroupId"]
    assert "not in the same VPC" in refused(securityGroupIds=[foreign])[1]
    zone = ec2.create_subnet(VpcId=platform.vpc, CidrBlock="10.42.9.0/24", AvailabilityZone="us-east-1e")
    code, message = refused(subnetIds=[zone["Subnet"]["SubnetId"], platform.subnets[0]])
    assert code == "UnsupportedAvailabilityZoneException"
    assert "us-east-1a" in message


def test_role_of_another_service_cannot_be_assumed(platform: Platform) -> None:
    assert refusal(platform.cluster, roleArn=platform.node_role)[0] == "InvalidParameterException"


def test_duplicates(platform: Platform) -> None:
    platform.cluster()
    assert refusal(platform.cluster)[0] == "ResourceInUseException"
    platform.cni()
    assert refusal(platform.cni)[0] == "ResourceInUseException"
    platform.nodegroup()
    assert refusal(platform.nodegroup)[0] == "ResourceInUseException"
    eks = platform.client("eks")
    entry = {"clusterName": "demo", "principalArn": platform.pod_role}
    eks.create_access_entry(**entry)
    assert refusal(eks.create_access_entry, **entry)[0] == "ResourceInUseException"
    association = {"clusterName": "demo", "namespace": "a", "serviceAccount": "b", "roleArn": platform.pod_role}
    eks.create_pod_identity_association(**association)
    assert refusal(eks.create_pod_identity_association, **association)[0] == "ResourceInUseException"


def test_cluster_with_nodegroups_or_protection_is_not_deleted(platform: Platform) -> None:
    eks = platform.client("eks")
    platform.cluster(deletionProtection=True)
    platform.cni()
    platform.nodegroup()
    code, message = refusal(eks.delete_cluster, name="demo")
    assert (code, "deletion protection" in message) == ("InvalidRequestException", True)
    eks.update_cluster_config(name="demo", deletionProtection=False)
    eks.describe_cluster(name="demo")
    assert refusal(eks.delete_cluster, name="demo")[0] == "ResourceInUseException"
    eks.delete_nodegroup(clusterName="demo", nodegroupName="workers")
    eks.delete_cluster(name="demo")
    assert refusal(eks.describe_cluster, name="demo")[0] == "ResourceNotFoundException"


def test_one_update_at_a_time_and_one_kind_a_call(platform: Platform) -> None:
    eks = platform.client("eks")
    platform.cluster()
    eks.describe_cluster(name="demo")
    platform.aws.settings(seconds={"cluster_update": 30})
    update = eks.update_cluster_config(name="demo", upgradePolicy={"supportType": "STANDARD"})["update"]
    assert update["status"] == "InProgress"
    assert eks.describe_cluster(name="demo")["cluster"]["status"] == "UPDATING"
    logging = {"clusterLogging": [{"types": ["api"], "enabled": True}]}
    assert refusal(eks.update_cluster_config, name="demo", logging=logging)[0] == "ResourceInUseException"
    assert refusal(eks.update_cluster_version, name="demo", version="1.36")[0] == "ResourceInUseException"
    both = {"upgradePolicy": {"supportType": "EXTENDED"}, "logging": logging}
    assert refusal(eks.update_cluster_config, name="demo", **both)[0] == "InvalidParameterException"


@pytest.mark.parametrize(
    ("change", "kind", "seen"),
    [
        ({"deletionProtection": True}, "DeletionProtectionUpdate", lambda c: c["deletionProtection"] is True),
        ({"zonalShiftConfig": {"enabled": True}}, "ZonalShiftConfigUpdate", lambda c: c["zonalShiftConfig"]["enabled"]),
        (
            {"resourcesVpcConfig": {"endpointPrivateAccess": True, "publicAccessCidrs": ["203.0.113.0/24"]}},
            "EndpointAccessUpdate",
            lambda c: c["resourcesVpcConfig"]["publicAccessCidrs"] == ["203.0.113.0/24"],
        ),
        (
            {"logging": {"clusterLogging": [{"types": ["audit"], "enabled": True}]}},
            "LoggingUpdate",
            lambda c: c["logging"]["clusterLogging"][0] == {"types": ["audit"], "enabled": True},
        ),
        (
            {"upgradePolicy": {"supportType": "STANDARD"}},
            "UpgradePolicyUpdate",
            lambda c: c["upgradePolicy"] == {"supportType": "STANDARD"},
        ),
    ],
)
def test_update_cluster_config(platform: Platform, change: dict[str, Any], kind: str, seen: Any) -> None:
    eks = platform.client("eks")
    platform.cluster()
    eks.describe_cluster(name="demo")
    update = eks.update_cluster_config(name="demo", **change)["update"]
    assert update["type"] == kind
    cluster = eks.describe_cluster(name="demo")["cluster"]
    assert seen(cluster)
    assert cluster["status"] == "ACTIVE"
    assert eks.describe_update(name="demo", updateId=update["id"])["update"]["status"] == "Successful"
    assert refusal(eks.update_cluster_config, name="demo", **change)[0] == "InvalidParameterException"


def test_version_goes_up_by_one_minor(platform: Platform) -> None:
    eks = platform.client("eks")
    platform.cluster(version="1.33")
    eks.describe_cluster(name="demo")
    for version in ("1.35", "1.32", "1.33", "9.9"):
        assert refusal(eks.update_cluster_version, name="demo", version=version)[0] == "InvalidParameterException"
    eks.update_cluster_version(name="demo", version="1.34")
    assert eks.describe_cluster(name="demo")["cluster"]["version"] == "1.34"


def test_encryption_is_associated_once(platform: Platform) -> None:
    eks = platform.client("eks")
    platform.cluster()
    key = platform.client("kms").create_key()["KeyMetadata"]["Arn"]
    wanted = [{"resources": ["secrets"], "provider": {"keyArn": key}}]
    eks.describe_cluster(name="demo")
    eks.associate_encryption_config(clusterName="demo", encryptionConfig=wanted)
    assert eks.describe_cluster(name="demo")["cluster"]["encryptionConfig"] == wanted
    code, _ = refusal(eks.associate_encryption_config, clusterName="demo", encryptionConfig=wanted)
    assert code == "InvalidParameterException"


def test_calendar_follows_the_sandbox_date(platform: Platform) -> None:
    eks = platform.client("eks")

    def statuses() -> dict[str, str]:
        versions = eks.describe_cluster_versions(includeAll=True)["clusterVersions"]
        return {item["clusterVersion"]: item["versionStatus"] for item in versions}

    assert statuses() == {
        "1.36": "STANDARD_SUPPORT",
        "1.35": "STANDARD_SUPPORT",
        "1.34": "STANDARD_SUPPORT",
        "1.33": "EXTENDED_SUPPORT",
        "1.32": "EXTENDED_SUPPORT",
        "1.31": "EXTENDED_SUPPORT",
        "1.30": "UNSUPPORTED",
    }
    platform.aws.settings(date="2027-05-01")
    assert statuses()["1.35"] == "EXTENDED_SUPPORT"
    assert statuses()["1.32"] == "UNSUPPORTED"
    assert refusal(platform.cluster, version="1.32")[0] == "InvalidParameterException"


def test_access_entries(platform: Platform) -> None:
    eks = platform.client("eks")
    platform.cluster()
    principal = {"clusterName": "demo", "principalArn": platform.pod_role}
    unknown = {"clusterName": "demo", "principalArn": "arn:aws:iam::123456789012:role/nobody"}
    assert refusal(eks.create_access_entry, **unknown)[0] == "InvalidParameterException"
    groups = {"kubernetesGroups": ["system:masters"]}
    assert refusal(eks.create_access_entry, **principal, **groups)[0] == "InvalidParameterException"
    entry = eks.create_access_entry(**principal, kubernetesGroups=["viewers"])["accessEntry"]
    assert entry["username"] == "arn:aws:sts::123456789012:assumed-role/demo-pod/{{SessionName}}"
    view = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"
    scope = {"type": "namespace", "namespaces": ["a"]}
    eks.associate_access_policy(**principal, policyArn=view, accessScope=scope)
    (policy,) = eks.list_associated_access_policies(**principal)["associatedAccessPolicies"]
    assert policy["accessScope"] == scope
    wrong = {"policyArn": view.replace("View", "Nothing"), "accessScope": {"type": "cluster"}}
    assert refusal(eks.associate_access_policy, **principal, **wrong)[0] == "InvalidParameterException"
    eks.disassociate_access_policy(**principal, policyArn=view)
    code, _ = refusal(eks.disassociate_access_policy, **principal, policyArn=view)
    assert code == "ResourceNotFoundException"
    eks.delete_access_entry(**principal)
    assert refusal(eks.describe_access_entry, **principal)[0] == "ResourceNotFoundException"


def test_access_entries_need_the_api_mode(platform: Platform) -> None:
    platform.cluster(accessConfig={"authenticationMode": "CONFIG_MAP"})
    eks = platform.client("eks")
    eks.describe_cluster(name="demo")
    entry = {"clusterName": "demo", "principalArn": platform.pod_role}
    assert refusal(eks.create_access_entry, **entry)[0] == "InvalidRequestException"
    wrong = {"authenticationMode": "API"}
    assert refusal(eks.update_cluster_config, name="demo", accessConfig=wrong)[0] == "InvalidParameterException"
    eks.update_cluster_config(name="demo", accessConfig={"authenticationMode": "API_AND_CONFIG_MAP"})
    assert eks.create_access_entry(**entry)["accessEntry"]["type"] == "STANDARD"


def test_pod_identity_needs_a_role_that_pods_can_have(platform: Platform) -> None:
    eks = platform.client("eks")
    platform.cluster()
    association = {"clusterName": "demo", "namespace": "a", "serviceAccount": "b"}
    code, _ = refusal(eks.create_pod_identity_association, **association, roleArn=platform.node_role)
    assert code == "InvalidParameterException"
    made = eks.create_pod_identity_association(**association, roleArn=platform.pod_role)["association"]
    other = platform.client("iam").create_role(
        RoleName="other", AssumeRolePolicyDocument=trust("pods.eks.amazonaws.com")
    )
    identity = {"clusterName": "demo", "associationId": made["associationId"]}
    eks.update_pod_identity_association(**identity, roleArn=other["Role"]["Arn"])
    found = eks.describe_pod_identity_association(**identity)["association"]
    assert found["roleArn"] == other["Role"]["Arn"]
    listed = eks.list_pod_identity_associations(clusterName="demo", namespace="a")["associations"]
    assert [item["associationId"] for item in listed] == [made["associationId"]]
    eks.delete_pod_identity_association(**identity)
    assert refusal(eks.describe_pod_identity_association, **identity)[0] == "ResourceNotFoundException"


def test_tags_of_everything(platform: Platform) -> None:
    eks = platform.client("eks")
    platform.cluster(tags={"a": "1"})
    platform.cni()
    platform.nodegroup()
    entry = eks.create_access_entry(clusterName="demo", principalArn=platform.pod_role)["accessEntry"]
    arns = [
        eks.describe_cluster(name="demo")["cluster"]["arn"],
        eks.describe_addon(clusterName="demo", addonName="vpc-cni")["addon"]["addonArn"],
        eks.describe_nodegroup(clusterName="demo", nodegroupName="workers")["nodegroup"]["nodegroupArn"],
        entry["accessEntryArn"],
    ]
    for arn in arns:
        eks.tag_resource(resourceArn=arn, tags={"b": "2", "c": "3"})
        eks.untag_resource(resourceArn=arn, tagKeys=["c"])
        assert eks.list_tags_for_resource(resourceArn=arn)["tags"]["b"] == "2"
        assert "c" not in eks.list_tags_for_resource(resourceArn=arn)["tags"]
    code, _ = refusal(eks.tag_resource, resourceArn=arns[0], tags={"aws:x": "1"})
    assert code == "InvalidParameterException"
    assert json.loads(json.dumps(eks.describe_cluster(name="demo")["cluster"]["tags"])) == {"a": "1", "b": "2"}

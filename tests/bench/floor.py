"""The floor: one process of bare boto3 that reads every field that Slipway manages on the platform `demo`.

The calls follow each other. No names are resolved, nothing is compared; calls whose answer another one holds already
are left out.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import boto3

NAME = "demo"
SESSION = boto3.Session()
IDENTITY = [{"Name": "tag:slipway:platform", "Values": [NAME]}]


def network() -> dict[str, Any]:
    ec2 = SESSION.client("ec2")
    vpc = ec2.describe_vpcs(Filters=IDENTITY)["Vpcs"][0]
    of_vpc = [{"Name": "vpc-id", "Values": [vpc["VpcId"]]}]
    found: dict[str, Any] = {
        "vpc": vpc,
        "dns": [
            ec2.describe_vpc_attribute(VpcId=vpc["VpcId"], Attribute=name)
            for name in ("enableDnsSupport", "enableDnsHostnames")
        ],
        "internet_gateways": ec2.describe_internet_gateways(
            Filters=[{"Name": "attachment.vpc-id", "Values": [vpc["VpcId"]]}]
        )["InternetGateways"],
        "subnets": ec2.describe_subnets(Filters=of_vpc)["Subnets"],
        "addresses": ec2.describe_addresses(Filters=IDENTITY)["Addresses"],
        "nat_gateways": ec2.describe_nat_gateways(Filters=of_vpc)["NatGateways"],
        "route_tables": ec2.describe_route_tables(Filters=of_vpc)["RouteTables"],
        "network_acls": ec2.describe_network_acls(Filters=of_vpc)["NetworkAcls"],
        "security_groups": ec2.describe_security_groups(Filters=of_vpc)["SecurityGroups"],
        "security_group_rules": ec2.describe_security_group_rules()["SecurityGroupRules"],
        "vpc_endpoints": ec2.describe_vpc_endpoints(Filters=of_vpc)["VpcEndpoints"],
        "flow_logs": ec2.describe_flow_logs(Filters=[{"Name": "resource-id", "Values": [vpc["VpcId"]]}])["FlowLogs"],
    }
    templates = ec2.describe_launch_templates(Filters=IDENTITY)["LaunchTemplates"]
    found["launch_templates"] = [
        ec2.describe_launch_template_versions(LaunchTemplateId=template["LaunchTemplateId"])["LaunchTemplateVersions"]
        for template in templates
    ]
    return found


def roles() -> list[Any]:
    iam = SESSION.client("iam")
    found: list[Any] = [iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]]
    found += [iam.get_open_id_connect_provider(OpenIDConnectProviderArn=entry["Arn"]) for entry in found[0]]
    for role in iam.list_roles()["Roles"]:
        if not role["RoleName"].startswith((f"{NAME}-", "AWSServiceRoleFor")):
            continue
        name = role["RoleName"]
        found.append(iam.get_role(RoleName=name)["Role"])
        if name.startswith(f"{NAME}-"):
            found.append(iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"])
            policies = iam.list_role_policies(RoleName=name)["PolicyNames"]
            found += [iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"] for policy in policies]
    return found


def keys() -> list[Any]:
    kms = SESSION.client("kms")
    found: list[Any] = []
    for alias in kms.list_aliases()["Aliases"]:
        if alias["AliasName"].startswith(f"alias/{NAME}-"):
            key = alias["TargetKeyId"]
            found += [
                kms.describe_key(KeyId=key)["KeyMetadata"],
                kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"],
                kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"],
                kms.list_resource_tags(KeyId=key)["Tags"],
            ]
    return found


def log_groups() -> list[Any]:
    logs = SESSION.client("logs")
    found: list[Any] = []
    for prefix in (f"/aws/vpc/{NAME}/", f"/aws/eks/{NAME}/"):
        for group in logs.describe_log_groups(logGroupNamePrefix=prefix)["logGroups"]:
            found += [group, logs.list_tags_for_resource(resourceArn=group["arn"].removesuffix(":*"))["tags"]]
    return found


def buckets() -> list[Any]:
    s3 = SESSION.client("s3")
    found: list[Any] = []
    for bucket in s3.list_buckets(Prefix=f"{NAME}-")["Buckets"]:
        name = bucket["Name"]
        found += [
            s3.get_bucket_tagging(Bucket=name)["TagSet"],
            s3.get_bucket_ownership_controls(Bucket=name)["OwnershipControls"],
            s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"],
            s3.get_bucket_versioning(Bucket=name).get("Status"),
            s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"],
            s3.get_bucket_policy(Bucket=name)["Policy"],
            s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"],
            s3.get_bucket_logging(Bucket=name).get("LoggingEnabled"),
        ]
    return found


def cluster() -> list[Any]:
    eks = SESSION.client("eks")
    found: list[Any] = [eks.describe_cluster(name=NAME)["cluster"]]
    for principal in eks.list_access_entries(clusterName=NAME)["accessEntries"]:
        found += [
            eks.describe_access_entry(clusterName=NAME, principalArn=principal)["accessEntry"],
            eks.list_associated_access_policies(clusterName=NAME, principalArn=principal)["associatedAccessPolicies"],
        ]
    for name in eks.list_addons(clusterName=NAME)["addons"]:
        addon = eks.describe_addon(clusterName=NAME, addonName=name)["addon"]
        found.append(addon)
        for association in addon.get("podIdentityAssociations", []):
            identifier = association.rsplit("/", 1)[-1]
            found.append(eks.describe_pod_identity_association(clusterName=NAME, associationId=identifier))
    for name in eks.list_nodegroups(clusterName=NAME)["nodegroups"]:
        found.append(eks.describe_nodegroup(clusterName=NAME, nodegroupName=name)["nodegroup"])
    return found


def main() -> None:
    SESSION.client("sts").get_caller_identity()
    found = [network(), roles(), keys(), log_groups(), buckets(), cluster()]
    sys.stdout.write(f"{len(json.dumps(found, default=str))} characters read\n")


if __name__ == "__main__":
    main()

"""What differs from a pristine account, read with boto3 in every region: the oracle for "nothing is left".

`python -m sandbox resources` prints it as JSON: `{region or "global": {kind: [entry as AWS describes it]}}`, without
what is empty. Keys pending deletion and service-linked roles, which AWS keeps, come only with `residue`.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from typing import Any

import boto3
from botocore.exceptions import ClientError

Entry = dict[str, Any]
Report = dict[str, dict[str, list[Any]]]

EC2: dict[str, tuple[str, str]] = {
    "vpc": ("describe_vpcs", "Vpcs"),
    "subnet": ("describe_subnets", "Subnets"),
    "internet_gateway": ("describe_internet_gateways", "InternetGateways"),
    "egress_only_internet_gateway": ("describe_egress_only_internet_gateways", "EgressOnlyInternetGateways"),
    "nat_gateway": ("describe_nat_gateways", "NatGateways"),
    "elastic_ip": ("describe_addresses", "Addresses"),
    "route_table": ("describe_route_tables", "RouteTables"),
    "network_acl": ("describe_network_acls", "NetworkAcls"),
    "security_group": ("describe_security_groups", "SecurityGroups"),
    "network_interface": ("describe_network_interfaces", "NetworkInterfaces"),
    "vpc_endpoint": ("describe_vpc_endpoints", "VpcEndpoints"),
    "flow_log": ("describe_flow_logs", "FlowLogs"),
    "prefix_list": ("describe_managed_prefix_lists", "PrefixLists"),
    "instance": ("describe_instances", "Reservations[].Instances"),
    "volume": ("describe_volumes", "Volumes"),
    "launch_template": ("describe_launch_templates", "LaunchTemplates"),
    "key_pair": ("describe_key_pairs", "KeyPairs"),
    "snapshot": ("describe_snapshots", "Snapshots"),
    "image": ("describe_images", "Images"),
    "dhcp_options": ("describe_dhcp_options", "DhcpOptions"),
}
# Of these AWS shows everybody's unless asked for one's own.
OWNED: dict[str, dict[str, list[str]]] = {"snapshot": {"OwnerIds": ["self"]}, "image": {"Owners": ["self"]}}
OVER = {"terminated", "deleted", "delete-complete", "shutting-down"}


@cache
def _session() -> boto3.Session:
    return boto3.Session()


@cache
def _client(service: str, endpoint: str | None, region: str) -> Any:
    return _session().client(service, endpoint_url=endpoint, region_name=region)


_here = threading.local()


def _sign_here(context: Entry, **_: Any) -> None:
    context.setdefault("signing", {})["region"] = _here.region


@cache
def _client_of_all_regions(service: str, endpoint: str) -> Any:
    """One client for the emulator, which tells regions by the signature: making 17 of each costs seconds."""
    with _making:
        client = _session().client(service, endpoint_url=endpoint, region_name="us-east-1")
    client.meta.events.register("before-call", _sign_here)
    return client


_making = threading.Lock()


class Reader:
    """The clients of one region."""

    def __init__(self, endpoint: str | None, region: str) -> None:
        self._endpoint = endpoint
        self.region = region

    def client(self, service: str) -> Any:
        if self._endpoint is None:
            return _client(service, None, self.region)
        _here.region = self.region
        return _client_of_all_regions(service, self._endpoint)

    def pages(self, client: Any, operation: str, key: str, **parameters: Any) -> list[Any]:
        if client.can_paginate(operation):
            return list(client.get_paginator(operation).paginate(**parameters).search(f"{key}[]"))
        answer: list[Any] = getattr(client, operation)(**parameters)[key]
        return answer


def resources(endpoint: str | None = None, *, residue: bool = False, regions: Sequence[str] | None = None) -> Report:
    """What differs from a pristine account.

    :param endpoint: URL of the emulator; by default AWS_ENDPOINT_URL, else AWS.
    :param residue: also what AWS keeps: keys pending deletion, service-linked roles.
    :param regions: names of regions to read; by default every region that the account has enabled.
    """
    home = _session().region_name or os.environ.get("AWS_REGION") or "us-east-1"
    endpoint = endpoint or os.environ.get("AWS_ENDPOINT_URL")
    if regions is None:
        ec2 = Reader(endpoint, home).client("ec2")
        regions = sorted(region["RegionName"] for region in ec2.describe_regions()["Regions"])
    readers = [Reader(endpoint, region) for region in regions]
    with ThreadPoolExecutor(max_workers=4) as pool:
        found = dict(zip(regions, pool.map(partial(regional, residue=residue), readers), strict=True))
    found["global"] = worldwide(Reader(endpoint, home), residue)
    report = {place: {kind: entries for kind, entries in kinds.items() if entries} for place, kinds in found.items()}
    plain: Report = json.loads(json.dumps({place: kinds for place, kinds in report.items() if kinds}, default=str))
    return plain


def regional(reader: Reader, residue: bool) -> dict[str, list[Any]]:
    found = dict(ec2_resources(reader))
    for part in (
        eks,
        autoscaling,
        load_balancing,
        kms,
        logs,
        messaging,
        certificates,
        registries,
        parameters,
        firewall,
    ):
        found.update(part(reader, residue))
    return found


def ec2_resources(reader: Reader) -> Iterator[tuple[str, list[Any]]]:
    """EC2's resources, without the default VPC of the region and what AWS makes in it."""
    client = reader.client("ec2")
    vpcs = reader.pages(client, "describe_vpcs", "Vpcs")
    default = {vpc["VpcId"] for vpc in vpcs if vpc.get("IsDefault")}
    options = {vpc.get("DhcpOptionsId") for vpc in vpcs if vpc["VpcId"] in default} | {"default"}
    for kind, (operation, key) in EC2.items():
        own = OWNED.get(kind, {})
        entries = vpcs if kind == "vpc" else reader.pages(client, operation, key, **own)
        yield kind, [entry for entry in entries if not _pristine(entry, default, options)]


def _pristine(entry: Entry, default_vpcs: set[str], default_options: set[str | None]) -> bool:
    state = entry.get("State") or entry.get("state") or entry.get("Status")
    state = state.get("Name") if isinstance(state, dict) else state
    if state in OVER:
        return True
    if "VpcCidr" in entry or entry.get("OwnerId") == "AWS":
        return True
    if "DhcpOptionsId" in entry and "VpcId" not in entry:
        return entry["DhcpOptionsId"] in default_options
    attached = {attachment.get("VpcId") for attachment in entry.get("Attachments", []) if isinstance(attachment, dict)}
    if attached & default_vpcs:
        return True
    if entry.get("VpcId") not in default_vpcs:
        return False
    made_by_aws = entry.get("IsDefault") or entry.get("DefaultForAz") or entry.get("GroupName") == "default"
    main = any(association.get("Main") for association in entry.get("Associations", []))
    return bool(made_by_aws or main)


def eks(reader: Reader, residue: bool) -> dict[str, list[Any]]:
    client = reader.client("eks")
    found: dict[str, list[Any]] = {kind: [] for kind in ("eks_cluster", "eks_nodegroup", "eks_addon", "access_entry")}
    found["pod_identity_association"] = []
    for name in client.list_clusters()["clusters"]:
        cluster = client.describe_cluster(name=name)["cluster"]
        found["eks_cluster"].append(cluster)
        for group in reader.pages(client, "list_nodegroups", "nodegroups", clusterName=name):
            answer = client.describe_nodegroup(clusterName=name, nodegroupName=group)
            found["eks_nodegroup"].append(answer["nodegroup"])
        for addon in reader.pages(client, "list_addons", "addons", clusterName=name):
            found["eks_addon"].append(client.describe_addon(clusterName=name, addonName=addon)["addon"])
        found["access_entry"] += access_entries(reader, cluster)
        associations = reader.pages(client, "list_pod_identity_associations", "associations", clusterName=name)
        found["pod_identity_association"] += associations
    return found


def access_entries(reader: Reader, cluster: dict[str, Any]) -> list[Any]:
    """None in a cluster that knows its users by a ConfigMap: EKS then refuses to list them."""
    if cluster["accessConfig"]["authenticationMode"] == "CONFIG_MAP":
        return []
    client = reader.client("eks")
    names = {"clusterName": cluster["name"]}
    principals = reader.pages(client, "list_access_entries", "accessEntries", **names)
    return [client.describe_access_entry(principalArn=arn, **names)["accessEntry"] for arn in principals]


def autoscaling(reader: Reader, residue: bool) -> dict[str, list[Any]]:
    client = reader.client("autoscaling")
    return {"autoscaling_group": reader.pages(client, "describe_auto_scaling_groups", "AutoScalingGroups")}


def load_balancing(reader: Reader, residue: bool) -> dict[str, list[Any]]:
    client = reader.client("elbv2")
    return {
        "load_balancer": reader.pages(client, "describe_load_balancers", "LoadBalancers"),
        "target_group": reader.pages(client, "describe_target_groups", "TargetGroups"),
    }


def kms(reader: Reader, residue: bool) -> dict[str, list[Any]]:
    """Customer managed keys and aliases, without those of AWS's own services."""
    client = reader.client("kms")
    keys = [client.describe_key(KeyId=key["KeyId"])["KeyMetadata"] for key in reader.pages(client, "list_keys", "Keys")]
    kept = [
        key for key in keys if key.get("KeyManager") == "CUSTOMER" and (residue or key["KeyState"] != "PendingDeletion")
    ]
    aliases = reader.pages(client, "list_aliases", "Aliases")
    own = [alias for alias in aliases if not alias["AliasName"].startswith("alias/aws/")]
    return {"kms_key": kept, "kms_alias": own}


def logs(reader: Reader, residue: bool) -> dict[str, list[Any]]:
    return {"log_group": reader.pages(reader.client("logs"), "describe_log_groups", "logGroups")}


def messaging(reader: Reader, residue: bool) -> dict[str, list[Any]]:
    rules = reader.pages(reader.client("events"), "list_rules", "Rules")
    return {
        "queue": reader.client("sqs").list_queues().get("QueueUrls", []),
        "topic": reader.pages(reader.client("sns"), "list_topics", "Topics"),
        "event_rule": [rule for rule in rules if not rule.get("ManagedBy")],
    }


def certificates(reader: Reader, residue: bool) -> dict[str, list[Any]]:
    return {"certificate": reader.pages(reader.client("acm"), "list_certificates", "CertificateSummaryList")}


def registries(reader: Reader, residue: bool) -> dict[str, list[Any]]:
    return {"ecr_repository": reader.pages(reader.client("ecr"), "describe_repositories", "repositories")}


def parameters(reader: Reader, residue: bool) -> dict[str, list[Any]]:
    """Parameters and secrets of the account's own; AWS's public parameters are not described."""
    described = reader.pages(reader.client("ssm"), "describe_parameters", "Parameters")
    return {
        "ssm_parameter": [entry for entry in described if not entry["Name"].startswith("/aws/")],
        "secret": reader.pages(reader.client("secretsmanager"), "list_secrets", "SecretList"),
    }


def firewall(reader: Reader, residue: bool) -> dict[str, list[Any]]:
    return {"web_acl": reader.client("wafv2").list_web_acls(Scope="REGIONAL")["WebACLs"]}


def worldwide(reader: Reader, residue: bool) -> dict[str, list[Any]]:
    """IAM, S3 and Route 53, which know no regions. The caller's own user is part of a pristine account."""
    iam = reader.client("iam")
    roles = reader.pages(iam, "list_roles", "Roles")
    caller = reader.client("sts").get_caller_identity()["Arn"]
    s3 = reader.client("s3")
    return {
        "iam_role": [role | _role(iam, role) for role in roles if residue or "/aws-service-role/" not in role["Arn"]],
        "instance_profile": reader.pages(iam, "list_instance_profiles", "InstanceProfiles"),
        "iam_policy": reader.pages(iam, "list_policies", "Policies", Scope="Local"),
        "iam_user": [user for user in reader.pages(iam, "list_users", "Users") if user["Arn"] != caller],
        "iam_group": reader.pages(iam, "list_groups", "Groups"),
        "oidc_provider": iam.list_open_id_connect_providers()["OpenIDConnectProviderList"],
        "s3_bucket": [bucket | _bucket(s3, bucket["Name"]) for bucket in s3.list_buckets()["Buckets"]],
        "hosted_zone": reader.pages(reader.client("route53"), "list_hosted_zones", "HostedZones"),
    }


def _role(iam: Any, role: Entry) -> Entry:
    name = role["RoleName"]
    inline = iam.list_role_policies(RoleName=name)["PolicyNames"]
    return {
        "AttachedPolicies": iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"],
        "InlinePolicies": {
            policy: iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"] for policy in inline
        },
        "Tags": iam.list_role_tags(RoleName=name)["Tags"],
    }


def _bucket(s3: Any, name: str) -> Entry:
    def read(operation: str) -> Any:
        try:
            answer = getattr(s3, operation)(Bucket=name)
        except ClientError as error:
            return error.response["Error"]["Code"]
        return {key: value for key, value in answer.items() if key != "ResponseMetadata"}

    return {
        operation: read(operation)
        for operation in (
            "get_bucket_encryption",
            "get_bucket_lifecycle_configuration",
            "get_bucket_logging",
            "get_bucket_policy",
            "get_bucket_tagging",
            "get_bucket_versioning",
            "get_public_access_block",
        )
    }

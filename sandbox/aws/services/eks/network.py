"""What EKS makes in the cluster's VPC: its own security group and the control plane's network interfaces."""

from __future__ import annotations

import ipaddress
import uuid
from typing import Any

from sandbox.aws.front.errors import AwsError
from sandbox.aws.front.moto_bridge import backend
from sandbox.aws.services.ec2 import interfaces
from sandbox.aws.services.eks.model import Cluster, invalid_parameter

# Zones without EKS's control planes ("Subnet requirements for clusters" in the EKS user guide).
REFUSED_ZONE_IDS = ("use1-az3", "usw1-az2", "cac1-az3")
GROUP_DESCRIPTION = (
    "EKS created security group applied to ENI that is attached to EKS Control Plane master nodes, as well as any "
    "managed workloads."
)


def check_subnets(account: str, region: str, name: str, subnet_ids: list[str]) -> str:
    """The VPC of the subnets.

    :raises AwsError: when a subnet is missing, in a refused zone or in another VPC, or all are in one zone
    """
    ec2 = backend("ec2", account, region)
    subnets = []
    for subnet_id in subnet_ids:
        try:
            subnets.append(ec2.get_subnet(subnet_id))
        except Exception as error:
            raise invalid_parameter(
                f"The subnet ID '{subnet_id}' does not exist (Service: AmazonEC2; Status Code: 400; "
                f"Error Code: InvalidSubnetID.NotFound)",
                clusterName=name,
            ) from error
    refused = [subnet for subnet in subnets if subnet.availability_zone_id in REFUSED_ZONE_IDS]
    if refused:
        zones = [zone for zone in ec2.describe_availability_zones() if zone.zone_id not in REFUSED_ZONE_IDS]
        valid = [zone.name for zone in zones]
        raise AwsError(
            "UnsupportedAvailabilityZoneException",
            f"Cannot create cluster '{name}' because {refused[0].availability_zone}, the targeted availability zone, "
            f"does not currently have sufficient capacity to support the cluster. Retry and choose from these "
            f"availability zones: {', '.join(valid)}",
            400,
            clusterName=name,
            validZones=valid,
        )
    if len({subnet.vpc_id for subnet in subnets}) > 1:
        raise invalid_parameter("Subnets specified must be in the same VPC", clusterName=name)
    if len({subnet.availability_zone for subnet in subnets}) < 2:
        raise invalid_parameter("Subnets specified must be in at least two different AZs", clusterName=name)
    return str(subnets[0].vpc_id)


def check_security_groups(account: str, region: str, vpc_id: str, group_ids: list[str]) -> None:
    ec2 = backend("ec2", account, region)
    for group_id in group_ids:
        group = ec2.get_security_group_from_id(group_id)
        if group is None:
            raise invalid_parameter(
                f"The security group '{group_id}' does not exist (Service: AmazonEC2; Status Code: 400; "
                "Error Code: InvalidGroup.NotFound)"
            )
        if group.vpc_id != vpc_id:
            raise invalid_parameter(f"Security group(s) [{group_id}] are not in the same VPC as the subnets.")


def check_service_cidr(account: str, region: str, vpc_id: str, cidr: str) -> None:
    try:
        network = ipaddress.IPv4Network(cidr)
    except ValueError as error:
        raise invalid_parameter(f"The service CIDR {cidr} is not valid: {error}") from error
    private = [ipaddress.IPv4Network(block) for block in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")]
    if not any(network.subnet_of(block) for block in private) or not 12 <= network.prefixlen <= 24:
        raise invalid_parameter(
            "Service CIDR block must be between /24 and /12 and within 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16"
        )
    for block in vpc_blocks(account, region, vpc_id):
        if network.overlaps(block):
            raise invalid_parameter(f"Service CIDR {cidr} overlaps with the VPC CIDR {block}")


def vpc_blocks(account: str, region: str, vpc_id: str) -> list[ipaddress.IPv4Network]:
    """The IPv4 blocks of a VPC, secondary ones too."""
    associations = backend("ec2", account, region).vpcs[vpc_id].cidr_block_association_set
    return [ipaddress.IPv4Network(item["cidr_block"]) for item in associations]


def make_security_group(cluster: Cluster, vpc_id: str) -> str:
    """EKS's own group: everything from itself, everything out."""
    ec2 = backend("ec2", cluster.account, cluster.region)
    name = f"eks-cluster-sg-{cluster.name}-{uuid.uuid4().int % 10**9}"
    tags = {
        "Name": name,
        f"kubernetes.io/cluster/{cluster.name}": "owned",
        "aws:eks:cluster-name": cluster.name,
    }
    group = ec2.create_security_group(name, GROUP_DESCRIPTION, vpc_id=vpc_id, tags=tags)
    ec2.authorize_security_group_ingress(group.id, "-1", None, None, [], source_groups=[{"GroupId": group.id}])
    return str(group.id)


def make_network_interfaces(cluster: Cluster) -> None:
    """One interface in each of two to four subnets, in use by EKS."""
    config = cluster.vpc_config
    groups = [config["clusterSecurityGroupId"], *config["securityGroupIds"]]
    description = f"Amazon EKS {cluster.name}"
    for subnet_id in config["subnetIds"][:4]:
        identity = interfaces.make(cluster.account, cluster.region, subnet_id, groups, description, owner="amazon-eks")
        cluster.network_interfaces.append(identity)


def remove_network_interfaces(cluster: Cluster) -> None:
    for identity in cluster.network_interfaces:
        interfaces.remove(cluster.account, cluster.region, identity)
    cluster.network_interfaces.clear()


def remove_security_group(cluster: Cluster) -> None:
    """EKS deletes its group with the cluster, unless somebody still uses it."""
    ec2 = backend("ec2", cluster.account, cluster.region)
    group_id = str(cluster.vpc_config.get("clusterSecurityGroupId"))
    if any(group_id in [group.id for group in interface.group_set] for interface in ec2.enis.values()):
        return
    vpc_groups: dict[str, Any] = ec2.groups[cluster.vpc_config["vpcId"]]
    referenced = any(
        pair.get("GroupId") == group_id
        for group in vpc_groups.values()
        if group.id != group_id
        for rule in (*group.ingress_rules, *group.egress_rules)
        for pair in [rule.source_group or {}]
    )
    if not referenced:
        vpc_groups.pop(group_id, None)
        ec2.tags.pop(group_id, None)

"""What the tests of the module network share."""

from __future__ import annotations

from typing import Any

from .conftest import Emulator

TAGGED = {
    "vpc",
    "subnet",
    "internet_gateway",
    "elastic_ip",
    "nat_gateway",
    "route_table",
    "network_acl",
    "security_group",
    "vpc_endpoint",
    "flow_log",
    "vpc_tags",
    "subnet_tags",
}
WRITES = {
    "AllocateAddress": {"elastic_ip"},
    "AssociateRouteTable": {"route_table"},
    "AssociateVpcCidrBlock": {"vpc_cidr_block"},
    "AttachInternetGateway": {"internet_gateway"},
    "AuthorizeSecurityGroupIngress": {"security_group_rules"},
    "CreateFlowLogs": {"flow_log"},
    "CreateInternetGateway": {"internet_gateway"},
    "CreateLogGroup": {"log_group"},
    "CreateNatGateway": {"nat_gateway"},
    "CreateNetworkAcl": {"network_acl"},
    "CreateNetworkAclEntry": {"network_acl"},
    "CreateRole": {"iam_role"},
    "CreateRoute": {"route_table"},
    "CreateRouteTable": {"route_table"},
    "CreateSecurityGroup": {"security_group"},
    "CreateSubnet": {"subnet"},
    "CreateSubnetCidrReservation": {"subnet"},
    "CreateTags": TAGGED,
    "CreateVpc": {"vpc"},
    "CreateVpcEndpoint": {"vpc_endpoint"},
    "DeleteFlowLogs": {"flow_log"},
    "DeleteInternetGateway": {"internet_gateway"},
    "DeleteLogGroup": {"log_group"},
    "DeleteNatGateway": {"nat_gateway"},
    "DeleteNetworkAcl": {"network_acl"},
    "DeleteNetworkAclEntry": {"network_acl", "vpc"},
    "DeleteNetworkInterface": {"network_interface"},
    "DeleteRole": {"iam_role"},
    "DeleteRolePolicy": {"iam_role"},
    "DeleteRoute": {"route_table", "vpc"},
    "DeleteRouteTable": {"route_table"},
    "DeleteSecurityGroup": {"security_group"},
    "DeleteSubnet": {"subnet"},
    "DeleteSubnetCidrReservation": {"subnet"},
    "DeleteVpc": {"vpc"},
    "DeleteVpcEndpoints": {"vpc_endpoint"},
    "DetachInternetGateway": {"internet_gateway"},
    "DisassociateRouteTable": {"route_table"},
    "DisassociateVpcCidrBlock": {"vpc_cidr_block"},
    "ModifySubnetAttribute": {"subnet"},
    "ModifyVpcAttribute": {"vpc"},
    "ModifyVpcEndpoint": {"vpc_endpoint"},
    "PutRetentionPolicy": {"log_group"},
    "PutRolePolicy": {"iam_role"},
    "ReleaseAddress": {"elastic_ip"},
    "ReplaceNetworkAclAssociation": {"network_acl"},
    "ReplaceNetworkAclEntry": {"network_acl"},
    "ReplaceRoute": {"route_table"},
    "ReplaceRouteTableAssociation": {"route_table"},
    "RevokeSecurityGroupEgress": {"security_group_rules", "vpc"},
    "RevokeSecurityGroupIngress": {"security_group_rules", "vpc"},
    "TagResource": {"log_group"},
    "TagRole": {"iam_role"},
    "UntagResource": {"log_group"},
    "UntagRole": {"iam_role"},
    "UpdateAssumeRolePolicy": {"iam_role"},
    "DeleteTags": TAGGED,
}
"""Write operation -> kinds of change that it may belong to."""


def vpc_of(emulator: Emulator, platform: str = "demo") -> dict[str, Any]:
    filters = [{"Name": "tag:slipway:platform", "Values": [platform]}]
    found = emulator.client("ec2").describe_vpcs(Filters=filters)["Vpcs"]
    assert len(found) == 1
    vpc: dict[str, Any] = found[0]
    return vpc


def named(emulator: Emulator, operation: str, key: str, name: str) -> dict[str, Any]:
    """The one resource with this Name tag."""
    filters = [{"Name": "tag:Name", "Values": [name]}]
    member = "Filter" if operation in ("describe_nat_gateways", "describe_flow_logs") else "Filters"
    found = getattr(emulator.client("ec2"), operation)(**{member: filters})[key]
    assert len(found) == 1, f"{name}: {len(found)}"
    answer: dict[str, Any] = found[0]
    return answer

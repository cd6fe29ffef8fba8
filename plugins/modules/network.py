#!/usr/bin/python
# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: network
short_description: VPC of a platform with subnets, gateways, endpoints and flow logs
version_added: 0.1.0
description:
  - Makes a VPC over three availability zones with three private and three public subnets, an internet gateway, NAT
    gateways, route tables, network ACLs, VPC endpoints with policies and flow logs to CloudWatch.
  - What AWS makes beside a VPC is emptied with it, the default security group, the default network ACL and the main
    route table.
  - A VPC that others made can be used instead, see O(kind).
author:
  - Contributors to slipway.platform (@slipway-platform)
options:
  kind:
    description:
      - V(created) makes a VPC, V(existing) uses the one that O(existing) names.
    type: str
    choices: [created, existing]
    default: created
  existing:
    description:
      - The VPC that others made and its subnets, for O(kind=existing). All options but O(max_nodes),
        O(max_pods_per_node) and O(availability_zones) then mean nothing.
      - Nothing of it is changed or deleted but the tags that O(existing.tag) allows.
    type: dict
    default: {}
    suboptions:
      vpc:
        description:
          - Name or identifier of the VPC.
        type: str
      vpc_tags:
        description:
          - Tags by which the VPC is found where O(existing.vpc) is not given.
        type: dict
        default: {}
      private_subnets:
        description:
          - Names or identifiers of three private subnets in three zones.
        type: list
        elements: str
        default: []
      private_subnet_tags:
        description:
          - Tags by which the private subnets are found where O(existing.private_subnets) is not given.
        type: dict
        default: {}
      public_subnets:
        description:
          - Names or identifiers of three public subnets in three zones, or none.
        type: list
        elements: str
        default: []
      public_subnet_tags:
        description:
          - Tags by which the public subnets are found where O(existing.public_subnets) is not given.
        type: dict
        default: {}
      tag:
        description:
          - Whether the VPC and the subnets get the tags by which later runs, load balancers and Karpenter find
            them. What stands under the keys of load balancers and Karpenter is kept.
          - If V(false), other roles find the network only in a run that includes the role C(vpc).
        type: bool
        default: true
  cidr_block:
    description:
      - Private IPv4 block of the VPC, C(/16) to C(/23), or to C(/28) where the blocks of the subnets are given.
      - AWS fixes it when the VPC is made.
    type: str
    default: 10.0.0.0/16
  availability_zones:
    description:
      - Names of three zones. By default the first three that EKS takes, and ever after those in which the subnets
        stand.
    type: list
    elements: str
    default: []
  private_cidr_blocks:
    description:
      - Blocks of the private subnets in the order of O(availability_zones). By default the first three quarters of
        O(cidr_block).
    type: list
    elements: str
    default: []
  public_cidr_blocks:
    description:
      - Blocks of the public subnets in the order of O(availability_zones). By default three sixteenths of the last
        quarter of O(cidr_block), but not less than C(/27) each.
    type: list
    elements: str
    default: []
  pod_cidr_block:
    description:
      - A second block of the VPC, for pods alone. Its three subnets carry the tag by which the VPC CNI finds them.
    type: str
  prefix_reservations:
    description:
      - Whether half of each subnet for pods is reserved for prefixes, so that single addresses do not break it up.
      - V(false) leaves reservations as they are.
    type: bool
    default: true
  nat_kind:
    description:
      - V(single) makes one NAT gateway, V(per_az) one a zone, V(regional) one that spreads over the zones by itself
        with addresses of its own.
      - V(none) needs the endpoints without which nodes cannot join, V(s3) in O(gateway_endpoints) and V(ec2),
        V(ecr.api), V(ecr.dkr), V(eks), V(eks-auth) and V(sts) in O(interface_endpoints).
    type: str
    choices: [single, per_az, regional, none]
    default: single
  routes:
    description:
      - Routes of the private subnets beside the way out, to what others made.
    type: list
    elements: dict
    default: []
    suboptions:
      cidr_block:
        description:
          - Destination.
        type: str
        required: true
      target:
        description:
          - Identifier of a transit gateway, peering connection, virtual private gateway, interface or endpoint.
        type: str
        required: true
  gateway_endpoints:
    description:
      - Gateway endpoints of the private subnets. They cost nothing.
    type: list
    elements: dict
    default:
      - service: s3
    suboptions:
      service:
        description:
          - The service.
        type: str
        choices: [dynamodb, s3]
        required: true
      policy:
        description:
          - Policy of the endpoint. By default principals of the account may do what IAM allows them, and images and
            packages may be read from the buckets of AWS.
        type: dict
  interface_endpoints:
    description:
      - Interface endpoints in the private subnets, open to the VPC on port 443, with private DNS names.
    type: list
    elements: dict
    default:
      - service: ecr.api
      - service: ecr.dkr
      - service: sts
    suboptions:
      service:
        description:
          - Last part of the service's name, V(ecr.api) for C(com.amazonaws.<region>.ecr.api).
        type: str
        required: true
      policy:
        description:
          - Policy of the endpoint. By default principals of the account may do what IAM allows them.
        type: dict
  flow_logs:
    description:
      - Whether flow logs of the VPC are written to the log group C(/aws/vpc/<platform_name>/flow-logs).
      - V(false) deletes the log group too.
    type: bool
    default: true
  flow_logs_kms_key:
    description:
      - Use of the KMS key (see M(slipway.platform.kms_keys)) that encrypts the log group. Empty for a key of AWS's.
    type: str
    default: flow-logs
  flow_logs_retention_in_days:
    description:
      - Days that flow logs are kept.
    type: int
    default: 90
  flow_logs_traffic_type:
    description:
      - Which traffic is logged.
    type: str
    choices: [ACCEPT, ALL, REJECT]
    default: ALL
  max_nodes:
    description:
      - The most nodes that the platform is to have. A layout into which they do not fit is refused.
    type: int
    default: 60
  max_pods_per_node:
    description:
      - The most pods on one node, 1 to 250. Each node takes blocks of 16 addresses for them.
    type: int
    default: 110
  path:
    description:
      - Path of the IAM role that writes flow logs.
    type: str
    default: /
  permissions_boundary:
    description:
      - ARN of the permissions boundary of the IAM role that writes flow logs.
    type: str
notes:
  - C(amazon.aws) has a module for each part and none for the whole, some 25 tasks. Its route tables sleep five
    seconds a change, its NAT gateways allocate an address anew once theirs is in use, it has no regional NAT
    gateways, no reservations of prefixes and no default resources of a VPC, and in check mode a subnet of a VPC
    that is about to be made is an error.
  - V(absent) deletes what controllers of the platform's cluster left in the VPC as well. It is refused, before
    anything is deleted, while something that others made is in it.
extends_documentation_fragment:
  - slipway.platform._box
  - slipway.platform._attributes
  - slipway.platform._attributes.action_group
  - amazon.aws.common.modules
  - amazon.aws.region.modules
"""

EXAMPLES = r"""
- name: Network with a NAT gateway in each zone
  slipway.platform.network:
    platform_name: demo
    cidr_block: 10.20.0.0/16
    nat_kind: per_az

- name: Use of a network that others made
  slipway.platform.network:
    platform_name: demo
    kind: existing
    existing:
      vpc: corporate
      private_subnet_tags:
        tier: private
"""

RETURN = r"""
availability_zones:
  description: Zones of the subnets that stand.
  returned: success
  type: list
  elements: str
subnets:
  description: Names of the subnets that stand, by V(private), V(public) and V(pods).
  returned: success
  type: dict
extends_documentation_fragment:
  - slipway.platform._box
  - slipway.platform._plan
"""

from ansible_collections.slipway.platform.plugins.module_utils._boxes.network.box import BOX
from ansible_collections.slipway.platform.plugins.module_utils._core.run import run


def main() -> None:
    run(BOX)


if __name__ == "__main__":
    main()

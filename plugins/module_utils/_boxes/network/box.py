# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The network of the platform: a VPC over three availability zones, or the use of one that others made."""

from __future__ import annotations

from ..._aws.ec2.elastic_ips import ELASTIC_IP
from ..._aws.ec2.flow_logs import FLOW_LOG
from ..._aws.ec2.internet_gateways import INTERNET_GATEWAY
from ..._aws.ec2.nat_gateways import NAT_GATEWAY
from ..._aws.ec2.network_acls import NETWORK_ACL
from ..._aws.ec2.network_interfaces import NETWORK_INTERFACE
from ..._aws.ec2.route_tables import ROUTE_TABLE
from ..._aws.ec2.security_groups import SECURITY_GROUP, SECURITY_GROUP_RULES
from ..._aws.ec2.subnets import SUBNET
from ..._aws.ec2.tags_of_others import SUBNET_TAGS, VPC_TAGS
from ..._aws.ec2.vpc_endpoints import VPC_ENDPOINT
from ..._aws.ec2.vpcs import VPC, VPC_CIDR_BLOCK
from ..._aws.iam.roles import IAM_ROLE
from ..._aws.kms.keys import KMS_KEY
from ..._aws.logs.log_groups import LOG_GROUP
from ..._aws.provider import AWS
from ..._core.box import Box
from .model import OPTIONS, parse
from .plan import answer, declare, guard
from .read import read

KINDS = (
    VPC,
    VPC_CIDR_BLOCK,
    INTERNET_GATEWAY,
    NETWORK_ACL,
    ROUTE_TABLE,
    SECURITY_GROUP,
    SUBNET,
    NETWORK_INTERFACE,
    ELASTIC_IP,
    NAT_GATEWAY,
    SECURITY_GROUP_RULES,
    VPC_ENDPOINT,
    LOG_GROUP,
    IAM_ROLE,
    FLOW_LOG,
    VPC_TAGS,
    SUBNET_TAGS,
)
"""In an order in which deletes, in reverse, find nothing in their way."""


BOX = Box(
    name="the network",
    role="vpc",
    provider=AWS,
    options=OPTIONS,
    kinds=KINDS,
    uses=(KMS_KEY,),
    parse=parse,
    read=read,
    declare=declare,
    guard=guard,
    facts=lambda params: {"zones": ()},
    answer=answer,
)

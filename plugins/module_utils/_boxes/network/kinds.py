# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kinds of a network, so that deletes in reverse order find nothing in their way."""

from __future__ import annotations

from ..._aws import logs as log_groups
from .. import iam_roles, security_groups
from . import existing, leftovers
from .endpoints import FLOW_LOG, VPC_ENDPOINT
from .gateways import ELASTIC_IP, INTERNET_GATEWAY, NAT_GATEWAY
from .network_acls import NETWORK_ACL
from .route_tables import ROUTE_TABLE
from .vpc import SUBNET, VPC, VPC_CIDR_BLOCK

_GROUP, _GROUP_RULES = security_groups.BOX.kinds

KINDS = (
    VPC,
    VPC_CIDR_BLOCK,
    INTERNET_GATEWAY,
    NETWORK_ACL,
    ROUTE_TABLE,
    _GROUP,
    SUBNET,
    *leftovers.KINDS,
    ELASTIC_IP,
    NAT_GATEWAY,
    _GROUP_RULES,
    VPC_ENDPOINT,
    *log_groups.KINDS,
    *iam_roles.KINDS,
    FLOW_LOG,
    *existing.KINDS,
)

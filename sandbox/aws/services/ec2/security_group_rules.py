"""Names of security groups that EC2 refuses; rules, which it tells apart by protocol, ports and peer, moto by a group's
description too.
"""

from __future__ import annotations

from typing import Any

import moto.ec2.models.security_groups as moto_security_groups

from sandbox.aws.front.call import Call
from sandbox.aws.front.errors import AwsError
from sandbox.aws.front.hooks import before

_Rule: Any = moto_security_groups.SecurityGroupRule


def _identity(rule: Any) -> tuple[Any, ...]:
    peer = (
        rule.ip_range.get("CidrIp"),
        rule.ip_range.get("CidrIpv6"),
        rule.source_group.get("GroupId"),
        rule.prefix_list_id,
    )
    ports = () if rule.ip_protocol == "-1" else (rule.from_port, rule.to_port)
    return (rule.ip_protocol, *ports, *peer)


def _equal(rule: Any, other: Any) -> bool:
    return _identity(rule) == _identity(other)


_Rule.__eq__ = _equal


@before("ec2", "CreateSecurityGroup")
def check_name(call: Call) -> None:
    name = str(call.parameters.get("GroupName", ""))
    if name.startswith("sg-"):
        message = f"Value ({name}) for parameter GroupName is invalid. Group names may not be in the format sg-*."
        raise AwsError("InvalidParameterValue", message, 400)

"""EC2 tells rules of a security group apart by protocol, ports and peer; moto by a group's description too."""

from __future__ import annotations

from typing import Any

import moto.ec2.models.security_groups as moto_security_groups

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

# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What stands of the security groups of a platform."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..._aws import finders
from ..._aws.client import Api
from ..._aws.ec2 import common as ec2
from ..._aws.tags import IDENTITY
from ..._core.known import Known
from ..._core.plan import Found, Ref
from .model import SecurityGroups, label
from .plan import COMPONENT


def security_groups(api: Api, vpc_id: str) -> list[dict[str, Any]]:
    """Every group of a VPC, with its rules."""
    answer: list[dict[str, Any]] = api.ec2.pages(
        "describe_security_groups", "SecurityGroups", Filters=ec2.filters(vpc_id=vpc_id)
    )
    return answer


def ports(permission: Mapping[str, Any]) -> str:
    """`443`, `1025-65535`, or an empty text where the protocol has none or all (ICMP: all types)."""
    first, last = permission.get("FromPort"), permission.get("ToPort")
    if first is None or permission["IpProtocol"] == "-1" or int(first) == -1:
        return ""
    return f"{first}" if first == last else f"{first}-{last}"


def rules(permissions: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """AWS's permissions of one direction as labels and peers, see `model.Group`."""
    answer: dict[str, set[str]] = {}
    for permission in permissions:
        protocol = "all" if permission["IpProtocol"] == "-1" else str(permission["IpProtocol"])
        for key, peer in (
            ("UserIdGroupPairs", "GroupId"),
            ("IpRanges", "CidrIp"),
            ("Ipv6Ranges", "CidrIpv6"),
            ("PrefixListIds", "PrefixListId"),
        ):
            for entry in permission.get(key) or []:
                text = label(protocol, ports(permission), entry.get("Description") or "")
                answer.setdefault(text, set()).add(entry[peer])
    return {key: sorted(answer[key]) for key in sorted(answer)}


def found(entry: Mapping[str, Any]) -> dict[Ref, Found]:
    """A group and its rules."""
    name, group_id = entry["GroupName"], entry["GroupId"]
    directions = {
        "ingress": rules(entry.get("IpPermissions", [])),
        "egress": rules(entry.get("IpPermissionsEgress", [])),
    }
    return {
        Ref("security_group", name): Found(
            group_id, {"description": entry["Description"], "vpc": entry["VpcId"]}, ec2.tags_of(entry)
        ),
        Ref("security_group_rules", name): Found(f"{group_id} rules", {"group": group_id, **directions}),
    }


def read(api: Api, spec: SecurityGroups, known: Known) -> dict[Ref, Found]:
    """The groups of this component, and those of declared names, in the platform's VPC: one call if that is known."""
    if known.planned(spec.vpc) or known.deleted(spec.vpc):
        return {}
    if known.id(spec.vpc) is None:
        for vpc in finders.FINDERS["vpc"](api, spec.platform, [spec.vpc.name]).values():
            known.found(spec.vpc, vpc)
    vpc_id = known.id(spec.vpc)
    if vpc_id is None:
        return {}
    names = {group.name for group in spec.groups}
    answer: dict[Ref, Found] = {}
    for entry in security_groups(api, vpc_id):
        tags = ec2.tags_of(entry)
        ours = tags.get(IDENTITY) == spec.platform and tags.get(COMPONENT) == spec.component
        if ours or entry["GroupName"] in names:
            answer |= found(entry)
    return answer

# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of `eks_cluster` and what they declare. Pure."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..._aws.account import Account
from ..._aws.eks.model import LOG_TYPES
from ..._aws.logs.model import RETENTION_OPTION, check_retention
from ..._core.plan import Ref, Refusal, Value

SUPPORT_TYPES = ("standard", "extended")
PUBLIC_ACCESS_CIDRS = 40
"""Most CIDRs of a public endpoint. Source: "Amazon EKS service quotas", EKS User Guide."""

OPTIONS: dict[str, dict[str, Any]] = {
    "version": {"type": "str"},
    "default_version": {"type": "str"},
    "support_type": {"type": "str", "choices": list(SUPPORT_TYPES), "default": "standard"},
    "role": {"type": "str", "default": "cluster"},
    "subnets": {"type": "list", "elements": "str", "default": []},
    "security_groups": {"type": "list", "elements": "str", "default": ["control-plane"]},
    "encryption_key": {"type": "str", "default": "eks", "no_log": False},
    "public_access_cidrs": {"type": "list", "elements": "str", "default": []},
    "service_ipv4_cidr": {"type": "str"},
    "vpc_cidr_blocks": {"type": "list", "elements": "str", "default": []},
    "log_types": {"type": "list", "elements": "str", "choices": list(LOG_TYPES), "default": list(LOG_TYPES)},
    "log_retention_in_days": dict(RETENTION_OPTION),
    "zonal_shift": {"type": "bool", "default": True},
    "deletion_protection": {"type": "bool", "default": True},
    "wait": {"type": "bool", "default": True},
}

_MINOR = re.compile(r"1\.[1-9][0-9]")
_RESERVED = tuple(
    ipaddress.IPv4Network(block)
    for block in ("10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16")
)
_SERVICE = tuple(ipaddress.IPv4Network(block) for block in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))


@dataclass(frozen=True)
class EksCluster:
    """:param version: the pinned minor; None keeps what stands and takes `default_version` for a new cluster.
    :param subnets: whole names; `()` means all private subnets of the platform, which `complete` finds.
    :param encryption_key: of Kubernetes's secrets and of the log group.
    :param service_ipv4_cidr: None leaves it to EKS.
    :param versions: Kubernetes minors as `Account.versions` holds them, or None.
    """

    platform: str
    tags: Mapping[str, str]
    account: Account
    version: str | None
    default_version: str | None
    support_type: str
    role: Ref
    subnets: tuple[str, ...]
    security_groups: tuple[Ref, ...]
    encryption_key: Ref
    public_access_cidrs: tuple[str, ...]
    service_ipv4_cidr: str | None
    log_types: tuple[str, ...]
    log_retention_in_days: int
    zonal_shift: bool
    deletion_protection: bool

    @property
    def log_group(self) -> str:
        """Name that EKS gives the log group of the control plane."""
        return f"/aws/eks/{self.platform}/cluster"


def parse(params: Mapping[str, Value], account: Account) -> EksCluster:
    platform = params["platform_name"]
    for option in ("version", "default_version"):
        if params[option] and params["state"] == "present":
            _check_version(option, params[option], params["support_type"], account)
    if params["subnets"] and len(params["subnets"]) < 2:
        raise Refusal("subnets", params["subnets"], "subnets in at least two availability zones are required")
    return EksCluster(
        platform=platform,
        tags=params["tags"],
        account=account,
        version=params["version"] or None,
        default_version=params["default_version"] or None,
        support_type=params["support_type"].upper(),
        role=Ref("iam_role", f"{platform}-{params['role']}"),
        subnets=tuple(sorted(f"{platform}-{name}" for name in params["subnets"])),
        security_groups=tuple(
            Ref("security_group", f"{platform}-{name}") for name in sorted(params["security_groups"])
        ),
        encryption_key=Ref("kms_key", f"{platform}-{params['encryption_key']}"),
        public_access_cidrs=_public_access_cidrs(params["public_access_cidrs"]),
        service_ipv4_cidr=_service_ipv4_cidr(params["service_ipv4_cidr"], params["vpc_cidr_blocks"]),
        log_types=tuple(sorted(set(params["log_types"]))),
        log_retention_in_days=check_retention("log_retention_in_days", params["log_retention_in_days"]),
        zonal_shift=params["zonal_shift"],
        deletion_protection=params["deletion_protection"],
    )


def minor(version: str) -> int:
    """35 for `1.35`."""
    return int(version.split(".")[1])


def _check_version(option: str, version: str, support_type: str, account: Account) -> None:
    if not _MINOR.fullmatch(version):
        raise Refusal(option, version, "a minor of Kubernetes is allowed, such as 1.35, in quotes")
    if account.versions is None:
        return
    statuses = ("STANDARD_SUPPORT", "EXTENDED_SUPPORT") if support_type == "extended" else ("STANDARD_SUPPORT",)
    allowed = sorted((name for name, entry in account.versions.items() if entry["status"] in statuses), key=minor)
    if version in allowed:
        return
    clause = f"allowed are {', '.join(allowed)}"
    entry = account.versions.get(version)
    if entry is not None and entry["status"] == "EXTENDED_SUPPORT":
        clause += (
            f", since its standard support ended on {entry['standard_until']}; extended support costs extra and is "
            "allowed by support_type extended"
        )
    raise Refusal(option, version, clause)


def _network(option: str, text: str) -> ipaddress.IPv4Network:
    try:
        return ipaddress.IPv4Network(text)
    except ValueError:
        raise Refusal(option, text, "an IPv4 CIDR is allowed whose address is the first of its network") from None


def _public_access_cidrs(cidrs: Sequence[str]) -> tuple[str, ...]:
    """Source: "Cluster API server endpoint", EKS User Guide; 0.0.0.0/0 is refused by choice."""
    if len(cidrs) > PUBLIC_ACCESS_CIDRS:
        raise Refusal("public_access_cidrs", f"{len(cidrs)} CIDRs", f"at most {PUBLIC_ACCESS_CIDRS} CIDRs are allowed")
    for position, text in enumerate(cidrs):
        option = f"public_access_cidrs[{position}]"
        network = _network(option, text)
        if network.prefixlen == 0:
            raise Refusal(option, text, "networks of your own are allowed, not the whole internet")
        if any(network.overlaps(block) for block in _RESERVED):
            raise Refusal(option, text, "public networks are allowed, private ones reach the private endpoint")
    return tuple(sorted(set(cidrs)))


def _service_ipv4_cidr(text: str | None, vpc_cidr_blocks: Sequence[str]) -> str | None:
    """Source: KubernetesNetworkConfigRequest, EKS API Reference."""
    if not text:
        return None
    network = _network("service_ipv4_cidr", text)
    if not 12 <= network.prefixlen <= 24 or not any(network.subnet_of(block) for block in _SERVICE):
        allowed = "allowed is a network of /12 to /24 within 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16"
        raise Refusal("service_ipv4_cidr", text, allowed)
    for position, block in enumerate(vpc_cidr_blocks):
        if network.overlaps(_network(f"vpc_cidr_blocks[{position}]", block)):
            raise Refusal("service_ipv4_cidr", text, f"a network is allowed that does not overlap the VPC's {block}")
    return text

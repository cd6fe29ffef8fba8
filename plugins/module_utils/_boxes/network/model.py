# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of `network` and what they declare. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any

from ..._aws import policies
from ..._aws.account import REFUSED_ZONES, Account
from ..._aws.iam.model import IAM_OPTIONS, Iam, check_iam
from ..._aws.logs.model import RETENTION_OPTION, check_retention
from ..._core.plan import Ref, Refusal, Value
from .layout import ZONES, most_nodes, overlapping, pod_blocks, private_blocks, public_blocks
from .policies import account_policy, gateway_policy

NEEDED_WITHOUT_NAT = ("ec2", "ecr.api", "ecr.dkr", "eks", "eks-auth", "sts")
"""Interface endpoints without which nodes cannot join a cluster where there is no way out, beside the gateway to S3.
Source: "Deploy private clusters with limited internet access", EKS User Guide."""

ENDPOINT: dict[str, Any] = {
    "service": {"type": "str", "required": True},
    "policy": {"type": "dict"},
}

OPTIONS: dict[str, dict[str, Any]] = {
    "kind": {"type": "str", "choices": ["created", "existing"], "default": "created"},
    "existing": {
        "type": "dict",
        "default": {},
        "options": {
            "vpc": {"type": "str"},
            "vpc_tags": {"type": "dict", "default": {}},
            "private_subnets": {"type": "list", "elements": "str", "default": []},
            "private_subnet_tags": {"type": "dict", "default": {}},
            "public_subnets": {"type": "list", "elements": "str", "default": []},
            "public_subnet_tags": {"type": "dict", "default": {}},
            "tag": {"type": "bool", "default": True},
        },
    },
    "cidr_block": {"type": "str", "default": "10.0.0.0/16"},
    "availability_zones": {"type": "list", "elements": "str", "default": []},
    "private_cidr_blocks": {"type": "list", "elements": "str", "default": []},
    "public_cidr_blocks": {"type": "list", "elements": "str", "default": []},
    "pod_cidr_block": {"type": "str"},
    "prefix_reservations": {"type": "bool", "default": True},
    "nat_kind": {"type": "str", "choices": ["single", "per_az", "regional", "none"], "default": "single"},
    "routes": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {"cidr_block": {"type": "str", "required": True}, "target": {"type": "str", "required": True}},
    },
    "gateway_endpoints": {
        "type": "list",
        "elements": "dict",
        "default": [{"service": "s3"}],
        "options": {**ENDPOINT, "service": {"type": "str", "required": True, "choices": ["dynamodb", "s3"]}},
    },
    "interface_endpoints": {
        "type": "list",
        "elements": "dict",
        "default": [{"service": "ecr.api"}, {"service": "ecr.dkr"}, {"service": "sts"}],
        "options": ENDPOINT,
    },
    "flow_logs": {"type": "bool", "default": True},
    "flow_logs_kms_key": {"type": "str", "default": "flow-logs", "no_log": False},
    "flow_logs_retention_in_days": RETENTION_OPTION,
    "flow_logs_traffic_type": {"type": "str", "choices": ["ACCEPT", "ALL", "REJECT"], "default": "ALL"},
    "max_nodes": {"type": "int", "default": 60},
    "max_pods_per_node": {"type": "int", "default": 110},
    **IAM_OPTIONS,
}

_PRIVATE = [IPv4Network(block) for block in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")]
_SERVICE = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*")
_TARGET = re.compile(r"(tgw|pcx|vgw|eni|vpce)-[0-9a-f]{8,17}")


@dataclass(frozen=True)
class Existing:
    """A VPC that others made. Texts are identifiers or Name tags; tags are looked for where no text is given."""

    vpc: str | None
    vpc_tags: Mapping[str, str]
    subnets: Mapping[str, tuple[str, ...]]
    subnet_tags: Mapping[str, Mapping[str, str]]
    tag: bool


@dataclass(frozen=True)
class Network:
    """:param zones: the declared zones, or all that EKS takes where none are declared (`declare` keeps what stands).
    :param private: blocks of the private subnets, one a zone where `zones` are declared with blocks; same for `public`.
    :param pods: blocks of the pods' subnets, empty without `pod_block`.
    :param gateway_endpoints: service -> policy; same for `interface_endpoints`.
    """

    platform: str
    tags: Mapping[str, str]
    account: Account
    absent: bool
    iam: Iam
    existing: Existing | None
    block: IPv4Network
    zones: tuple[str, ...]
    zones_declared: bool
    blocks_declared: bool
    private: tuple[IPv4Network, ...]
    public: tuple[IPv4Network, ...]
    pod_block: IPv4Network | None
    pods: tuple[IPv4Network, ...]
    prefix_reservations: bool
    nat_kind: str
    routes: Mapping[str, str]
    gateway_endpoints: Mapping[str, Value]
    interface_endpoints: Mapping[str, Value]
    flow_logs: bool
    kms_key: Ref | None
    retention_in_days: int
    traffic_type: str
    max_nodes: int
    max_pods: int

    @property
    def vpc(self) -> Ref:
        return Ref("vpc", self.platform)

    @property
    def log_group(self) -> str:
        return f"/aws/vpc/{self.platform}/flow-logs"

    @property
    def flow_logs_role(self) -> str:
        return f"{self.platform}-flow-logs"


def parse(params: Mapping[str, Value], account: Account) -> Network:
    platform = params["platform_name"]
    existing = _existing(params) if params["kind"] == "existing" else None
    block = cidr_block("cidr_block", params["cidr_block"], 16, 28)
    pod_block = _pod_block(params["pod_cidr_block"], block)
    zones = _zones(params["availability_zones"], account)
    private, public = _blocks(params, block)
    pods = tuple(pod_blocks(pod_block)) if pod_block else ()
    endpoints = _endpoints(params, account)
    key = params["flow_logs_kms_key"]
    spec = Network(
        platform=platform,
        tags=params["tags"],
        account=account,
        absent=params["state"] == "absent",
        iam=check_iam(params),
        existing=existing,
        block=block,
        zones=zones,
        zones_declared=bool(params["availability_zones"]),
        blocks_declared=bool(params["private_cidr_blocks"] or params["public_cidr_blocks"]),
        private=private,
        public=public,
        pod_block=pod_block,
        pods=pods,
        prefix_reservations=params["prefix_reservations"],
        nat_kind=params["nat_kind"],
        routes=_routes(params["routes"], block),
        gateway_endpoints=endpoints["gateway_endpoints"],
        interface_endpoints=endpoints["interface_endpoints"],
        flow_logs=params["flow_logs"],
        kms_key=Ref("kms_key", f"{platform}-{key}") if key else None,
        retention_in_days=check_retention("flow_logs_retention_in_days", params["flow_logs_retention_in_days"]),
        traffic_type=params["flow_logs_traffic_type"],
        max_nodes=params["max_nodes"],
        max_pods=params["max_pods_per_node"],
    )
    if existing is None:
        _check_way_out(spec)
    _check_capacity(spec)
    return spec


def cidr_block(option: str, text: str, longest: int, shortest: int) -> IPv4Network:
    """A private IPv4 block whose length is between the two, or Refusal.

    :param longest: length of the largest block that is allowed (/16 holds more than /28).
    """
    allowed = f"an IPv4 block of /{longest} to /{shortest} is allowed"
    try:
        block = IPv4Network(text, strict=False)
    except ValueError:
        raise Refusal(option, text, f"{allowed}, such as 10.0.0.0/{longest}") from None
    if str(block) != text:
        raise Refusal(option, text, f"a block begins at its first address, {block} is meant or another one")
    if not longest <= block.prefixlen <= shortest:
        raise Refusal(option, text, allowed)
    if not any(block.subnet_of(private) for private in _PRIVATE):
        blocks = ", ".join(str(private) for private in _PRIVATE)
        raise Refusal(option, text, f"a block within {blocks} is allowed, others are public")
    return block


def _pod_block(text: str | None, block: IPv4Network) -> IPv4Network | None:
    """Source of what may stand beside the primary block: "IPv4 CIDR block association restrictions", VPC User Guide."""
    if not text:
        return None
    pods = cidr_block("pod_cidr_block", text, 16, 26)
    if pods.overlaps(block):
        raise Refusal("pod_cidr_block", text, f"a block that does not overlap with cidr_block ({block}) is allowed")
    home, shared = next(private for private in _PRIVATE if block.subnet_of(private)), _PRIVATE[-1]
    if not (pods.subnet_of(shared) or pods.subnet_of(home)):
        within = shared if home == shared else f"{home} or {shared}"
        raise Refusal("pod_cidr_block", text, f"AWS takes a block within {within} beside {block}")
    return pods


def _zones(names: list[str], account: Account) -> tuple[str, ...]:
    """The declared zones, or all of the region that EKS takes; Refusal where they are not three."""
    all_zones = account.zones or {}
    usable = sorted(name for name, zone_id in all_zones.items() if zone_id not in REFUSED_ZONES)
    for position, name in enumerate(names):
        option = f"availability_zones[{position}]"
        if name not in all_zones:
            raise Refusal(option, name, f"zones of the region {account.region} are {', '.join(sorted(all_zones))}")
        if name not in usable:
            allowed = f"EKS refuses this zone ({all_zones[name]}), allowed are {', '.join(usable)}"
            raise Refusal(option, name, allowed)
        if names.index(name) != position:
            raise Refusal(option, name, "each zone is allowed once")
    if names and len(names) != ZONES:
        raise Refusal("availability_zones", names, "exactly three zones are allowed")
    if len(usable) < ZONES:
        allowed = f"three zones are required and EKS takes {len(usable)} of the region {account.region}"
        raise Refusal("availability_zones", names or None, f"{allowed}, choose another region")
    return tuple(names or usable)


def _blocks(params: Mapping[str, Value], block: IPv4Network) -> tuple[tuple[IPv4Network, ...], tuple[IPv4Network, ...]]:
    """Blocks of private and public subnets, given in the order of the zones or computed."""
    given = {name: params[name] for name in ("private_cidr_blocks", "public_cidr_blocks")}
    if not any(given.values()):
        if block.prefixlen > 23:
            allowed = (
                "a block of /16 to /23 is allowed, or a smaller one with private_cidr_blocks and public_cidr_blocks"
            )
            raise Refusal("cidr_block", str(block), allowed)
        return tuple(private_blocks(block)), tuple(public_blocks(block))
    blocks: dict[str, list[IPv4Network]] = {}
    for option, texts in given.items():
        if len(texts) != ZONES:
            raise Refusal(option, texts, "three blocks are required, one a zone, where the other list is given")
        for position, text in enumerate(texts):
            entry = cidr_block(f"{option}[{position}]", text, 16, 28)
            if not entry.subnet_of(block):
                raise Refusal(f"{option}[{position}]", text, f"a block within cidr_block ({block}) is allowed")
            blocks.setdefault(option, []).append(entry)
            pair = overlapping(other for group in blocks.values() for other in group)
            if pair:
                raise Refusal(f"{option}[{position}]", text, f"it overlaps with {pair[0]}, blocks lie apart")
    if not params["availability_zones"]:
        allowed = "three zones are required where blocks of subnets are given"
        raise Refusal("availability_zones", None, allowed)
    return tuple(blocks["private_cidr_blocks"]), tuple(blocks["public_cidr_blocks"])


def _routes(entries: list[Mapping[str, str]], block: IPv4Network) -> dict[str, str]:
    routes: dict[str, str] = {}
    for position, entry in enumerate(entries):
        option = f"routes[{position}]"
        try:
            destination = IPv4Network(entry["cidr_block"])
        except ValueError:
            allowed = "an IPv4 block is allowed that begins at its first address (10.8.0.0/16)"
            raise Refusal(f"{option}.cidr_block", entry["cidr_block"], allowed) from None
        if destination.prefixlen == 0 or destination.overlaps(block) or str(destination) in routes:
            allowed = f"a block beside cidr_block ({block}) is allowed, each once; nat_kind decides on 0.0.0.0/0"
            raise Refusal(f"{option}.cidr_block", entry["cidr_block"], allowed)
        if not _TARGET.fullmatch(entry["target"]):
            allowed = "an identifier is allowed that begins with tgw-, pcx-, vgw-, eni- or vpce-"
            raise Refusal(f"{option}.target", entry["target"], allowed)
        routes[str(destination)] = entry["target"]
    return routes


def _endpoints(params: Mapping[str, Value], account: Account) -> dict[str, dict[str, Value]]:
    """Service -> policy, for both kinds of endpoints."""
    answer: dict[str, dict[str, Value]] = {"gateway_endpoints": {}, "interface_endpoints": {}}
    gateways = OPTIONS["gateway_endpoints"]["options"]["service"]["choices"]
    for kind, endpoints in answer.items():
        for position, entry in enumerate(params[kind]):
            option, service = f"{kind}[{position}]", entry["service"]
            if not _SERVICE.fullmatch(service) or service.startswith("com.amazonaws"):
                allowed = "the last part of a service's name is allowed (ecr.api for com.amazonaws.<region>.ecr.api)"
                raise Refusal(f"{option}.service", service, allowed)
            if service in endpoints:
                raise Refusal(f"{option}.service", service, "each service is allowed once")
            if kind == "interface_endpoints" and service in gateways:
                raise Refusal(f"{option}.service", service, "gateway_endpoints is the place for it, they cost nothing")
            policy = entry.get("policy")
            if policy:
                policies.check(f"{option}.policy", policy)
                endpoints[service] = policies.canonical(policy, account.partition)
            else:
                make = gateway_policy if kind == "gateway_endpoints" else account_policy
                endpoints[service] = make(service, account)
    return answer


def _check_way_out(spec: Network) -> None:
    """Without NAT, nodes reach AWS by endpoints or not at all."""
    if spec.nat_kind != "none":
        return
    lacking = [service for service in NEEDED_WITHOUT_NAT if service not in spec.interface_endpoints]
    if lacking or "s3" not in spec.gateway_endpoints:
        allowed = f"it needs s3 in gateway_endpoints and {', '.join(NEEDED_WITHOUT_NAT)} in interface_endpoints"
        missing = [*lacking, *([] if "s3" in spec.gateway_endpoints else ["s3"])]
        raise Refusal("nat_kind", "none", f"{allowed}, missing are {', '.join(missing)}")


def _check_capacity(spec: Network) -> None:
    """The smallest zone has to hold a third of the nodes, with all their pods."""
    if not 1 <= spec.max_pods <= 250:
        raise Refusal("max_pods_per_node", spec.max_pods, "1 to 250 pods are allowed")
    if spec.max_nodes < 1:
        raise Refusal("max_nodes", spec.max_nodes, "at least one node is allowed")
    if spec.existing is not None:
        return
    most = capacity(spec, spec.private, spec.pods)
    if spec.max_nodes > most:
        where = f"the subnets for pods of {spec.pod_block}" if spec.pods else f"the private subnets of {spec.block}"
        allowed = f"at most {most} nodes of {spec.max_pods} pods fit into {where}"
        raise Refusal("max_nodes", spec.max_nodes, f"{allowed}, choose a larger block or fewer pods")


def capacity(spec: Network, private: tuple[IPv4Network, ...], pods: tuple[IPv4Network, ...]) -> int:
    """The most nodes that fit, spread evenly over the zones."""
    others = len(spec.interface_endpoints)
    each = [
        most_nodes(spec.max_pods, block, pods[position] if pods else None, others)
        for position, block in enumerate(private)
    ]
    return ZONES * min(each)


def _existing(params: Mapping[str, Value]) -> Existing:
    entry = params["existing"] or {}
    values = {name: entry.get(name) or option.get("default") for name, option in OPTIONS["existing"]["options"].items()}
    if not values["vpc"] and not values["vpc_tags"]:
        raise Refusal("existing.vpc", None, "the name or identifier of the VPC is required, or vpc_tags")
    for tier in ("private", "public"):
        texts = values[f"{tier}_subnets"]
        doubles = [text for position, text in enumerate(texts) if texts.index(text) != position]
        if doubles:
            raise Refusal(f"existing.{tier}_subnets", doubles[0], "each subnet is allowed once")
    if not values["private_subnets"] and not values["private_subnet_tags"]:
        allowed = "names or identifiers of one private subnet a zone are required, or private_subnet_tags"
        raise Refusal("existing.private_subnets", values["private_subnets"], allowed)
    return Existing(
        vpc=values["vpc"],
        vpc_tags=values["vpc_tags"],
        subnets={tier: tuple(values[f"{tier}_subnets"]) for tier in ("private", "public")},
        subnet_tags={tier: values[f"{tier}_subnet_tags"] for tier in ("private", "public")},
        tag=entry.get("tag") is not False,
    )

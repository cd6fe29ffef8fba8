# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The network that is to stand. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network

from ..._aws import tags
from ..._aws.ec2.model import Group, label, security_group, security_group_rules
from ..._aws.iam.model import iam_role
from ..._aws.iam.trust import service_trust
from ..._aws.logs.model import log_group
from ..._core.plan import Action, Impossible, Observed, Plan, Ref, Resource, Value
from . import existing, layout
from .model import Network
from .names import CNI, EXTERNAL, INTERNAL, PODS, PRIVATE, PUBLIC, subnet_name
from .policies import flow_logs_policy

COMPONENT = "network"

ANYWHERE = "0.0.0.0/0"


def acl_rule(action: str, protocol: str = "all", ports: str = "") -> dict[str, str]:
    """A rule of a network ACL towards anywhere."""
    return {"action": action, "protocol": protocol, "ports": ports, "cidr_block": ANYWHERE}


ACLS: dict[str, dict[str, dict[str, str]]] = {
    PUBLIC: {"90": acl_rule("deny", "tcp", "22"), "100": acl_rule("allow")},
    PRIVATE: {
        "90": acl_rule("deny", "tcp", "22"),
        "91": acl_rule("deny", "tcp", "3389"),
        "100": acl_rule("allow"),
    },
}
"""Inbound rules by their numbers. AWS takes the first that fits, so what is denied stands first. ACLs know no
connections: denying 3389 in public subnets would drop answers to NAT gateways, which use ports from 1024 on."""


def declare(spec: Network, observed: Observed) -> list[Resource]:
    if spec.existing is not None:
        return existing.declare(spec, spec.existing, observed)
    zones = chosen_zones(spec, observed)
    tiers = blocks(spec, zones, observed)
    subnets = {tier: {zone: Ref("subnet", subnet_name(spec.platform, tier, zone)) for zone in zones} for tier in tiers}
    return [
        _vpc(spec),
        *_secondary(spec),
        _internet_gateway(spec),
        *[_subnet(spec, tier, zone, block) for tier, entry in tiers.items() for zone, block in entry.items()],
        *_nat(spec, zones, observed),
        *_route_tables(spec, zones, subnets),
        *_network_acls(spec, subnets),
        *_endpoints(spec, zones, subnets),
        *_flow_logs(spec),
    ]


def chosen_zones(spec: Network, observed: Observed) -> list[str]:
    """The declared zones, else those in which private subnets stand and as many others as are lacking."""
    standing = sorted(_standing(spec, PRIVATE, observed))
    if spec.zones_declared:
        gone = [zone for zone in standing if zone not in spec.zones]
        if gone:
            raise Impossible(
                f"availability_zones of vpc '{spec.platform}' are {', '.join(standing)} and cannot become "
                f"{', '.join(spec.zones)}: AWS moves no subnet; nodes, load balancers and NAT gateways stand in "
                f"{', '.join(gone)}."
            )
        return sorted(spec.zones)
    others = [zone for zone in spec.zones if zone not in standing]
    return sorted([*standing, *others][: layout.ZONES])


def _standing(spec: Network, tier: str, observed: Observed) -> dict[str, IPv4Network]:
    """Zone -> block of the platform's subnets of one tier."""
    return {
        found.attributes["availability_zone"]: IPv4Network(found.attributes["cidr_block"])
        for ref, found in observed.items()
        if ref.kind == "subnet"
        and (found.tags or {}).get(tags.IDENTITY) == spec.platform
        and ref.name == subnet_name(spec.platform, tier, found.attributes["availability_zone"])
    }


def blocks(spec: Network, zones: Sequence[str], observed: Observed) -> dict[str, dict[str, IPv4Network]]:
    """Tier -> zone -> block. Declared blocks go by the order of the zones, computed ones stay where they are."""
    answer: dict[str, dict[str, IPv4Network]] = {}
    for tier, wanted in ((PRIVATE, spec.private), (PUBLIC, spec.public), (PODS, spec.pods)):
        if not wanted:
            continue
        if spec.blocks_declared and tier != PODS:
            answer[tier] = dict(zip(spec.zones, wanted, strict=True))
            continue
        placed = layout.placed(zones, wanted, _standing(spec, tier, observed))
        missing = [zone for zone in zones if zone not in placed]
        if missing:
            raise Impossible(
                f"No {tier} block of vpc '{spec.platform}' is free for {', '.join(missing)}; "
                "delete the subnet that takes it, or give the blocks of all subnets."
            )
        answer[tier] = placed
    return answer


def _tagged(spec: Network, name: str, special: Mapping[str, str] | None = None) -> dict[str, str]:
    return tags.of(spec.platform, name, spec.tags, **(special or {}))


def _vpc(spec: Network) -> Resource:
    return Resource(
        spec.vpc,
        {
            "cidr_block": str(spec.block),
            "dns_support": True,
            "dns_hostnames": True,
            "default_security_group_rules": {"ingress": {}, "egress": {}},
            "default_network_acl_rules": {"ingress": {}, "egress": {}},
            "main_route_table_routes": {},
            "default_names": dict.fromkeys(
                ("network_acl", "route_table", "security_group"), f"{spec.platform}-default"
            ),
        },
        _tagged(spec, spec.platform),
    )


def _secondary(spec: Network) -> list[Resource]:
    if spec.pod_block is None:
        return []
    name = f"{spec.platform}-pods"
    return [Resource(Ref("vpc_cidr_block", name), {"vpc": spec.vpc, "cidr_block": str(spec.pod_block)})]


def _internet_gateway(spec: Network) -> Resource:
    return Resource(Ref("internet_gateway", spec.platform), {"vpc": spec.vpc}, _tagged(spec, spec.platform))


def _subnet(spec: Network, tier: str, zone: str, block: IPv4Network) -> Resource:
    """Load balancers and Karpenter find subnets by tags, the CNI those for pods.

    Sources: "Subnet discovery", AWS Load Balancer Controller; "NodeClasses", Karpenter; "Enhanced subnet discovery",
    Amazon VPC CNI.
    """
    name = subnet_name(spec.platform, tier, zone)
    attributes: dict[str, Value] = {
        "vpc": spec.vpc,
        "availability_zone": zone,
        "cidr_block": str(block),
        "map_public_ip_on_launch": False,
    }
    if spec.prefix_reservations and tier != PUBLIC:
        holds_pods = tier == PODS or not spec.pods
        attributes["prefix_reservation"] = str(layout.reservation(block)) if holds_pods else None
    return Resource(Ref("subnet", name), attributes, _tagged(spec, name, subnet_tags(spec.platform, tier)))


def subnet_tags(platform: str, tier: str) -> dict[str, str]:
    special = {
        PUBLIC: {EXTERNAL: "1"},
        PRIVATE: {INTERNAL: "1", tags.DISCOVERY: platform},
        PODS: {CNI: "1"},
    }
    return special[tier]


def _nat(spec: Network, zones: Sequence[str], observed: Observed) -> list[Resource]:
    """Addresses first: they stay when a gateway is replaced. A regional gateway takes addresses of its own."""
    if spec.nat_kind == "none":
        return []
    if spec.nat_kind == "regional":
        name = f"{spec.platform}-regional"
        attributes: dict[str, Value] = {"availability_mode": "regional", "vpc": spec.vpc}
        return [Resource(Ref("nat_gateway", name), attributes, _tagged(spec, name))]
    if spec.nat_kind == "single":
        homes = {spec.platform: _home(spec, zones, observed)}
    else:
        homes = {f"{spec.platform}-{zone[-1]}": _public(spec, zone) for zone in zones}
    addresses = [Resource(Ref("elastic_ip", name), {}, _tagged(spec, name)) for name in homes]
    return addresses + [
        Resource(
            Ref("nat_gateway", name),
            {"availability_mode": "zonal", "subnet": subnet, "elastic_ip": Ref("elastic_ip", name)},
            _tagged(spec, name),
        )
        for name, subnet in homes.items()
    ]


def _public(spec: Network, zone: str) -> Ref:
    return Ref("subnet", subnet_name(spec.platform, PUBLIC, zone))


def _home(spec: Network, zones: Sequence[str], observed: Observed) -> Ref:
    """The public subnet of a single gateway: the one where it stands, else that of the first zone."""
    standing = observed.get(Ref("nat_gateway", spec.platform))
    public = [_public(spec, zone) for zone in zones]
    if standing is not None:
        for ref in public:
            if ref in observed and observed[ref].id == standing.attributes.get("subnet"):
                return ref
    return public[0]


def _gateway_of(spec: Network, zone: str) -> Ref | None:
    """The way out of a zone."""
    names = {
        "single": spec.platform,
        "per_az": f"{spec.platform}-{zone[-1]}",
        "regional": f"{spec.platform}-regional",
    }
    return Ref("nat_gateway", names[spec.nat_kind]) if spec.nat_kind in names else None


def _route_tables(spec: Network, zones: Sequence[str], subnets: Mapping[str, Mapping[str, Ref]]) -> list[Resource]:
    """One for all public subnets, one a zone for the others."""
    tables: dict[str, tuple[dict[str, Value], list[Ref]]] = {
        PUBLIC: ({ANYWHERE: Ref("internet_gateway", spec.platform)}, list(subnets[PUBLIC].values()))
    }
    for zone in zones:
        way_out = _gateway_of(spec, zone)
        routes: dict[str, Value] = {ANYWHERE: way_out} if way_out else {}
        inner = [entry[zone] for tier, entry in subnets.items() if tier != PUBLIC]
        tables[f"{PRIVATE}-{zone[-1]}"] = ({**routes, **spec.routes}, inner)
    return [
        Resource(
            Ref("route_table", f"{spec.platform}-{name}"),
            {"vpc": spec.vpc, "routes": routes, "subnets": inside},
            _tagged(spec, f"{spec.platform}-{name}"),
        )
        for name, (routes, inside) in tables.items()
    ]


def _network_acls(spec: Network, subnets: Mapping[str, Mapping[str, Ref]]) -> list[Resource]:
    inside: dict[str, list[Ref]] = {PUBLIC: [], PRIVATE: []}
    for tier, entry in subnets.items():
        inside[PUBLIC if tier == PUBLIC else PRIVATE] += entry.values()
    return [
        Resource(
            Ref("network_acl", f"{spec.platform}-{name}"),
            {
                "vpc": spec.vpc,
                "ingress": ACLS[name],
                "egress": {"100": acl_rule("allow")},
                "subnets": refs,
            },
            _tagged(spec, f"{spec.platform}-{name}"),
        )
        for name, refs in inside.items()
    ]


def _endpoints(spec: Network, zones: Sequence[str], subnets: Mapping[str, Mapping[str, Ref]]) -> list[Resource]:
    resources = []
    tables = [Ref("route_table", f"{spec.platform}-{PRIVATE}-{zone[-1]}") for zone in zones]
    for service, policy in sorted(spec.gateway_endpoints.items()):
        resources.append(_endpoint(spec, service, {"type": "Gateway", "policy": policy, "route_tables": tables}))
    if not spec.interface_endpoints:
        return resources
    sources = tuple(str(block) for block in (spec.block, spec.pod_block) if block)
    entry = Group(
        f"{spec.platform}-endpoints",
        f"VPC endpoints of {spec.platform}",
        ingress={label("tcp", "443", "HTTPS from the VPC"): sources},
        egress={},
        tags={},
    )
    resources += [
        security_group(entry, spec.platform, spec.vpc, spec.tags, COMPONENT),
        security_group_rules(entry),
    ]
    for service, policy in sorted(spec.interface_endpoints.items()):
        attributes: dict[str, Value] = {
            "type": "Interface",
            "policy": policy,
            "subnets": list(subnets[PRIVATE].values()),
            "security_groups": [Ref("security_group", entry.name)],
            "private_dns_enabled": True,
        }
        resources.append(_endpoint(spec, service, attributes))
    return resources


def _endpoint(spec: Network, service: str, attributes: Mapping[str, Value]) -> Resource:
    name = f"{spec.platform}-{service.replace('.', '-')}"
    full = f"com.amazonaws.{spec.account.region}.{service}"
    return Resource(Ref("vpc_endpoint", name), {"vpc": spec.vpc, "service": full, **attributes}, _tagged(spec, name))


def _flow_logs(spec: Network) -> list[Resource]:
    if not spec.flow_logs:
        return []
    role = iam_role(
        spec.platform,
        spec.flow_logs_role,
        trust=service_trust(["vpc-flow-logs.amazonaws.com"], spec.account),
        tags=spec.tags,
        iam=spec.iam,
        description=f"Writes the flow logs of {spec.platform}",
        policies={"flow-logs": flow_logs_policy(spec.account, spec.log_group)},
        component=COMPONENT,
    )
    logs = log_group(
        spec.platform,
        spec.log_group,
        retention_in_days=spec.retention_in_days,
        tags=spec.tags,
        kms_key=spec.kms_key,
    )
    flow_log = Resource(
        Ref("flow_log", spec.platform),
        {
            "vpc": spec.vpc,
            "traffic_type": spec.traffic_type,
            "log_group": Ref("log_group", spec.log_group),
            "role": Ref("iam_role", spec.flow_logs_role),
        },
        _tagged(spec, spec.platform),
    )
    return [logs, role, flow_log]


def guard(spec: Network, observed: Observed, plan: Plan) -> None:
    """A VPC that could not be deleted is not begun to be taken apart."""
    for change in plan.changes:
        held = observed[change.ref].attributes.get("held") if change.action is Action.DELETE else None
        if held:
            raise Impossible(f"{change.ref.words} cannot be deleted: {held[0]}.")


def answer(spec: Network, observed: Observed) -> dict[str, Value]:
    """Names of the subnets that stand, by tier."""
    subnets = {
        tier: sorted(ref.name for ref in observed if ref.kind == "subnet" and f"-{tier}-" in ref.name)
        for tier in (PRIVATE, PUBLIC, PODS)
    }
    zones = {found.attributes["availability_zone"] for ref, found in observed.items() if ref.kind == "subnet"}
    return {"availability_zones": sorted(zones), "subnets": subnets}

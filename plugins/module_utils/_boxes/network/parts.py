# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""AWS's answers about the parts of a VPC as what stands. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from ipaddress import IPv4Network
from typing import Any

from ..._aws import policies
from ..._aws.ec2 import common as ec2
from ..._aws.tags import IDENTITY
from ..._core.plan import Found, Ref
from .model import Network
from .names import PODS, name_of_subnet

Entry = Mapping[str, Any]

PROTOCOLS = {"-1": "all", "1": "icmp", "6": "tcp", "17": "udp"}
"""Numbers by which network ACLs call protocols."""

TARGETS = (
    "NatGatewayId",
    "TransitGatewayId",
    "VpcPeeringConnectionId",
    "NetworkInterfaceId",
    "GatewayId",
    "EgressOnlyInternetGatewayId",
    "InstanceId",
    "CarrierGatewayId",
    "LocalGatewayId",
    "CoreNetworkArn",
)


def ref(kind: str, entry: Entry, identifier: str) -> Ref:
    """By the Name tag; what lost it goes by its identifier, so that it is seen and made anew."""
    return Ref(kind, ec2.name_of(entry) or entry[identifier])


def state(entry: Entry) -> str:
    """AWS's state of a NAT gateway or an endpoint in the words of `Found`."""
    return {"pending": "pending", "deleting": "going"}.get(entry["State"].lower(), "ready")


def main(table: Entry) -> bool:
    """Whether a route table is the one that AWS makes with the VPC."""
    return any(association.get("Main") for association in table.get("Associations", []))


def vpc(entry: Entry, answers: Mapping[str, Any], rules: Callable[[Any], dict[str, list[str]]]) -> Found:
    """The VPC with what AWS makes beside it, as far as that shows; `default_ids` is only there for the calls."""
    group: Entry = next((item for item in answers["security_groups"] if item["GroupName"] == "default"), {})
    acl: Entry = next((item for item in answers["network_acls"] if item["IsDefault"]), {})
    table: Entry = next((item for item in answers["route_tables"] if main(item)), {})
    beside = {"network_acl": acl, "route_table": table, "security_group": group}
    ids = {"network_acl": "NetworkAclId", "route_table": "RouteTableId", "security_group": "GroupId"}
    attributes = {
        "cidr_block": entry["CidrBlock"],
        "dns_support": answers["dns_support"],
        "dns_hostnames": answers["dns_hostnames"],
        "default_security_group_rules": {
            "ingress": rules(group.get("IpPermissions", [])),
            "egress": rules(group.get("IpPermissionsEgress", [])),
        },
        "default_network_acl_rules": acl_rules(acl),
        "main_route_table_routes": routes(table),
        "default_names": {kind: ec2.name_of(item) for kind, item in beside.items()},
        "default_ids": {kind: item[ids[kind]] for kind, item in beside.items() if item},
    }
    return Found(entry["VpcId"], attributes, ec2.tags_of(entry), {"cidr_block": entry["CidrBlock"]})


def secondary_blocks(spec: Network, entry: Entry, subnets: Sequence[Entry]) -> dict[Ref, Found]:
    """The block for pods: the declared one, or that in which subnets for pods lie. Blocks of others are left alone."""
    pods = [IPv4Network(s["CidrBlock"]) for s in subnets if f"-{PODS}-" in subnet_name_of(spec.platform, s)]
    answer = {}
    for association in entry.get("CidrBlockAssociationSet", []):
        block, status = association["CidrBlock"], association["CidrBlockState"]["State"]
        ours = block == str(spec.pod_block) or any(subnet.subnet_of(IPv4Network(block)) for subnet in pods)
        if block == entry["CidrBlock"] or status not in ("associating", "associated") or not ours:
            continue
        attributes = {"vpc": entry["VpcId"], "cidr_block": block}
        found_state = "pending" if status == "associating" else "ready"
        found = Found(association["AssociationId"], attributes, None, state=found_state)
        answer[Ref("vpc_cidr_block", f"{spec.platform}-pods")] = found
    return answer


def subnet_name_of(platform: str, entry: Entry) -> str:
    tags = ec2.tags_of(entry)
    if tags.get(IDENTITY) == platform:
        return name_of_subnet(platform, entry["AvailabilityZone"], tags) or str(entry["SubnetId"])
    return tags.get("Name") or str(entry["SubnetId"])


def subnet(entry: Entry, reservations: Sequence[Entry]) -> Found:
    """`reservation_ids` is only there for the calls that change them."""
    ids = {item["Cidr"]: item["SubnetCidrReservationId"] for item in reservations}
    prefixes = sorted(item["Cidr"] for item in reservations if item["ReservationType"] == "prefix")
    attributes = {
        "vpc": entry["VpcId"],
        "availability_zone": entry["AvailabilityZone"],
        "cidr_block": entry["CidrBlock"],
        "map_public_ip_on_launch": entry["MapPublicIpOnLaunch"],
        "prefix_reservation": prefixes[0] if prefixes else None,
        "reservation_ids": ids,
    }
    extra = {"availability_zone": entry["AvailabilityZone"]}
    return Found(entry["SubnetId"], attributes, ec2.tags_of(entry), extra)


def internet_gateway(entry: Entry) -> Found:
    attached = [item["VpcId"] for item in entry.get("Attachments", []) if item.get("State") != "detached"]
    return Found(entry["InternetGatewayId"], {"vpc": attached[0] if attached else None}, ec2.tags_of(entry))


def elastic_ip(entry: Entry) -> Found:
    return Found(entry["AllocationId"], {}, ec2.tags_of(entry))


def nat_gateway(entry: Entry) -> Found:
    addresses = [item for item in entry.get("NatGatewayAddresses", []) if item.get("IsPrimary", True)]
    mode = entry.get("AvailabilityMode") or "zonal"
    attributes = {
        "availability_mode": mode,
        "vpc": entry["VpcId"],
        "subnet": entry.get("SubnetId"),
        "elastic_ip": next((item.get("AllocationId") for item in addresses), None),
    }
    return Found(entry["NatGatewayId"], attributes, ec2.tags_of(entry), state=state(entry))


def routes(table: Entry) -> dict[str, str]:
    """Destination -> target, without what AWS itself puts in: local ones, gateways to S3, propagated ones."""
    answer = {}
    for route in table.get("Routes", []):
        destination = next(
            (
                route[key]
                for key in ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")
                if route.get(key)
            ),
            None,
        )
        target = next((route[key] for key in TARGETS if route.get(key)), None)
        by_gateway = bool(route.get("DestinationPrefixListId")) and str(target).startswith("vpce-")
        if destination is None or target in (None, "local") or by_gateway:
            continue
        if route.get("Origin") != "EnableVgwRoutePropagation":
            answer[destination] = target
    return dict(sorted(answer.items()))


def route_table(entry: Entry) -> Found:
    associated = [
        item["SubnetId"]
        for item in entry.get("Associations", [])
        if item.get("SubnetId") and item.get("AssociationState", {}).get("State", "associated") == "associated"
    ]
    attributes = {"vpc": entry["VpcId"], "routes": routes(entry), "subnets": sorted(associated)}
    return Found(entry["RouteTableId"], attributes, ec2.tags_of(entry))


def acl_rules(entry: Entry) -> dict[str, dict[str, dict[str, str]]]:
    """Rules by direction and number, without the last one that denies all and cannot be changed."""
    answer: dict[str, dict[str, dict[str, str]]] = {"ingress": {}, "egress": {}}
    for rule in sorted(entry.get("Entries", []), key=lambda item: int(item["RuleNumber"])):
        if int(rule["RuleNumber"]) >= 32767:
            continue
        ports = rule.get("PortRange") or {}
        first, last = ports.get("From"), ports.get("To")
        text = "" if first is None else str(first) if first == last else f"{first}-{last}"
        answer["egress" if rule["Egress"] else "ingress"][str(rule["RuleNumber"])] = {
            "action": rule["RuleAction"],
            "protocol": PROTOCOLS.get(str(rule["Protocol"]), str(rule["Protocol"])),
            "ports": text,
            "cidr_block": rule.get("CidrBlock") or rule.get("Ipv6CidrBlock") or "",
        }
    return answer


def network_acl(entry: Entry) -> Found:
    subnets = sorted(item["SubnetId"] for item in entry.get("Associations", []))
    attributes = {"vpc": entry["VpcId"], **acl_rules(entry), "subnets": subnets}
    return Found(entry["NetworkAclId"], attributes, ec2.tags_of(entry))


def endpoint_ref(platform: str, entry: Entry) -> Ref:
    """By the service: a VPC has one of a kind for each."""
    service = entry["ServiceName"].split(".", 3)[-1]
    return Ref("vpc_endpoint", f"{platform}-{service.replace('.', '-')}")


def vpc_endpoint(entry: Entry, partition: str) -> Found:
    attributes: dict[str, Any] = {
        "vpc": entry["VpcId"],
        "service": entry["ServiceName"],
        "type": entry["VpcEndpointType"],
        "policy": policies.canonical(entry["PolicyDocument"], partition) if entry.get("PolicyDocument") else None,
    }
    if entry["VpcEndpointType"] == "Gateway":
        attributes["route_tables"] = sorted(entry.get("RouteTableIds", []))
    else:
        attributes |= {
            "subnets": sorted(entry.get("SubnetIds", [])),
            "security_groups": sorted(group["GroupId"] for group in entry.get("Groups", [])),
            "private_dns_enabled": bool(entry.get("PrivateDnsEnabled")),
        }
    return Found(entry["VpcEndpointId"], attributes, ec2.tags_of(entry), state=state(entry))


def flow_log(entry: Entry) -> Found:
    attributes = {
        "vpc": entry["ResourceId"],
        "traffic_type": entry["TrafficType"],
        "log_group": entry.get("LogGroupName"),
        "role": entry.get("DeliverLogsPermissionArn"),
    }
    return Found(entry["FlowLogId"], attributes, ec2.tags_of(entry))

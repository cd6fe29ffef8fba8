# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What stands of the network of a platform."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from ipaddress import IPv4Network
from typing import Any

from ..._aws.client import Api
from ..._aws.ec2 import common as ec2
from ..._aws.ec2.elastic_ips import found_elastic_ip
from ..._aws.ec2.flow_logs import found_flow_log
from ..._aws.ec2.internet_gateways import found_internet_gateway
from ..._aws.ec2.model import name_of, tags_of
from ..._aws.ec2.nat_gateways import found_nat_gateway
from ..._aws.ec2.network_acls import found_acl
from ..._aws.ec2.route_tables import found_table, main
from ..._aws.ec2.security_groups import security_groups
from ..._aws.ec2.subnets import found_subnet, reservations
from ..._aws.ec2.vpc_endpoints import found_endpoint
from ..._aws.ec2.vpcs import found_vpc, vpc_attribute, vpcs
from ..._aws.iam.roles import read_iam_roles
from ..._aws.logs.log_groups import read_log_groups
from ..._aws.tags import IDENTITY
from ..._core.known import Known
from ..._core.plan import Found, Ref
from . import existing, leftovers
from .model import Existing, Network
from .names import PODS, PUBLIC, endpoint_ref, subnet_name_of

Entry = dict[str, Any]


def find_vpc(api: Api, spec: Network, known: Known) -> Entry | None:
    """The VPC by what is known of it or by its identity; before it is made, one of its name that nobody tagged."""
    if known.planned(spec.vpc) or known.deleted(spec.vpc):
        return None
    identifier = known.id(spec.vpc)
    if identifier is not None:
        found = vpcs(api, ec2.filters(vpc_id=identifier))
    else:
        found = vpcs(api, ec2.filters(**{f"tag:{IDENTITY}": spec.platform}))
        if not found and not spec.absent:
            found = vpcs(api, ec2.filters(**{"tag:Name": spec.platform}))
    return found[0] if found else None


def read(api: Api, spec: Network, known: Known) -> dict[Ref, Found]:
    if spec.existing is not None:
        return _read_existing(api, spec, spec.existing, known)
    vpc, mine = find_vpc(api, spec, known), {f"tag:{IDENTITY}": spec.platform}
    calls: dict[str, Callable[[], Any]] = {
        "addresses": partial(ec2.described, api, "describe_addresses", "Addresses", **mine),
        "log_groups": partial(read_log_groups, api, [spec.log_group]),
        "iam_roles": partial(read_iam_roles, api, [spec.flow_logs_role]),
    }
    if vpc is not None:
        calls |= _of_vpc(api, spec, vpc["VpcId"])
    answers = dict(zip(calls, api.together(list(calls.values()), workers=12), strict=True))
    if not answers.get("internet_gateways"):
        answers["internet_gateways"] = ec2.described(api, "describe_internet_gateways", "InternetGateways", **mine)
    observed: dict[Ref, Found] = {**answers["log_groups"], **answers["iam_roles"]}
    observed |= {Ref("elastic_ip", name_of(entry)): found_elastic_ip(entry) for entry in answers["addresses"]}
    observed |= {
        Ref("internet_gateway", spec.platform): found_internet_gateway(e) for e in answers["internet_gateways"]
    }
    if vpc is not None:
        observed |= _in_vpc(api, spec, vpc, answers, known)
    return observed


def _read_existing(api: Api, spec: Network, chosen: Existing, known: Known) -> dict[Ref, Found]:
    """What stands of the platform's tags on a network of others; `known` learns its parts."""
    found = vpcs(api, existing.selection("vpc", chosen.vpc, chosen.vpc_tags))
    if spec.absent and len(found) != 1:
        return {}
    vpc = existing.only(chosen, found)
    subnets = ec2.described(api, "describe_subnets", "Subnets", vpc_id=vpc["VpcId"])
    observed: dict[Ref, Found] = {}
    for ref, part in existing.parts(spec, chosen, vpc, subnets).items():
        known.found(ref, part)
        observed |= existing.tagged(spec, ref, part)
    return observed


def _of_vpc(api: Api, spec: Network, vpc_id: str) -> dict[str, Callable[[], Any]]:
    """Independent reads of what a VPC holds."""
    one = partial(ec2.described, api)
    calls: dict[str, Callable[[], Any]] = {
        "dns_support": partial(vpc_attribute, api, vpc_id, "enableDnsSupport"),
        "dns_hostnames": partial(vpc_attribute, api, vpc_id, "enableDnsHostnames"),
        "internet_gateways": partial(
            one, "describe_internet_gateways", "InternetGateways", **{"attachment.vpc-id": vpc_id}
        ),
        "subnets": partial(_subnets, api, spec, vpc_id),
        "nat_gateways": partial(one, "describe_nat_gateways", "NatGateways", vpc_id=vpc_id),
        "route_tables": partial(one, "describe_route_tables", "RouteTables", vpc_id=vpc_id),
        "network_acls": partial(one, "describe_network_acls", "NetworkAcls", vpc_id=vpc_id),
        "security_groups": partial(security_groups, api, vpc_id),
        "vpc_endpoints": partial(one, "describe_vpc_endpoints", "VpcEndpoints", vpc_id=vpc_id),
        "flow_logs": partial(one, "describe_flow_logs", "FlowLogs", resource_id=vpc_id),
    }
    if spec.absent:
        calls["interfaces"] = partial(one, "describe_network_interfaces", "NetworkInterfaces", vpc_id=vpc_id)
    return calls


def _subnets(api: Api, spec: Network, vpc_id: str) -> list[tuple[Entry, list[Entry]]]:
    """Subnets with their reservations, which are read where the option asks for them and for no public subnet."""
    entries = ec2.described(api, "describe_subnets", "Subnets", vpc_id=vpc_id)
    wanted = [
        entry
        for entry in entries
        if spec.prefix_reservations
        and not subnet_name_of(spec.platform, entry).startswith(f"{spec.platform}-{PUBLIC}-")
    ]
    answers = api.together([partial(reservations, api, entry["SubnetId"]) for entry in wanted])
    by_id = {entry["SubnetId"]: answer for entry, answer in zip(wanted, answers, strict=True)}
    return [(entry, by_id.get(entry["SubnetId"], [])) for entry in entries]


def _in_vpc(api: Api, spec: Network, vpc: Entry, answers: Mapping[str, Any], known: Known) -> dict[Ref, Found]:
    observed: dict[Ref, Found] = {}
    tables, acls, groups = answers["route_tables"], answers["network_acls"], answers["security_groups"]
    observed[spec.vpc] = found_vpc(vpc, answers)
    observed |= _secondary_blocks(spec, vpc, [entry for entry, _reserved in answers["subnets"]])
    for entry, reserved in answers["subnets"]:
        observed[Ref("subnet", subnet_name_of(spec.platform, entry))] = found_subnet(entry, reserved)
    gateways = [entry for entry in answers["nat_gateways"] if entry["State"] not in ("deleted", "failed")]
    for entry in sorted(gateways, key=lambda gateway: gateway["State"] != "deleting"):
        observed[Ref("nat_gateway", name_of(entry))] = found_nat_gateway(entry)
    observed |= {ec2.ref("route_table", t, "RouteTableId"): found_table(t) for t in tables if not main(t)}
    observed |= {ec2.ref("network_acl", a, "NetworkAclId"): found_acl(a) for a in acls if not a["IsDefault"]}
    for entry in answers["vpc_endpoints"]:
        if entry["State"].lower() not in ("deleted", "failed", "rejected"):
            observed[endpoint_ref(spec.platform, entry)] = found_endpoint(entry, spec.account.partition)
    for entry in answers["flow_logs"]:
        observed[ec2.ref("flow_log", entry, "FlowLogId")] = found_flow_log(entry)
    observed |= leftovers.own_group(spec, groups)
    if spec.absent:
        left, held = leftovers.leftovers(spec, tags_of(vpc), groups, answers["interfaces"], known)
        observed |= left
        found = observed[spec.vpc]
        observed[spec.vpc] = replace(found, attributes={**found.attributes, "held": held})
    return observed


def _secondary_blocks(spec: Network, entry: Entry, subnets: Sequence[Entry]) -> dict[Ref, Found]:
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

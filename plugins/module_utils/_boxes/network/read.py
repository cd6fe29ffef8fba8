# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What stands of the network of a platform."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from ..._aws.client import Api
from ..._aws.ec2 import common as ec2
from ..._aws.logs import read_log_groups
from ..._aws.tags import IDENTITY
from ..._core.known import Known
from ..._core.plan import Found, Ref
from ..iam_roles import read_iam_roles
from ..security_groups.read import rules as group_rules
from ..security_groups.read import security_groups
from . import existing, leftovers, parts
from .model import Network
from .names import PUBLIC

Entry = dict[str, Any]


def vpcs(api: Api, filters: Sequence[Mapping[str, Any]]) -> list[Entry]:
    answer: list[Entry] = api.ec2.pages("describe_vpcs", "Vpcs", Filters=list(filters))
    return answer


def vpc_attribute(api: Api, vpc_id: str, name: str) -> bool:
    answer = api.ec2.describe_vpc_attribute(VpcId=vpc_id, Attribute=name)
    return bool(answer[name[0].upper() + name[1:]]["Value"])


def described(api: Api, operation: str, key: str, **filters: str) -> list[Entry]:
    """All entries of one EC2 operation with these filters; `Filter` is how NAT gateways and flow logs call them."""
    member = "Filter" if operation in ("describe_nat_gateways", "describe_flow_logs") else "Filters"
    answer: list[Entry]
    if operation == "describe_addresses":
        answer = api.ec2.describe_addresses(Filters=ec2.filters(**filters))[key]
    else:
        answer = api.ec2.pages(operation, key, **{member: ec2.filters(**filters)})
    return answer


def reservations(api: Api, subnet_id: str) -> list[Entry]:
    answer = api.ec2.get_subnet_cidr_reservations(SubnetId=subnet_id)
    return list(answer.get("SubnetIpv4CidrReservations", []))


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
        return existing.read(api, spec, spec.existing, known)
    vpc = find_vpc(api, spec, known)
    calls: dict[str, Callable[[], Any]] = {
        "addresses": partial(described, api, "describe_addresses", "Addresses", **{f"tag:{IDENTITY}": spec.platform}),
        "log_groups": partial(read_log_groups, api, [spec.log_group]),
        "iam_roles": partial(read_iam_roles, api, [spec.flow_logs_role]),
    }
    if vpc is not None:
        calls |= _of_vpc(api, spec, vpc["VpcId"])
    answers = dict(zip(calls, api.together(list(calls.values()), workers=12), strict=True))
    if not answers.get("internet_gateways"):
        answers["internet_gateways"] = described(
            api, "describe_internet_gateways", "InternetGateways", **{f"tag:{IDENTITY}": spec.platform}
        )
    observed: dict[Ref, Found] = {**answers["log_groups"], **answers["iam_roles"]}
    observed |= {Ref("elastic_ip", ec2.name_of(entry)): parts.elastic_ip(entry) for entry in answers["addresses"]}
    observed |= {
        Ref("internet_gateway", spec.platform): parts.internet_gateway(e) for e in answers["internet_gateways"]
    }
    if vpc is not None:
        observed |= _in_vpc(api, spec, vpc, answers, known)
    return observed


def _of_vpc(api: Api, spec: Network, vpc_id: str) -> dict[str, Callable[[], Any]]:
    """Independent reads of what a VPC holds."""
    one = partial(described, api)
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
    entries = described(api, "describe_subnets", "Subnets", vpc_id=vpc_id)
    wanted = [
        entry
        for entry in entries
        if spec.prefix_reservations
        and not parts.subnet_name_of(spec.platform, entry).startswith(f"{spec.platform}-{PUBLIC}-")
    ]
    answers = api.together([partial(reservations, api, entry["SubnetId"]) for entry in wanted])
    by_id = {entry["SubnetId"]: answer for entry, answer in zip(wanted, answers, strict=True)}
    return [(entry, by_id.get(entry["SubnetId"], [])) for entry in entries]


def _in_vpc(api: Api, spec: Network, vpc: Entry, answers: Mapping[str, Any], known: Known) -> dict[Ref, Found]:
    observed: dict[Ref, Found] = {}
    tables, acls, groups = answers["route_tables"], answers["network_acls"], answers["security_groups"]
    observed[spec.vpc] = parts.vpc(vpc, answers, group_rules)
    observed |= parts.secondary_blocks(spec, vpc, [entry for entry, _reserved in answers["subnets"]])
    for entry, reserved in answers["subnets"]:
        observed[Ref("subnet", parts.subnet_name_of(spec.platform, entry))] = parts.subnet(entry, reserved)
    gateways = [entry for entry in answers["nat_gateways"] if entry["State"] not in ("deleted", "failed")]
    for entry in sorted(gateways, key=lambda gateway: gateway["State"] != "deleting"):
        observed[Ref("nat_gateway", ec2.name_of(entry))] = parts.nat_gateway(entry)
    observed |= {parts.ref("route_table", t, "RouteTableId"): parts.route_table(t) for t in tables if not parts.main(t)}
    observed |= {parts.ref("network_acl", a, "NetworkAclId"): parts.network_acl(a) for a in acls if not a["IsDefault"]}
    for entry in answers["vpc_endpoints"]:
        if entry["State"].lower() not in ("deleted", "failed", "rejected"):
            observed[parts.endpoint_ref(spec.platform, entry)] = parts.vpc_endpoint(entry, spec.account.partition)
    for entry in answers["flow_logs"]:
        observed[parts.ref("flow_log", entry, "FlowLogId")] = parts.flow_log(entry)
    observed |= leftovers.own_group(spec, groups)
    if spec.absent:
        observed |= leftovers.leftovers(spec, ec2.tags_of(vpc), groups, answers["interfaces"], known)
    return observed

# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A VPC that others made: found, told to later tasks, tagged where that is allowed. Nothing else of it is changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network
from typing import Any

from ..._aws.client import Api
from ..._aws.ec2 import common as ec2
from ..._aws.tags import IDENTITY, shared
from ..._core.box import Kind, Target
from ..._core.known import Known
from ..._core.plan import Found, Impossible, Observed, Ref, Resource
from . import layout
from .model import Existing, Network, capacity
from .names import EXTERNAL, INTERNAL, PRIVATE, PUBLIC, subnet_name

DISCOVERY = "karpenter.sh/discovery"


def declare(spec: Network, existing: Existing, observed: Observed) -> list[Resource]:
    """Tags alone, and those only where `existing.tag` allows them.

    Of the tags that others may need, too, what stands is kept: the owner's, or that of another platform in this VPC.
    """
    answer = []
    for ref, found in observed.items():
        if existing.tag and ref.kind in ("vpc_tags", "subnet_tags"):
            what = Ref(ref.kind.removesuffix("_tags"), ref.name)
            own = {shared(spec.platform): what.name}
            entries = {**wanted_tags(spec.platform, what), **found.attributes["entries"], **own}
            answer.append(Resource(ref, {what.kind: what, "entries": entries}))
        else:
            answer.append(Resource(ref, {}))
    return answer


def wanted_tags(platform: str, what: Ref) -> dict[str, str]:
    tags = {shared(platform): what.name}
    if what.name.startswith(f"{platform}-{PRIVATE}-"):
        return {**tags, INTERNAL: "1", DISCOVERY: platform}
    if what.name.startswith(f"{platform}-{PUBLIC}-"):
        return {**tags, EXTERNAL: "1"}
    return tags


def vpcs(api: Api, existing: Existing) -> list[dict[str, Any]]:
    text = existing.vpc
    answer: list[dict[str, Any]] = api.ec2.pages(
        "describe_vpcs", "Vpcs", Filters=selection("vpc", text, existing.vpc_tags)
    )
    return answer


def selection(kind: str, text: str | None, tags: Mapping[str, str]) -> list[dict[str, Any]]:
    """Filters for an identifier, a Name tag or any tags."""
    if text:
        name = f"{kind}-id" if text.startswith(f"{kind}-") else "tag:Name"
        return [{"Name": name, "Values": [text]}]
    return [{"Name": f"tag:{key}", "Values": [value]} for key, value in sorted(tags.items())]


def subnets(api: Api, vpc_id: str) -> list[dict[str, Any]]:
    answer: list[dict[str, Any]] = api.ec2.pages("describe_subnets", "Subnets", Filters=ec2.filters(vpc_id=vpc_id))
    return answer


def read(api: Api, spec: Network, existing: Existing, known: Known) -> dict[Ref, Found]:
    """The VPC and its chosen subnets; `known` learns them under the platform's names."""
    found = vpcs(api, existing)
    if spec.absent and len(found) != 1:
        return {}
    vpc = _only(existing, found, spec.platform)
    answer = {spec.vpc: vpc}
    for tier, entries in _tiers(existing, subnets(api, vpc["VpcId"])).items():
        _check_zones(spec, tier, entries)
        for entry in entries:
            answer[Ref("subnet", subnet_name(spec.platform, tier, entry["AvailabilityZone"]))] = entry
    _check_capacity(spec, [entry for ref, entry in answer.items() if f"-{PRIVATE}-" in ref.name])
    observed = {}
    for ref, entry in answer.items():
        extra = {"cidr_block": entry["CidrBlock"]} if ref.kind == "vpc" else _zone(entry)
        identifier = entry["VpcId"] if ref.kind == "vpc" else entry["SubnetId"]
        known.found(ref, Found(identifier, extra=extra))
        tags = ec2.tags_of(entry)
        ours = {key: value for key, value in tags.items() if key in wanted_tags(spec.platform, ref)}
        if not spec.absent or tags.get(shared(spec.platform)):
            attributes = {ref.kind: identifier, "entries": ours}
            observed[Ref(f"{ref.kind}_tags", ref.name)] = Found(f"{identifier} tags", attributes)
    return observed


def _zone(entry: Mapping[str, Any]) -> dict[str, str]:
    return {"availability_zone": entry["AvailabilityZone"]}


def _only(existing: Existing, found: Sequence[dict[str, Any]], platform: str) -> dict[str, Any]:
    meant = f"'{existing.vpc}'" if existing.vpc else f"tags {dict(existing.vpc_tags)}"
    if len(found) != 1:
        raise Impossible(f"existing.vpc is {meant}; {len(found)} VPCs of the region go by it, exactly one is needed.")
    if IDENTITY in ec2.tags_of(found[0]):
        raise Impossible(
            f"existing.vpc is {meant}; that VPC was made for the platform '{ec2.tags_of(found[0])[IDENTITY]}', "
            "one that no platform owns is needed."
        )
    return found[0]


def _tiers(existing: Existing, entries: Sequence[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Tier -> subnets, named one by one or chosen by tags."""
    answer = {}
    for tier in (PRIVATE, PUBLIC):
        named, tags = existing.subnets[tier], existing.subnet_tags[tier]
        chosen = []
        for text in named:
            fitting = [entry for entry in entries if text in (entry["SubnetId"], ec2.name_of(entry))]
            if len(fitting) != 1:
                raise Impossible(
                    f"existing.{tier}_subnets has '{text}'; {len(fitting)} subnets of the VPC go by it, "
                    "exactly one is needed."
                )
            chosen.append(fitting[0])
        if not named and tags:
            chosen = [entry for entry in entries if tags.items() <= ec2.tags_of(entry).items()]
        answer[tier] = chosen
    return answer


def _check_zones(spec: Network, tier: str, entries: Sequence[Mapping[str, Any]]) -> None:
    zones = sorted(entry["AvailabilityZone"] for entry in entries)
    if tier == PUBLIC and not zones:
        return
    if len(zones) != layout.ZONES or len(set(zones)) != layout.ZONES or not set(zones) <= set(spec.zones):
        where = ", ".join(zones) or "no zone"
        raise Impossible(
            f"existing.{tier}_subnets lie in {where}; three subnets in three of {', '.join(sorted(spec.zones))} "
            "are needed."
        )


def _check_capacity(spec: Network, private: Sequence[Mapping[str, Any]]) -> None:
    most = capacity(spec, tuple(IPv4Network(entry["CidrBlock"]) for entry in private), ())
    if spec.max_nodes > most:
        raise Impossible(
            f"max_nodes is {spec.max_nodes}; at most {most} nodes of {spec.max_pods} pods fit into "
            "existing.private_subnets."
        )


def _resource(target: Target) -> str:
    return str(target.attributes.get("vpc") or target.attributes.get("subnet"))


def set_tags(api: Api, target: Target) -> None:
    """Only adds and corrects: what the owner tagged stays."""
    pairs = [{"Key": key, "Value": value} for key, value in sorted(target.attributes["entries"].items())]
    api.ec2.create_tags(Resources=[_resource(target)], Tags=pairs)


def delete_tags(api: Api, target: Target) -> None:
    """The tags of roles of subnets stay: load balancers of others may be found by them. So does what others set."""
    platform, entries = target.spec.platform, target.attributes["entries"]
    keys = [key for key in entries if key == shared(platform) or (key == DISCOVERY and entries[key] == platform)]
    api.ec2.delete_tags(Resources=[_resource(target)], Tags=[{"Key": key} for key in sorted(keys)])


KINDS = tuple(Kind(name=name, update={"entries": set_tags}, delete=delete_tags) for name in ("vpc_tags", "subnet_tags"))

# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A VPC that others made: told to later tasks, tagged where that is allowed; nothing else of it is changed. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network
from typing import Any

from ..._aws.ec2.model import name_of, tags_of
from ..._aws.tags import DISCOVERY, IDENTITY, shared
from ..._core.plan import Found, Impossible, Observed, Ref, Resource
from . import layout
from .model import Existing, Network, capacity
from .names import EXTERNAL, INTERNAL, PRIVATE, PUBLIC, subnet_name


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


def selection(kind: str, text: str | None, tags: Mapping[str, str]) -> list[dict[str, Any]]:
    """Filters for an identifier, a Name tag or any tags."""
    if text:
        name = f"{kind}-id" if text.startswith(f"{kind}-") else "tag:Name"
        return [{"Name": name, "Values": [text]}]
    return [{"Name": f"tag:{key}", "Values": [value]} for key, value in sorted(tags.items())]


def parts(
    spec: Network, existing: Existing, vpc: Mapping[str, Any], subnets: Sequence[dict[str, Any]]
) -> dict[Ref, Found]:
    """The VPC and its chosen subnets under the platform's names, with the tags that stand as their attributes."""
    answer = {spec.vpc: Found(vpc["VpcId"], tags=tags_of(vpc), extra={"cidr_block": vpc["CidrBlock"]})}
    private: list[dict[str, Any]] = []
    for tier, entries in _tiers(existing, subnets).items():
        _check_zones(spec, tier, entries)
        private += entries if tier == PRIVATE else []
        for entry in entries:
            zone = entry["AvailabilityZone"]
            found = Found(entry["SubnetId"], tags=tags_of(entry), extra={"availability_zone": zone})
            answer[Ref("subnet", subnet_name(spec.platform, tier, zone))] = found
    _check_capacity(spec, private)
    return answer


def tagged(spec: Network, ref: Ref, found: Found) -> dict[Ref, Found]:
    """What of the platform's tags stands on a part; of one that was never tagged there is nothing to delete."""
    tags = found.tags or {}
    if spec.absent and not tags.get(shared(spec.platform)):
        return {}
    ours = {key: value for key, value in tags.items() if key in wanted_tags(spec.platform, ref)}
    return {Ref(f"{ref.kind}_tags", ref.name): Found(f"{found.id} tags", {ref.kind: found.id, "entries": ours})}


def only(existing: Existing, found: Sequence[dict[str, Any]]) -> dict[str, Any]:
    meant = f"'{existing.vpc}'" if existing.vpc else f"tags {dict(existing.vpc_tags)}"
    if len(found) != 1:
        raise Impossible(f"existing.vpc is {meant}; {len(found)} VPCs of the region go by it, exactly one is needed.")
    if IDENTITY in tags_of(found[0]):
        raise Impossible(
            f"existing.vpc is {meant}; that VPC was made for the platform '{tags_of(found[0])[IDENTITY]}', "
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
            fitting = [entry for entry in entries if text in (entry["SubnetId"], name_of(entry))]
            if len(fitting) != 1:
                raise Impossible(
                    f"existing.{tier}_subnets has '{text}'; {len(fitting)} subnets of the VPC go by it, "
                    "exactly one is needed."
                )
            chosen.append(fitting[0])
        if not named and tags:
            chosen = [entry for entry in entries if tags.items() <= tags_of(entry).items()]
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

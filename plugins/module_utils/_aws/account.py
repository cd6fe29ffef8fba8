# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Facts of the AWS account and region that validation needs; read once in a run and carried on in `known`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from .._core.options import IN_QUOTES
from .._core.plan import Refusal

if TYPE_CHECKING:
    from .client import Api


REFUSED_ZONES = frozenset({"use1-az3", "usw1-az2", "cac1-az3"})
"""Zone ids in which EKS places no control plane. Source: "Amazon EKS networking requirements", EKS User Guide."""


@dataclass(frozen=True)
class Account:
    """What is known of the account; a part that nobody asked for is None.

    :param zones: zone name -> zone id, standard zones that the account may use.
    :param offerings: instance type -> names of the zones that offer it (only the types that were asked for).
    :param versions: Kubernetes minor -> {"status": "STANDARD_SUPPORT"|"EXTENDED_SUPPORT"|"UNSUPPORTED",
        "standard_until", "extended_until"}, ISO dates.
    """

    id: str
    region: str
    partition: str = "aws"
    caller: str = ""
    zones: Mapping[str, str] | None = None
    offerings: Mapping[str, tuple[str, ...]] | None = None
    versions: Mapping[str, Mapping[str, str]] | None = None

    def as_dict(self) -> dict[str, Any]:
        data: dict[str, Any] = {
            "id": self.id,
            "region": self.region,
            "partition": self.partition,
            "caller": self.caller,
        }
        for name in ("zones", "versions"):
            if getattr(self, name) is not None:
                data[name] = dict(getattr(self, name))
        if self.offerings is not None:
            data["offerings"] = {key: list(value) for key, value in self.offerings.items()}
        return data

    @property
    def dns_suffix(self) -> str:
        return "amazonaws.com.cn" if self.partition == "aws-cn" else "amazonaws.com"

    def arn(self, service: str, resource: str, *, regional: bool = True, owned: bool = True) -> str:
        return f"arn:{self.partition}:{service}:{self.region if regional else ''}:{self.id if owned else ''}:{resource}"


def check_id(option: str, account_id: str | None) -> None:
    """Refusal for what cannot be the number of an account."""
    if account_id and not re.fullmatch(r"[0-9]{12}", account_id):
        raise Refusal(option, account_id, f"12 digits are allowed ({IN_QUOTES})")


def check_owner(option: str, account_id: str | None, account: Account) -> None:
    """Refusal where the credentials belong to another account than the one that is meant."""
    if account_id and account_id != account.id:
        allowed = f"the credentials belong to the account {account.id}, nothing else is allowed"
        raise Refusal(option, account_id, allowed)


def caller_identity(api: Api) -> dict[str, Any]:
    answer: dict[str, Any] = api.sts.get_caller_identity()
    return answer


def availability_zones(api: Api) -> dict[str, str]:
    """Standard zones of the region that the account may use: name -> id. Local and wavelength zones are left out."""
    zones = api.ec2.describe_availability_zones()["AvailabilityZones"]
    return {
        zone["ZoneName"]: zone["ZoneId"]
        for zone in zones
        if zone.get("ZoneType", "availability-zone") == "availability-zone"
        and zone.get("State", "available") == "available"
        and zone.get("OptInStatus", "opt-in-not-required") != "not-opted-in"
    }


def instance_type_offerings(api: Api, instance_types: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Which zones offer each of the types; a type that no zone of the region offers has no zones."""
    wanted = sorted(set(instance_types))
    offered = api.ec2.pages(
        "describe_instance_type_offerings",
        "InstanceTypeOfferings",
        LocationType="availability-zone",
        Filters=[{"Name": "instance-type", "Values": wanted}],
    )
    return {
        name: tuple(sorted(entry["Location"] for entry in offered if entry["InstanceType"] == name)) for name in wanted
    }


def cluster_versions(api: Api) -> dict[str, dict[str, str]]:
    """Kubernetes minors that EKS knows, with the end of their support."""
    answer = api.eks.pages("describe_cluster_versions", "clusterVersions", includeAll=True)
    return {
        entry["clusterVersion"]: {
            "status": str(entry.get("versionStatus") or entry.get("status", "")).upper().replace("-", "_"),
            "standard_until": str(entry.get("endOfStandardSupportDate", ""))[:10],
            "extended_until": str(entry.get("endOfExtendedSupportDate", ""))[:10],
        }
        for entry in answer
    }


def read(api: Api, carried: Mapping[str, Any], wanted: Mapping[str, Iterable[str]]) -> Account:
    """The account with at least the wanted facts, beside what `carried` holds.

    That is not read again. The other reads are made side by side; the error of the first, the identity, comes first.
    """
    types = sorted(set(wanted.get("offerings", ())) - set(carried.get("offerings", {})))
    calls: dict[str, Callable[[Api], Any]] = {}
    if "id" not in carried:
        calls["identity"] = caller_identity
    if "zones" in wanted and "zones" not in carried:
        calls["zones"] = availability_zones
    if types:
        calls["offerings"] = partial(instance_type_offerings, instance_types=types)
    if "versions" in wanted and "versions" not in carried:
        calls["versions"] = cluster_versions
    answers = dict(zip(calls, api.together([partial(call, api) for call in calls.values()]), strict=True))
    if "identity" in answers:
        arn = answers["identity"]["Arn"]
        identity = {"id": answers["identity"]["Account"], "partition": arn.split(":")[1], "caller": arn}
        answers |= {**identity, "region": api.region}
    if "offerings" in answers:
        answers["offerings"] = {**carried.get("offerings", {}), **answers["offerings"]}
    return of({**carried, **answers})


def of(data: Mapping[str, Any]) -> Account:
    """From the JSON that `Account.as_dict` made."""
    offerings = data.get("offerings")
    return Account(
        id=data["id"],
        region=data["region"],
        partition=data["partition"],
        caller=data["caller"],
        zones=data.get("zones"),
        offerings=None if offerings is None else {name: tuple(zones) for name, zones in offerings.items()},
        versions=data.get("versions"),
    )

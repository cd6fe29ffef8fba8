# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finds by name what other tasks make: one filtered read for a kind, with the identity tag of the platform."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from .._core.known import Known, missing
from .._core.plan import Found, Ref
from .client import Api
from .eks import clusters as eks
from .tags import IDENTITY, shared

Finder = Callable[[Api, str, Sequence[str]], Mapping[str, Found]]
"""(api, platform name, names) -> what stands, by name."""


def of_platform(platform_name: str, names: Sequence[str]) -> list[dict[str, object]]:
    """EC2 filters for resources of the platform by their Name tags."""
    return [
        {"Name": f"tag:{IDENTITY}", "Values": [platform_name]},
        {"Name": "tag:Name", "Values": sorted(names)},
    ]


def tag(entry: Mapping[str, list[dict[str, str]]], key: str) -> str:
    """The value of one tag of an EC2 answer, or an empty text."""
    return next((pair["Value"] for pair in entry.get("Tags", []) if pair["Key"] == key), "")


def own_or_shared(
    api: Api, operation: str, key: str, platform_name: str, names: Sequence[str]
) -> dict[str, dict[str, Any]]:
    """Parts of the network by the platform's name for them: its own ones, else those of others that it uses."""
    own = api.ec2.pages(operation, key, Filters=of_platform(platform_name, names))
    if own:
        return {tag(entry, "Name"): entry for entry in own}
    name = shared(platform_name)
    used = api.ec2.pages(operation, key, Filters=[{"Name": f"tag:{name}", "Values": sorted(names)}])
    return {tag(entry, name): entry for entry in used}


def vpcs(api: Api, platform_name: str, names: Sequence[str]) -> dict[str, Found]:
    entries = own_or_shared(api, "describe_vpcs", "Vpcs", platform_name, names)
    return {name: Found(entry["VpcId"], extra={"cidr_block": entry["CidrBlock"]}) for name, entry in entries.items()}


def subnets(api: Api, platform_name: str, names: Sequence[str]) -> dict[str, Found]:
    entries = own_or_shared(api, "describe_subnets", "Subnets", platform_name, names)
    return {
        name: Found(entry["SubnetId"], extra={"availability_zone": entry["AvailabilityZone"]})
        for name, entry in entries.items()
    }


def private_subnets(api: Api, platform_name: str, known: Known) -> list[str]:
    """Names of the platform's private subnets that stand or are planned; Impossible where there are none."""
    prefix = f"{platform_name}-private-"
    names = [
        ref.name
        for ref, entry in known.of_kind("subnet")
        if ref.name.startswith(prefix) and entry["state"] != "deleted"
    ]
    if not names:
        for name, found in subnets(api, platform_name, [f"{prefix}*"]).items():
            known.found(Ref("subnet", name), found)
            names.append(name)
    if not names:
        raise missing(Ref("subnet", f"{prefix}a"))
    return sorted(names)


def security_groups(api: Api, platform_name: str, names: Sequence[str]) -> dict[str, Found]:
    entries = api.ec2.pages("describe_security_groups", "SecurityGroups", Filters=of_platform(platform_name, names))
    return {tag(entry, "Name"): Found(entry["GroupId"]) for entry in entries}


def cluster_security_groups(api: Api, platform_name: str, names: Sequence[str]) -> dict[str, Found]:
    """EKS's own group of each cluster, by the tag that EKS gives it."""
    entries = api.ec2.pages(
        "describe_security_groups",
        "SecurityGroups",
        Filters=[{"Name": "tag:aws:eks:cluster-name", "Values": sorted(names)}],
    )
    return {tag(entry, "aws:eks:cluster-name"): Found(entry["GroupId"]) for entry in entries}


def prefix_lists(api: Api, platform_name: str, names: Sequence[str]) -> dict[str, Found]:
    """Prefix lists by their names, those of AWS among them (`com.amazonaws.<region>.s3`)."""
    entries = api.ec2.pages(
        "describe_managed_prefix_lists",
        "PrefixLists",
        Filters=[{"Name": "prefix-list-name", "Values": sorted(names)}],
    )
    return {entry["PrefixListName"]: Found(entry["PrefixListId"]) for entry in entries}


def iam_role(api: Api, name: str) -> Found | None:
    role = api.optional(lambda: api.iam.get_role(RoleName=name)["Role"], "NoSuchEntity")
    return None if role is None else Found(role["Arn"])


def iam_roles(api: Api, platform_name: str, names: Sequence[str]) -> dict[str, Found]:
    answers = api.together([partial(iam_role, api, name) for name in names])
    return {name: found for name, found in zip(names, answers, strict=True) if found is not None}


def kms_key(api: Api, name: str) -> Found | None:
    key = api.optional(lambda: api.kms.describe_key(KeyId=f"alias/{name}")["KeyMetadata"], "NotFoundException")
    return None if key is None else Found(key["Arn"])


def kms_keys(api: Api, platform_name: str, names: Sequence[str]) -> dict[str, Found]:
    answers = api.together([partial(kms_key, api, name) for name in names])
    return {name: found for name, found in zip(names, answers, strict=True) if found is not None}


def log_group(api: Api, name: str) -> Found | None:
    groups = api.logs.pages("describe_log_groups", "logGroups", logGroupNamePrefix=name)
    return next((Found(name) for group in groups if group["logGroupName"] == name), None)


def log_groups(api: Api, platform_name: str, names: Sequence[str]) -> dict[str, Found]:
    answers = api.together([partial(log_group, api, name) for name in names])
    return {name: found for name, found in zip(names, answers, strict=True) if found is not None}


def instance_profile(api: Api, name: str) -> Found | None:
    profile = api.optional(lambda: api.iam.get_instance_profile(InstanceProfileName=name), "NoSuchEntity")
    return None if profile is None else Found(name)


def instance_profiles(api: Api, platform_name: str, names: Sequence[str]) -> dict[str, Found]:
    answers = api.together([partial(instance_profile, api, name) for name in names])
    return {name: found for name, found in zip(names, answers, strict=True) if found is not None}


def eks_cluster(api: Api, platform_name: str, name: str) -> Found | None:
    cluster = eks.describe_cluster(api, name)
    if cluster is None or not eks.ours(cluster, platform_name):
        return None
    return Found(name, extra=eks.carried(cluster))


def eks_clusters(api: Api, platform_name: str, names: Sequence[str]) -> dict[str, Found]:
    answers = api.together([partial(eks_cluster, api, platform_name, name) for name in names])
    return {name: found for name, found in zip(names, answers, strict=True) if found is not None}


def s3_bucket(api: Api, name: str) -> Found | None:
    bucket = api.optional(lambda: api.s3.head_bucket(Bucket=name), "403", "404", "NoSuchBucket")
    return None if bucket is None else Found(name)


def s3_buckets(api: Api, platform_name: str, names: Sequence[str]) -> dict[str, Found]:
    answers = api.together([partial(s3_bucket, api, name) for name in names])
    return {name: found for name, found in zip(names, answers, strict=True) if found is not None}


FINDERS: dict[str, Finder] = {
    "vpc": vpcs,
    "subnet": subnets,
    "security_group": security_groups,
    "cluster_security_group": cluster_security_groups,
    "prefix_list": prefix_lists,
    "iam_role": iam_roles,
    "instance_profile": instance_profiles,
    "kms_key": kms_keys,
    "eks_cluster": eks_clusters,
    "log_group": log_groups,
    "s3_bucket": s3_buckets,
}


def find(api: Api, platform_name: str, refs: Iterable[Ref], known: Known, *, check_mode: bool) -> None:
    """Looks up what is not known yet and tells `known`; Impossible for a name that stands nowhere and is not planned.

    A name that an earlier task of the same check run plans to make counts in check mode only.
    """
    wanted: dict[str, set[str]] = {}
    for ref in refs:
        if known.id(ref) is None and not (check_mode and known.planned(ref)):
            wanted.setdefault(ref.kind, set()).add(ref.name)
    for kind, names in sorted(wanted.items()):
        for name, found in FINDERS[kind](api, platform_name, sorted(names)).items():
            if name in names:
                known.found(Ref(kind, name), found)
    for kind, names in sorted(wanted.items()):
        for name in sorted(names):
            if known.id(Ref(kind, name)) is None:
                raise missing(Ref(kind, name))

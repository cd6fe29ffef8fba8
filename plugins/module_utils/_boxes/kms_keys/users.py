# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What stands and is encrypted with a key: a key that is gone takes it along."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from ..._aws import names as _names
from ..._aws.client import Api
from ..._core.known import Known
from ..._core.plan import Found, Ref
from .model import KmsKeys

User = tuple[str, str]
"""Identifier of a key (ARN, id or alias), and in words what is encrypted with it."""


def list_buckets(api: Api) -> list[str]:
    answer = api.s3.pages("list_buckets", "Buckets", BucketRegion=api.region)
    return [entry["Name"] for entry in answer]


def bucket_key(api: Api, name: str) -> str:
    """The key of a bucket's default encryption; empty without one, or where the bucket does not let the caller look."""
    answer = api.optional(
        lambda: api.s3.get_bucket_encryption(Bucket=name),
        "ServerSideEncryptionConfigurationNotFoundError",
        "NoSuchBucket",
        "AccessDenied",
    )
    rules = answer["ServerSideEncryptionConfiguration"]["Rules"] if answer else []
    return next((str(rule["ApplyServerSideEncryptionByDefault"].get("KMSMasterKeyID", "")) for rule in rules), "")


def buckets(api: Api, spec: KmsKeys, known: Known) -> list[User]:
    """Buckets by their default encryption.

    A bucket of the platform also holds the keys that are open to S3, whatever its encryption is now: objects stay
    encrypted with the key that they were written with.
    """
    names = [name for name in list_buckets(api) if not known.deleted(Ref("s3_bucket", name))]
    keys = api.together([partial(bucket_key, api, name) for name in names])
    own = _names.bucket_name(spec.platform, spec.account.id, spec.account.region, "")
    open_to_s3 = [f"alias/{key.name}" for key in spec.keys if "s3" in key.services]
    by_encryption = [(key, f"s3 bucket '{name}'") for key, name in zip(keys, names, strict=True)]
    return by_encryption + [
        (key, f"s3 bucket '{name}'") for name in names if name.startswith(own) for key in open_to_s3
    ]


def log_groups(api: Api, spec: KmsKeys, known: Known) -> list[User]:
    groups = api.logs.pages("describe_log_groups", "logGroups")
    return [
        (group.get("kmsKeyId", ""), f"log group '{group['logGroupName']}'")
        for group in groups
        if not known.deleted(Ref("log_group", group["logGroupName"]))
    ]


def clusters(api: Api, spec: KmsKeys, known: Known) -> list[User]:
    names = [name for name in api.eks.pages("list_clusters", "clusters") if not known.deleted(Ref("eks_cluster", name))]
    found = api.together([partial(cluster_key, api, name) for name in names])
    return [(key, f"eks cluster '{name}'") for key, name in zip(found, names, strict=True)]


def cluster_key(api: Api, name: str) -> str:
    answer = api.optional(lambda: api.eks.describe_cluster(name=name)["cluster"], "ResourceNotFoundException")
    configuration = (answer or {}).get("encryptionConfig") or [{}]
    return str(configuration[0].get("provider", {}).get("keyArn", ""))


def volumes(api: Api, spec: KmsKeys, known: Known) -> list[User]:
    """Volumes; those of instances do not count where this run deletes the nodes, they go with them."""
    nodes_go = any(
        entry.get("state") == "deleted"
        for kind in ("eks_nodegroup", "autoscaling_group")
        for _name, entry in known.of_kind(kind)
    )
    found = api.ec2.pages("describe_volumes", "Volumes", Filters=[{"Name": "encrypted", "Values": ["true"]}])
    return [
        (volume.get("KmsKeyId", ""), f"EBS volume '{volume['VolumeId']}'")
        for volume in found
        if not (nodes_go and any(entry.get("DeleteOnTermination") for entry in volume.get("Attachments", [])))
    ]


def snapshots(api: Api, spec: KmsKeys, known: Known) -> list[User]:
    found = api.ec2.pages(
        "describe_snapshots", "Snapshots", OwnerIds=["self"], Filters=[{"Name": "encrypted", "Values": ["true"]}]
    )
    return [(entry.get("KmsKeyId", ""), f"EBS snapshot '{entry['SnapshotId']}'") for entry in found]


LOOKS: tuple[Callable[[Api, KmsKeys, Known], list[User]], ...] = (buckets, log_groups, clusters, volumes, snapshots)


def users_of(api: Api, spec: KmsKeys, known: Known, keys: Mapping[str, Found]) -> dict[str, list[str]]:
    """For each of the keys what may hold something encrypted with it; what this run deletes does not count."""
    if not keys:
        return {}
    looks: list[Any] = [partial(look, api, spec, known) for look in LOOKS]
    users = [user for part in api.together(looks) for user in part]
    answer = {}
    for name, found in keys.items():
        alias = f"alias/{name}"
        names = {found.id, found.id.rsplit("/", 1)[-1], alias, f"{found.id.split(':key/')[0]}:{alias}"}
        answer[name] = sorted({words for identifier, words in users if identifier in names})
    return answer

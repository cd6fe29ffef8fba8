# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kind `s3_bucket`: its calls, one a function, and what stands of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ..._core.box import Kind, Target
from ..._core.plan import Found, Value
from ..._core.provider import Failure
from .. import policies
from .. import tags as _tags
from ..client import Api, ClientError, code_of
from ..lookup import one_by_one
from .model import PUBLIC_ACCESS_BLOCK

EMPTYINGS = 10
"""How often a bucket is emptied before its deletion fails: log delivery goes on for a while."""


def create_bucket(api: Api, bucket: Target) -> str:
    """Tagged in the create call, so that one that an interrupted run left is known as the platform's."""
    configuration: dict[str, Any] = {"Tags": _tags.to_list(bucket.tags)}
    if api.region != "us-east-1":  # there AWS takes no location
        configuration["LocationConstraint"] = api.region
    api.s3.create_bucket(
        Bucket=bucket.name, CreateBucketConfiguration=configuration, ObjectOwnership=bucket.attributes["ownership"]
    )
    return bucket.name


def put_ownership(api: Api, bucket: Target) -> None:
    rules = [{"ObjectOwnership": bucket.attributes["ownership"]}]
    api.s3.put_bucket_ownership_controls(Bucket=bucket.name, OwnershipControls={"Rules": rules})


def put_public_access_block(api: Api, bucket: Target) -> None:
    block = dict(bucket.attributes["public_access_block"])
    api.s3.put_public_access_block(Bucket=bucket.name, PublicAccessBlockConfiguration=block)


def put_versioning(api: Api, bucket: Target) -> None:
    status = "Enabled" if bucket.attributes["versioning"] else "Suspended"
    api.s3.put_bucket_versioning(Bucket=bucket.name, VersioningConfiguration={"Status": status})


def put_encryption(api: Api, bucket: Target) -> None:
    wanted = bucket.attributes["encryption"]
    default = {"SSEAlgorithm": wanted["algorithm"]}
    if wanted["kms_key"]:
        default["KMSMasterKeyID"] = wanted["kms_key"]
    rule = {
        "ApplyServerSideEncryptionByDefault": default,
        "BucketKeyEnabled": wanted["bucket_key"],
        "BlockedEncryptionTypes": {"EncryptionType": wanted["blocked"]},
    }
    api.s3.put_bucket_encryption(Bucket=bucket.name, ServerSideEncryptionConfiguration={"Rules": [rule]})


def put_policy(api: Api, bucket: Target) -> None:
    api.s3.put_bucket_policy(Bucket=bucket.name, Policy=json.dumps(bucket.attributes["policy"]))


def put_lifecycle(api: Api, bucket: Target) -> None:
    rules = [{"ID": name, **rule} for name, rule in bucket.attributes["lifecycle"].items()]
    api.s3.put_bucket_lifecycle_configuration(Bucket=bucket.name, LifecycleConfiguration={"Rules": rules})


def put_logging(api: Api, bucket: Target) -> None:
    target = bucket.attributes["logging"]
    status = {"LoggingEnabled": {"TargetBucket": target["bucket"], "TargetPrefix": target["prefix"]}} if target else {}
    api.s3.put_bucket_logging(Bucket=bucket.name, BucketLoggingStatus=status)


def put_tags(api: Api, name: str, tags: Mapping[str, str]) -> None:
    """The whole set: S3 has no call that adds a tag."""
    api.s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": _tags.to_list(tags)})


def tag(api: Api, bucket: Target, tags: Mapping[str, str]) -> None:
    put_tags(api, bucket.name, {**(bucket_tags(api, bucket.name) or {}), **tags})


def untag(api: Api, bucket: Target, keys: Sequence[str]) -> None:
    standing = bucket_tags(api, bucket.name) or {}
    put_tags(api, bucket.name, {key: value for key, value in standing.items() if key not in keys})


def object_pages(api: Api, name: str) -> Iterator[list[dict[str, str]]]:
    """Versions and delete markers, up to 1000 at a time and from the start each time: the caller deletes them."""
    while True:
        page = api.s3.list_object_versions(Bucket=name, MaxKeys=1000)
        entries = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        if not entries:
            return
        yield [{"Key": entry["Key"], "VersionId": entry["VersionId"]} for entry in entries]


def delete_objects(api: Api, name: str, objects: Sequence[Mapping[str, str]]) -> None:
    answer = api.s3.delete_objects(Bucket=name, Delete={"Objects": list(objects), "Quiet": True})
    for error in answer.get("Errors", []):
        raise Failure(f"object '{error.get('Key')}': {error.get('Code')}: {error.get('Message')}")


def abort_uploads(api: Api, name: str) -> None:
    for upload in api.s3.pages("list_multipart_uploads", "Uploads", Bucket=name):
        api.s3.abort_multipart_upload(Bucket=name, Key=upload["Key"], UploadId=upload["UploadId"])


def empty(api: Api, name: str) -> None:
    """Deletes every version of every object, and unfinished uploads."""
    count = 0
    for page in object_pages(api, name):
        delete_objects(api, name, page)
        count += len(page)
        if count % 10000 < len(page):
            api.say(f"emptying s3 bucket '{name}': {count} versions deleted so far")
    abort_uploads(api, name)


def delete_bucket(api: Api, bucket: Target) -> None:
    """Empties it first if it may. Logs may arrive until the bucket is gone, so this may take some rounds."""
    may_empty = bucket.name.removeprefix(bucket.spec.prefix) in bucket.spec.delete_objects
    for last in (*[False] * (EMPTYINGS - 1), True):
        if may_empty:
            empty(api, bucket.name)
        try:
            api.s3.delete_bucket(Bucket=bucket.name)
        except ClientError as error:
            if code_of(error) == "NoSuchBucket":
                return
            if last or not may_empty or code_of(error) != "BucketNotEmpty":
                raise
        else:
            return


def list_buckets(api: Api, prefix: str) -> list[str]:
    """Names of the account's buckets in this region that begin so."""
    answer = api.s3.pages("list_buckets", "Buckets", Prefix=prefix, BucketRegion=api.region)
    return [entry["Name"] for entry in answer if entry["Name"].startswith(prefix)]


def head_bucket(api: Api, name: str, account_id: str) -> str:
    """ "own", "missing", or AWS's code for a bucket that this account cannot use."""
    try:
        api.s3.head_bucket(Bucket=name, ExpectedBucketOwner=account_id)
    except ClientError as error:
        code = code_of(error)
        return "missing" if code in ("404", "NoSuchBucket") else code
    return "own"


def bucket_tags(api: Api, name: str) -> dict[str, str] | None:
    """Tags of a bucket; None if it does not exist."""
    try:
        return _tags.from_list(api.s3.get_bucket_tagging(Bucket=name)["TagSet"])
    except ClientError as error:
        if code_of(error) in ("NoSuchTagSet", "NoSuchBucket"):
            return {} if code_of(error) == "NoSuchTagSet" else None
        raise


def ownership(api: Api, name: str) -> str | None:
    answer = api.optional(lambda: api.s3.get_bucket_ownership_controls(Bucket=name), "OwnershipControlsNotFoundError")
    rules = answer["OwnershipControls"]["Rules"] if answer else []
    return next((str(rule["ObjectOwnership"]) for rule in rules), None)


def public_access_block(api: Api, name: str) -> dict[str, bool]:
    answer = api.optional(lambda: api.s3.get_public_access_block(Bucket=name), "NoSuchPublicAccessBlockConfiguration")
    found = answer["PublicAccessBlockConfiguration"] if answer else {}
    return {key: bool(found.get(key)) for key in PUBLIC_ACCESS_BLOCK}


def versioning(api: Api, name: str) -> bool:
    return bool(api.s3.get_bucket_versioning(Bucket=name).get("Status") == "Enabled")


def encryption(api: Api, name: str) -> dict[str, Value] | None:
    answer = api.optional(
        lambda: api.s3.get_bucket_encryption(Bucket=name), "ServerSideEncryptionConfigurationNotFoundError"
    )
    if answer is None:
        return None
    rule = answer["ServerSideEncryptionConfiguration"]["Rules"][0]
    default = rule.get("ApplyServerSideEncryptionByDefault", {})
    kms = default.get("SSEAlgorithm") != "AES256"
    return {
        "algorithm": default.get("SSEAlgorithm"),
        "kms_key": default.get("KMSMasterKeyID"),
        "bucket_key": kms and bool(rule.get("BucketKeyEnabled")),
        "blocked": sorted(set(rule.get("BlockedEncryptionTypes", {}).get("EncryptionType", [])) - {"NONE"}),
    }


def policy(api: Api, name: str) -> dict[str, Value] | None:
    answer = api.optional(lambda: api.s3.get_bucket_policy(Bucket=name), "NoSuchBucketPolicy")
    return policies.canonical(answer["Policy"]) if answer else None


def lifecycle(api: Api, name: str) -> dict[str, Value]:
    """Rules by their IDs; "everything" is written in one way."""
    answer = api.optional(
        lambda: api.s3.get_bucket_lifecycle_configuration(Bucket=name), "NoSuchLifecycleConfiguration"
    )
    return {rule.get("ID", ""): _rule(rule) for rule in (answer["Rules"] if answer else [])}


def _rule(rule: dict[str, Any]) -> dict[str, Value]:
    body = {key: value for key, value in rule.items() if key not in ("ID", "Prefix")}
    return {**body, "Filter": rule.get("Filter") or {"Prefix": rule.get("Prefix", "")}}


def logging(api: Api, name: str) -> dict[str, str] | None:
    enabled = api.s3.get_bucket_logging(Bucket=name).get("LoggingEnabled")
    return {"bucket": enabled["TargetBucket"], "prefix": enabled["TargetPrefix"]} if enabled else None


def holds_objects(api: Api, name: str) -> bool:
    """Whether anything is in it: old versions and delete markers count."""
    answer = api.s3.list_object_versions(Bucket=name, MaxKeys=1)
    return bool(answer.get("Versions") or answer.get("DeleteMarkers"))


SETTINGS: dict[str, Callable[[Api, str], Any]] = {
    "ownership": ownership,
    "public_access_block": public_access_block,
    "versioning": versioning,
    "encryption": encryption,
    "policy": policy,
    "lifecycle": lifecycle,
    "logging": logging,
}
"""Attribute -> how it is read."""


def find_bucket(api: Api, name: str) -> Found | None:
    bucket = api.optional(lambda: api.s3.head_bucket(Bucket=name), "403", "404", "NoSuchBucket")
    return None if bucket is None else Found(name)


S3_BUCKET = Kind(
    name="s3_bucket",
    create=create_bucket,
    update={
        "public_access_block": put_public_access_block,
        "ownership": put_ownership,
        "versioning": put_versioning,
        "encryption": put_encryption,
        "policy": put_policy,
        "lifecycle": put_lifecycle,
        "logging": put_logging,
    },
    after_create=("public_access_block", "versioning", "encryption", "policy", "lifecycle", "logging"),
    delete=delete_bucket,
    tag=tag,
    untag=untag,
    find=one_by_one(find_bucket),
    made_by="buckets",
)
"""A deletion needs `prefix` and `delete_objects` in what the box's `parse` returns."""

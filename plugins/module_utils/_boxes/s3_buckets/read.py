# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What stands of a platform's S3 buckets."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from ..._aws import policies
from ..._aws import tags as _tags
from ..._aws.client import Api, ClientError, code_of
from ..._core.known import Known
from ..._core.plan import Found, Impossible, Ref, Value
from .model import S3Buckets
from .plan import PUBLIC_ACCESS_BLOCK


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


_READS = {
    "ownership": ownership,
    "public_access_block": public_access_block,
    "versioning": versioning,
    "encryption": encryption,
    "policy": policy,
    "lifecycle": lifecycle,
    "logging": logging,
}


def read(api: Api, spec: S3Buckets, known: Known) -> dict[Ref, Found]:
    """All buckets of the platform in the region: one call lists them, and a setting is a call.

    Of one that is to go only the tags are read, and whether it may go. Impossible for a declared name that belongs to
    another account, and for a bucket of the platform that is to go and still holds objects.
    """
    listed = list_buckets(api, spec.prefix)
    declared = [] if spec.absent else [bucket.name for bucket in spec.buckets]
    standing = [name for name in declared if name in listed or _is_own(api, name, spec)]
    going = [name for name in listed if name not in declared]
    reads: list[Any] = [partial(bucket_tags, api, name) for name in (*standing, *going)]
    reads += [partial(look, api, name) for name in standing for look in _READS.values()]
    answers = api.together(reads)
    tags = dict(zip((*standing, *going), answers, strict=False))
    values = iter(answers[len(tags) :])
    observed: dict[Ref, Found] = {}
    for name in standing:
        attributes = {key: next(values) for key in _READS}
        observed[Ref("s3_bucket", name)] = Found(name, attributes, tags[name])
    ours = [name for name in going if (tags[name] or {}).get(_tags.IDENTITY) == spec.platform]
    _refuse_objects(api, spec, ours)
    return observed | {Ref("s3_bucket", name): Found(name, {}, tags[name]) for name in ours}


def _is_own(api: Api, name: str, spec: S3Buckets) -> bool:
    """Whether a bucket that was not listed stands all the same; names are unique in the world: it may be another's."""
    state = head_bucket(api, name, spec.account.id)
    if state not in ("own", "missing"):
        raise Impossible(
            f"s3 bucket '{name}' belongs to another account or another region (HeadBucket answers {state}); "
            f"choose another name than '{spec.platform}' for the platform."
        )
    return state == "own"


def _refuse_objects(api: Api, spec: S3Buckets, names: Iterable[str]) -> None:
    kept = [name for name in names if name.removeprefix(spec.prefix) not in spec.delete_objects]
    held = api.together([partial(holds_objects, api, name) for name in kept])
    for name, holds in zip(kept, held, strict=True):
        if holds:
            use = name.removeprefix(spec.prefix)
            raise Impossible(
                f"s3 bucket '{name}' holds objects or old versions of objects; name its use '{use}' in delete_objects "
                "(role variable buckets_delete_objects) to delete them with it, or empty it first."
            )

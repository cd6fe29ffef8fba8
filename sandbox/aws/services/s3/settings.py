"""S3: tags in the create call, blocked encryption types, and buckets that belong to other accounts."""

from __future__ import annotations

from typing import Any

import moto.s3.models

from sandbox.aws.front.call import Call
from sandbox.aws.front.errors import AwsError
from sandbox.aws.front.hooks import after, before, instead
from sandbox.aws.front.moto_bridge import backend

models: Any = moto.s3.models


def bucket_of(call: Call) -> Any:
    """moto's bucket of a call, whoever owns it; None if there is none. Names are unique over all accounts."""
    name = call.parameters["Bucket"]
    if name not in models.s3_backends.bucket_accounts:
        return None
    partition, account = models.s3_backends.bucket_accounts[name]
    return backend("s3", account, partition).buckets.get(name)


@before("s3", "HeadBucket")
def head_bucket(call: Call) -> None:
    """A bucket of another account is forbidden, and so is one whose owner is not the one that the caller expects."""
    bucket = bucket_of(call)
    if bucket is not None and {call.account, call.parameters.get("ExpectedBucketOwner", call.account)} != {
        bucket.account_id
    }:
        raise AwsError("403", "Forbidden", 403)


@after("s3", "CreateBucket")
def create_bucket(call: Call) -> None:
    pairs = (call.parameters.get("CreateBucketConfiguration") or {}).get("Tags") or []
    if pairs:
        tags = {pair["Key"]: pair["Value"] for pair in pairs}
        backend("s3", call.account, "aws").put_bucket_tagging(call.parameters["Bucket"], tags)


@after("s3", "PutBucketEncryption")
def put_bucket_encryption(call: Call) -> None:
    rule = call.parameters["ServerSideEncryptionConfiguration"]["Rules"][0]
    bucket_of(call).blocked_encryption_types = (rule.get("BlockedEncryptionTypes") or {}).get("EncryptionType") or []


@instead("s3", "GetBucketEncryption")
def get_bucket_encryption(call: Call) -> dict[str, Any] | None:
    """moto's answer where nothing is blocked."""
    bucket = bucket_of(call)
    blocked = getattr(bucket, "blocked_encryption_types", [])
    if not blocked or not bucket.encryption:
        return None
    rule = bucket.encryption["Rule"]
    return {
        "ServerSideEncryptionConfiguration": {
            "Rules": [
                {
                    "ApplyServerSideEncryptionByDefault": rule["ApplyServerSideEncryptionByDefault"],
                    "BucketKeyEnabled": str(rule.get("BucketKeyEnabled")).lower() == "true",
                    "BlockedEncryptionTypes": {"EncryptionType": blocked},
                }
            ]
        }
    }

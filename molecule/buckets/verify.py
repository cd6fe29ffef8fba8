"""Looks at the buckets with boto3, as an auditor would: verify.py PLATFORM."""

from __future__ import annotations

import json
import sys
from typing import Any

import boto3

USES = ("application", "logs", "terraform")

s3, kms = boto3.client("s3"), boto3.client("kms")


def main(platform: str) -> None:
    account = boto3.client("sts").get_caller_identity()["Account"]
    prefix = f"{platform}-{account}-{s3.meta.region_name}"
    standing = {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}
    assert standing == {f"{prefix}-{use}" for use in USES}, standing
    for use in USES:
        name = f"{prefix}-{use}"
        assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled", name
        blocked = s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
        assert len(blocked) == 4, name
        assert all(blocked.values()), name
        (ownership,) = s3.get_bucket_ownership_controls(Bucket=name)["OwnershipControls"]["Rules"]
        assert ownership["ObjectOwnership"] == "BucketOwnerEnforced", name
        check_encryption(name, use)
        check_policy(name)
        check_lifecycle(name)
        logging = s3.get_bucket_logging(Bucket=name).get("LoggingEnabled")
        assert use == "logs" or logging["TargetBucket"] == f"{prefix}-logs", f"access logs of {name}"


def check_encryption(name: str, use: str) -> None:
    (rule,) = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
    default = rule["ApplyServerSideEncryptionByDefault"]
    assert default["SSEAlgorithm"] == ("AES256" if use == "logs" else "aws:kms"), name
    if use != "logs":
        key = kms.describe_key(KeyId=default["KMSMasterKeyID"])["KeyMetadata"]
        assert (key["KeyManager"], key["KeyState"]) == ("CUSTOMER", "Enabled"), name
        assert kms.get_key_rotation_status(KeyId=key["KeyId"])["KeyRotationEnabled"], "the key rotates"
        assert rule["BucketKeyEnabled"], name


def check_policy(name: str) -> None:
    statements = json.loads(s3.get_bucket_policy(Bucket=name)["Policy"])["Statement"]
    (only_tls,) = [each for each in statements if "aws:SecureTransport" in str(each.get("Condition"))]
    assert only_tls["Effect"] == "Deny", name
    assert only_tls["Condition"] in ({"Bool": {"aws:SecureTransport": value}} for value in ("false", ["false"])), name
    assert set(only_tls["Resource"]) == {f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"}, name
    allowed: list[dict[str, Any]] = [each for each in statements if each["Effect"] == "Allow"]
    assert all(set(each["Principal"]) == {"Service"} for each in allowed), f"{name} is open to AWS services alone"


def check_lifecycle(name: str) -> None:
    (rule,) = s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]
    assert rule["Status"] == "Enabled", name
    assert rule["NoncurrentVersionExpiration"]["NoncurrentDays"] == 90, name
    assert rule["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"] == 7, name


main(sys.argv[1])

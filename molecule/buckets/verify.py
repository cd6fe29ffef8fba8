"""Looks at the buckets with boto3: verify.py PLATFORM."""

from __future__ import annotations

import json
import sys

import boto3


def main(platform: str) -> None:
    s3 = boto3.client("s3")
    account = boto3.client("sts").get_caller_identity()["Account"]
    uses = ("application", "logs", "terraform")
    names = [f"{platform}-{account}-{s3.meta.region_name}-{use}" for use in uses]
    standing = {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}
    assert set(names) <= standing, standing
    for use, name in zip(uses, names, strict=True):
        assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled", name
        blocked = s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
        assert all(blocked.values()), name
        (rule,) = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
        algorithm = rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"]
        assert algorithm == ("AES256" if use == "logs" else "aws:kms"), name
        policy = json.loads(s3.get_bucket_policy(Bucket=name)["Policy"])
        refused = [statement for statement in policy["Statement"] if statement["Effect"] == "Deny"]
        assert any("aws:SecureTransport" in str(statement.get("Condition")) for statement in refused), name
        (ownership,) = s3.get_bucket_ownership_controls(Bucket=name)["OwnershipControls"]["Rules"]
        assert ownership["ObjectOwnership"] == "BucketOwnerEnforced", name
        assert s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"], name
        if use != "logs":
            assert s3.get_bucket_logging(Bucket=name)["LoggingEnabled"], name


main(sys.argv[1])

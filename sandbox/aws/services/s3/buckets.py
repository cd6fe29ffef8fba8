"""S3: what a new bucket has, and permission of the log delivery service in any form that a policy can take."""

from __future__ import annotations

import fnmatch
from typing import Any

import moto.s3.models

from sandbox.aws.front.call import Call
from sandbox.aws.front.hooks import after
from sandbox.aws.front.moto_bridge import backend
from sandbox.aws.services.eks.roles import as_list
from sandbox.aws.services.iam.policies import principals, statements

models: Any = moto.s3.models
LOGGING_SERVICE = "logging.s3.amazonaws.com"


def _log_permissions(target_bucket: Any, target_prefix: str | None) -> bool:
    """Whether the bucket's policy lets S3's log delivery put objects under the prefix."""
    policy = target_bucket.policy.decode() if target_bucket.policy else None
    wanted = f"arn:{target_bucket.partition}:s3:::{target_bucket.name}/{target_prefix or ''}x"
    for statement in statements(policy):
        if statement.get("Effect") != "Allow" or LOGGING_SERVICE not in principals(statement, "Service"):
            continue
        actions = [str(item) for item in as_list(statement.get("Action"))]
        resources = [str(item) for item in as_list(statement.get("Resource"))]
        may_put = any(fnmatch.fnmatchcase("s3:PutObject", action) for action in actions)
        if may_put and any(fnmatch.fnmatchcase(wanted, resource) for resource in resources):
            return True
    return False


models.FakeBucket._log_permissions_enabled_policy = staticmethod(_log_permissions)


@after("s3", "CreateBucket")
def secure_by_default(call: Call) -> None:
    """What S3 gives every new bucket since 2023: SSE-S3, all public access blocked, no ACLs."""
    bucket = backend("s3", call.account, "aws").buckets[call.parameters["Bucket"]]
    bucket.encryption = default_encryption()
    bucket.public_access_block = models.PublicAccessBlock(True, True, True, True)
    if not bucket.ownership_rule:
        bucket.ownership_rule = "BucketOwnerEnforced"


@after("s3", "DeleteBucketEncryption")
def encrypt_again(call: Call) -> None:
    backend("s3", call.account, "aws").buckets[call.parameters["Bucket"]].encryption = default_encryption()


def default_encryption() -> dict[str, Any]:
    return {
        "Rule": {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": "false"},
    }

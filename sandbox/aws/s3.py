"""S3: permission of the log delivery service in any form that a policy can take."""

from __future__ import annotations

import fnmatch
from typing import Any

import moto.s3.models

from sandbox.aws.eks.roles import as_list
from sandbox.aws.policy import principals, statements

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
        if any(fnmatch.fnmatchcase("s3:PutObject", action) for action in actions):
            if any(fnmatch.fnmatchcase(wanted, resource) for resource in resources):
                return True
    return False


models.FakeBucket._log_permissions_enabled_policy = staticmethod(_log_permissions)

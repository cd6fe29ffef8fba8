"""Buckets as the tests of s3_buckets declare them, and what those tests share."""

from __future__ import annotations

from typing import Any

from ansible_collections.slipway.platform.plugins.module_utils._aws.client import Api
from ansible_collections.slipway.platform.plugins.module_utils._boxes.kms_keys.box import BOX as KEYS
from ansible_collections.slipway.platform.plugins.module_utils._core.run import Runner

from .conftest import ACCOUNT, REGION, Emulator

WRITES = {
    operation: {"s3_bucket"}
    for operation in (
        "AbortMultipartUpload",
        "CreateBucket",
        "DeleteBucket",
        "DeleteObjects",
        "PutBucketEncryption",
        "PutBucketLifecycleConfiguration",
        "PutBucketLogging",
        "PutBucketOwnershipControls",
        "PutBucketPolicy",
        "PutBucketTagging",
        "PutBucketVersioning",
        "PutPublicAccessBlock",
    )
}
NAME = f"demo-{ACCOUNT}-{REGION}"
APPLICATION = f"{NAME}-application"
LOGS = f"{NAME}-logs"
TERRAFORM = f"{NAME}-terraform"


def logs(**changed: Any) -> dict[str, Any]:
    return {"use": "logs", "encryption": "sse-s3", "log_delivery": True, **changed}


def application(**changed: Any) -> dict[str, Any]:
    return {"use": "application", "kms_key": "buckets", "logging_target": "logs", **changed}


def terraform(**changed: Any) -> dict[str, Any]:
    return {**application(use="terraform", terraform_backend=True), **changed}


def all_of(**changed: Any) -> dict[str, Any]:
    return {"buckets": [logs(), application(**changed), terraform()]}


def make_key(emulator: Emulator) -> None:
    api = Api({"region": REGION, "endpoint": emulator.url}, say=lambda text: None)
    keys = [{"use": "buckets", "description": "Buckets", "services": ["s3"]}]
    Runner(KEYS, {"platform_name": "demo", "keys": keys}, api, check_mode=False).run()

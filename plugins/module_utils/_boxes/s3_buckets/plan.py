# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The S3 buckets that are to stand. Pure."""

from __future__ import annotations

from typing import Any

from ..._aws import policies, tags
from ..._aws.s3.model import PUBLIC_ACCESS_BLOCK
from ..._core.plan import Action, Impossible, Observed, Plan, Ref, Resource, Value
from .model import Bucket, S3Buckets

LIFECYCLE_RULE = "slipway"
EVERYBODY = {"AWS": "*"}
LOAD_BALANCERS = "load-balancers"
"""Prefix of load balancers' logs. Their paths end with the account's id, which is what keeps others out."""


def declare(spec: S3Buckets, observed: Observed) -> list[Resource]:
    """Those that take logs first: the others name them."""
    return [
        Resource(
            Ref("s3_bucket", bucket.name), attributes(bucket, spec), tags.of(spec.platform, bucket.name, spec.tags)
        )
        for bucket in spec.buckets
    ]


def attributes(bucket: Bucket, spec: S3Buckets) -> dict[str, Value]:
    return {
        "ownership": "BucketOwnerEnforced",
        "public_access_block": dict.fromkeys(PUBLIC_ACCESS_BLOCK, True),
        "versioning": bucket.versioning,
        "encryption": encryption(bucket),
        "policy": policy(bucket, spec),
        "lifecycle": lifecycle(bucket),
        "logging": None
        if bucket.logging_target is None
        else {"bucket": bucket.logging_target, "prefix": f"s3/{bucket.use}/"},
    }


def encryption(bucket: Bucket) -> dict[str, Value]:
    """Default encryption; keys that clients bring (SSE-C) are refused. A bucket key saves most calls to KMS."""
    kms = bucket.kms_key is not None
    return {
        "algorithm": "aws:kms" if kms else "AES256",
        "kms_key": bucket.kms_key,
        "bucket_key": kms,
        "blocked": ["SSE-C"],
    }


def lifecycle(bucket: Bucket) -> dict[str, Value]:
    """Rules by their IDs. Where nothing expires, delete markers that hide nothing any more do."""
    days = bucket.lifecycle
    expiration = {"ExpiredObjectDeleteMarker": True} if days.expiration_days is None else {"Days": days.expiration_days}
    return {
        LIFECYCLE_RULE: {
            "Status": "Enabled",
            "Filter": {"Prefix": ""},
            "Expiration": expiration,
            "NoncurrentVersionExpiration": {"NoncurrentDays": days.noncurrent_version_days},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": days.incomplete_upload_days},
        }
    }


def policy(bucket: Bucket, spec: S3Buckets) -> dict[str, Value]:
    """Nothing without TLS, and what the bucket's use needs."""
    arn = f"arn:{spec.account.partition}:s3:::{bucket.name}"
    statements = [
        _deny("OnlyTls", "s3:*", [arn, f"{arn}/*"], {"Bool": {"aws:SecureTransport": "false"}}),
        _deny(
            "OnlyRecentTls", "s3:*", [arn, f"{arn}/*"], {"NumericLessThan": {"s3:TlsVersion": spec.minimum_tls_version}}
        ),
    ]
    if bucket.kms_key is not None:
        # A request that names no encryption gets the bucket's; "IfExists" lets it pass.
        other = {"StringNotEqualsIfExists": {"s3:x-amz-server-side-encryption": ["aws:kms", "aws:kms:dsse"]}}
        statements.append(_deny("OnlyKms", "s3:PutObject", [f"{arn}/*"], other))
    if bucket.terraform_backend:
        # A lock is taken by a conditional write; one without the condition would overwrite somebody else's lock.
        unconditional = {"Null": {"s3:if-none-match": "true"}}
        statements.append(_deny("OnlyConditionalLocks", "s3:PutObject", [f"{arn}/*.tflock"], unconditional))
    if bucket.log_delivery:
        statements += log_delivery(arn, spec)
    return policies.canonical({"Version": policies.VERSION, "Statement": statements}, spec.account.partition)


def log_delivery(arn: str, spec: S3Buckets) -> list[dict[str, Any]]:
    """Statements that let S3 and load balancers of this account deliver their logs.

    Sources: "Enabling Amazon S3 server access logging", S3 User Guide; "Enable access logs for your Application Load
    Balancer", Elastic Load Balancing (one service principal for all regions since the accounts of regions are legacy).
    """
    account = spec.account
    buckets = f"arn:{account.partition}:s3:::{spec.prefix}*"
    return [
        {
            "Sid": "S3AccessLogs",
            "Effect": "Allow",
            "Principal": {"Service": "logging.s3.amazonaws.com"},
            "Action": "s3:PutObject",
            "Resource": f"{arn}/s3/*",
            "Condition": {"StringEquals": {"aws:SourceAccount": account.id}, "ArnLike": {"aws:SourceArn": buckets}},
        },
        {
            "Sid": "LoadBalancerAccessLogs",
            "Effect": "Allow",
            "Principal": {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"},
            "Action": "s3:PutObject",
            "Resource": f"{arn}/{LOAD_BALANCERS}/AWSLogs/{account.id}/*",
        },
    ]


def _deny(sid: str, action: str, resources: list[str], condition: dict[str, Any]) -> dict[str, Any]:
    return {
        "Sid": sid,
        "Effect": "Deny",
        "Principal": EVERYBODY,
        "Action": action,
        "Resource": resources,
        "Condition": condition,
    }


def guard(spec: S3Buckets, observed: Observed, plan: Plan) -> None:
    """A bucket goes with what it holds only where that is said."""
    for change in plan.changes:
        if change.action is Action.DELETE and observed[change.ref].attributes["holds_objects"]:
            use = change.ref.name.removeprefix(spec.prefix)
            raise Impossible(
                f"{change.ref.words} holds objects or old versions of objects; name its use '{use}' in delete_objects "
                "(role variable buckets_delete_objects) to delete them with it, or empty it first."
            )

# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What `s3_buckets` answers: names of the buckets, and the backend that Terraform takes. Pure."""

from __future__ import annotations

from ..._core.plan import Observed, Ref, Value
from .model import Bucket, S3Buckets


def answer(spec: S3Buckets, observed: Observed) -> dict[str, Value]:
    """The same before the buckets are made."""
    partition = spec.account.partition
    backend = next((backend_block(bucket, spec) for bucket in spec.buckets if bucket.terraform_backend), None)
    return {
        "buckets": {
            bucket.use: {"name": bucket.name, "arn": f"arn:{partition}:s3:::{bucket.name}"} for bucket in spec.buckets
        },
        "backend": backend,
    }


def backend_block(bucket: Bucket, spec: S3Buckets) -> str:
    """Terraform's `backend` block, formatted as `terraform fmt` does. Locks are objects written conditionally."""
    settings = {
        "bucket": _quoted(bucket.name),
        "key": _quoted(f"{spec.platform}/terraform.tfstate"),
        "region": _quoted(spec.account.region),
        "encrypt": "true",
        "use_lockfile": "true",
    }
    if isinstance(bucket.kms_key, Ref):
        settings["kms_key_id"] = _quoted(f"alias/{bucket.kms_key.name}")
    elif bucket.kms_key is not None:
        settings["kms_key_id"] = _quoted(bucket.kms_key)
    lines = [f"    {name:<12} = {value}" for name, value in settings.items()]
    return "\n".join(["terraform {", '  backend "s3" {', *lines, "  }", "}", ""])


def _quoted(text: str) -> str:
    return f'"{text}"'

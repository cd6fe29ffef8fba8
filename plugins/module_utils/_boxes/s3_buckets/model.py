# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of `s3_buckets` and what they declare. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..._aws import names
from ..._aws.account import Account
from ..._aws.kms.model import encryption_key
from ..._core.plan import Ref, Refusal, Value

OPTIONS: dict[str, dict[str, Any]] = {
    "buckets": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "use": {"type": "str", "required": True},
            "encryption": {"type": "str", "choices": ["kms", "sse-s3"], "default": "kms"},
            "kms_key": {"type": "str", "no_log": False},
            "versioning": {"type": "bool", "default": True},
            "logging_target": {"type": "str"},
            "log_delivery": {"type": "bool", "default": False},
            "terraform_backend": {"type": "bool", "default": False},
            "lifecycle": {
                "type": "dict",
                "default": {},
                "options": {
                    "noncurrent_version_days": {"type": "int", "default": 90},
                    "incomplete_upload_days": {"type": "int", "default": 7},
                    "expiration_days": {"type": "int"},
                },
            },
        },
    },
    "minimum_tls_version": {"type": "str", "choices": ["1.2", "1.3"], "default": "1.2"},
    "delete_objects": {"type": "list", "elements": "str", "default": []},
}

_USE = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
_REFUSED_ENDINGS = ("-s3alias", "--ol-s3", "--x-s3", "--table-s3", "-an")


@dataclass(frozen=True)
class Lifecycle:
    """Days after which S3 removes something; None: never."""

    noncurrent_version_days: int
    incomplete_upload_days: int
    expiration_days: int | None


@dataclass(frozen=True)
class Bucket:
    """A bucket.

    :param kms_key: reference to a key of the platform, or the ARN of another one; None: SSE-S3.
    :param logging_target: name of the bucket that takes the access logs, or None.
    :param log_delivery: takes the logs of the other buckets and of load balancers, and is emptied with the platform.
    :param terraform_backend: holds Terraform's state, and locks it.
    :param delete_objects: may be deleted with what it holds.
    """

    use: str
    name: str
    kms_key: Ref | str | None
    versioning: bool
    logging_target: str | None
    log_delivery: bool
    terraform_backend: bool
    lifecycle: Lifecycle
    delete_objects: bool


@dataclass(frozen=True)
class S3Buckets:
    platform: str
    tags: Mapping[str, str]
    account: Account
    buckets: tuple[Bucket, ...]
    minimum_tls_version: str
    delete_objects: frozenset[str]
    absent: bool

    @property
    def prefix(self) -> str:
        """What the names of all buckets of the platform in this region begin with."""
        return names.bucket_name(self.platform, self.account.id, self.account.region, "")


def parse(params: Mapping[str, Value], account: Account) -> S3Buckets:
    platform, entries = params["platform_name"], params["buckets"]
    receivers = {entry["use"] for entry in entries if entry["log_delivery"]}
    buckets: list[Bucket] = []
    for position, entry in enumerate(entries):
        path = f"buckets[{position}]"
        name = _name(f"{path}.use", platform, account, entry["use"])
        if name in (bucket.name for bucket in buckets):
            raise Refusal(f"{path}.use", entry["use"], "each use is allowed once")
        target = entry["logging_target"] or None
        if target is not None and target not in receivers:
            raise Refusal(f"{path}.logging_target", target, "the use of a bucket with log_delivery is allowed")
        if entry["log_delivery"] and target is not None:
            raise Refusal(
                f"{path}.logging_target", target, "a bucket with log_delivery logs to none, its logs would not end"
            )
        buckets.append(
            Bucket(
                use=entry["use"],
                name=name,
                kms_key=_kms_key(path, platform, entry),
                versioning=entry["versioning"],
                logging_target=None
                if target is None
                else names.bucket_name(platform, account.id, account.region, target),
                log_delivery=entry["log_delivery"],
                terraform_backend=entry["terraform_backend"],
                lifecycle=_lifecycle(f"{path}.lifecycle", entry["lifecycle"]),
                delete_objects=entry["log_delivery"] or entry["use"] in params["delete_objects"],
            )
        )
    for position, use in enumerate(params["delete_objects"]):
        _name(f"delete_objects[{position}]", platform, account, use)
    return S3Buckets(
        platform=platform,
        tags=params["tags"],
        account=account,
        buckets=tuple(sorted(buckets, key=lambda bucket: (not bucket.log_delivery, bucket.name))),
        minimum_tls_version=params["minimum_tls_version"],
        delete_objects=frozenset(params["delete_objects"]) | receivers,
        absent=params["state"] == "absent",
    )


def _name(path: str, platform: str, account: Account, use: str) -> str:
    """The bucket's name, or Refusal. Source: "General purpose bucket naming rules", S3 User Guide."""
    name = names.bucket_name(platform, account.id, account.region, use)
    longest = 63 - len(name) + len(use)
    if not _USE.fullmatch(use) or len(name) > 63 or use.endswith(_REFUSED_ENDINGS) or f"-{use}" in _REFUSED_ENDINGS:
        words = f"1 to {longest} lower-case letters, digits and hyphens are allowed, a hyphen neither first nor last"
        raise Refusal(path, use, words)
    return name


def _kms_key(path: str, platform: str, entry: Mapping[str, Value]) -> Ref | str | None:
    if entry["log_delivery"] and entry["encryption"] == "kms":
        words = "a bucket with log_delivery takes 'sse-s3' only, AWS delivers no logs to one encrypted by KMS"
        raise Refusal(f"{path}.encryption", "kms", words)
    return encryption_key(path, platform, entry)


def _lifecycle(path: str, entry: Mapping[str, Value]) -> Lifecycle:
    for name, days in entry.items():
        if days is not None and days < 1:
            raise Refusal(f"{path}.{name}", days, "at least 1 day is allowed")
    return Lifecycle(**entry)

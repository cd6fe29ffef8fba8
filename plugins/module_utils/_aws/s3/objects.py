# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Objects of one S3 bucket that are written once: each write is conditional on nothing standing there yet."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from ..._core.plan import Impossible
from ..client import Api, ClientError, code_of

EXISTS = ("PreconditionFailed", "ConditionalRequestConflict", "412", "409")
"""Codes of a write that found something, or that another writer was faster than."""


@dataclass(frozen=True)
class Head:
    """What is known of an object without its body.

    :param sha256: hex; S3's own checksum, else what the writer noted as metadata; empty where there is neither.
    """

    size: int
    sha256: str


class Objects:
    """One bucket. S3 reads what was written at once ("Amazon S3 data consistency model", S3 User Guide)."""

    def __init__(self, api: Api, bucket: str) -> None:
        self._api = api
        self.bucket = bucket

    def check(self, *, check_mode: bool = False) -> None:
        """Impossible if the bucket does not exist or is not open to the caller.

        :param check_mode: takes a bucket that does not exist as one that an earlier task plans to make: it is empty.
        """
        try:
            self._api.s3.head_bucket(Bucket=self.bucket)
        except ClientError as error:
            code = code_of(error)
            if code in ("404", "NoSuchBucket"):
                if check_mode:
                    return
                raise Impossible(f"The bucket '{self.bucket}' does not exist.") from error
            if code in ("403", "AccessDenied", "301"):
                raise Impossible(
                    f"The bucket '{self.bucket}' is not open to the caller, or is of another region "
                    f"(HeadBucket answers {code})."
                ) from error
            raise

    def head(self, key: str) -> Head | None:
        answer = self._api.optional(
            lambda: self._api.s3.head_object(Bucket=self.bucket, Key=key, ChecksumMode="ENABLED"), "404", "NoSuchKey"
        )
        if answer is None:
            return None
        checksum = answer.get("ChecksumSHA256", "")
        if checksum and answer.get("ChecksumType", "FULL_OBJECT") == "FULL_OBJECT" and "-" not in checksum:
            sha256 = base64.b64decode(checksum).hex()
        else:
            sha256 = str(answer.get("Metadata", {}).get("sha256", ""))
        return Head(int(answer["ContentLength"]), sha256)

    def get(self, key: str) -> bytes | None:
        def read() -> bytes:
            return bytes(self._api.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read())

        return self._api.optional(read, "NoSuchKey", "NoSuchBucket", "404")

    def keys(self, prefix: str) -> list[str]:
        entries = self._api.s3.pages("list_objects_v2", "Contents", Bucket=self.bucket, Prefix=prefix)
        return sorted(entry["Key"] for entry in entries)

    def put_new(self, key: str, body: bytes, content_type: str, metadata: Mapping[str, str] | None = None) -> bool:
        """Writes an object where there is none, all of it or nothing; False if there is one (the caller looks at it).

        S3 compares the body with the checksum that goes along.
        """
        try:
            self._api.s3.put_object(
                Bucket=self.bucket,
                Key=key,
                Body=body,
                ContentType=content_type,
                Metadata=dict(metadata or {}),
                ChecksumSHA256=base64.b64encode(hashlib.sha256(body).digest()).decode(),
                IfNoneMatch="*",
            )
        except ClientError as error:
            if code_of(error) in EXISTS:
                return False
            raise
        return True

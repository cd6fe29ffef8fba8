# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The bucket of an application's artifacts and release manifests: one that is named, or that of the platform."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .._aws.account import caller_identity, check_id
from .._aws.names import bucket_name, platform_name
from .._core.plan import Refusal, Value

if TYPE_CHECKING:
    from .._aws.client import Api

USE = "application"

OPTIONS: dict[str, dict[str, Any]] = {
    "bucket": {"type": "str"},
    "platform_name": {"type": "str"},
    "account_id": {"type": "str"},
}
"""Options of the modules that ask for it (doc fragment `slipway.platform._application_bucket`)."""


def check(options: Mapping[str, Value]) -> None:
    """Refusal where neither a bucket nor a platform is named."""
    if not options["bucket"]:
        if not options["platform_name"]:
            raise Refusal("bucket", options["bucket"], "the name of a bucket is needed, or that of a platform")
        platform_name("platform_name", options["platform_name"])
        check_id("account_id", options["account_id"])


def named(options: Mapping[str, Value], api: Api) -> dict[str, Any]:
    """The options with the name of the bucket; AWS is asked for the account only where no option tells it."""
    check(options)
    if options["bucket"]:
        return dict(options)
    account_id = options["account_id"] or caller_identity(api)["Account"]
    return {**options, "bucket": bucket_name(options["platform_name"], account_id, api.region, USE)}

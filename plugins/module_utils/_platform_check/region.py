# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The region that AWS is asked in, checked against boto3's own list of regions."""

from __future__ import annotations

import difflib

from .._aws.client import LOADER, ClientError, code_of
from .._core.plan import Refusal

ENABLED = frozenset(
    {
        "ap-northeast-1",
        "ap-northeast-2",
        "ap-northeast-3",
        "ap-south-1",
        "ap-southeast-1",
        "ap-southeast-2",
        "ca-central-1",
        "eu-central-1",
        "eu-north-1",
        "eu-west-1",
        "eu-west-2",
        "eu-west-3",
        "sa-east-1",
        "us-east-1",
        "us-east-2",
        "us-west-1",
        "us-west-2",
    }
)
"""Regions of the partition `aws` that are enabled in every account; all others must be enabled by its owner.
Source: "Enable or disable AWS Regions in your account", AWS Account Management Reference Guide."""

_DISABLED = ("AuthFailure", "InvalidClientTokenId", "OptInRequired", "UnrecognizedClientException")


def regions() -> list[str]:
    """All regions of all partitions that the installed boto3 knows."""
    return sorted(
        region for partition in LOADER.load_data("endpoints")["partitions"] for region in partition["regions"]
    )


def check_region(option: str, region: str) -> None:
    """Refusal for a region that is not set or that AWS does not have."""
    if not region:
        raise Refusal(option, None, "a region of AWS is required, in platform_region or AWS_REGION")
    known = regions()
    if region not in known:
        near = difflib.get_close_matches(region, known, n=1)
        advice = f"perhaps {near[0]} is meant" if near else "allowed are eu-west-1 and its like"
        raise Refusal(option, region, f"it is no region that boto3 knows, {advice}")


def not_enabled(option: str, region: str, error: Exception) -> Refusal | None:
    """What AWS's refusal of the credentials means in a region that has to be enabled first."""
    if isinstance(error, ClientError) and code_of(error) in _DISABLED and region not in ENABLED:
        return Refusal(
            option,
            region,
            "AWS refuses the credentials there: enable the region for the account, or choose one that is enabled",
        )
    return None

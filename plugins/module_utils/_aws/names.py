# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names of the platform and of what is made for it. Pure."""

from __future__ import annotations

import re

from .._core.plan import Refusal

_PLATFORM = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
RESERVED = {
    "amzn-s3-demo-": "S3 takes no bucket",
    "internal-": "Elastic Load Balancing takes no load balancer",
    "sg-": "EC2 takes no security group",
    "sthree-": "S3 takes no bucket",
}
"""Beginnings of names that one service keeps for itself; what is made for a platform begins with the platform's name.

Sources: "General purpose bucket naming rules", S3 User Guide; CreateSecurityGroup, EC2 API Reference;
CreateLoadBalancer, Elastic Load Balancing API Reference."""
PLATFORM_LENGTH = 20
"""The longest platform name.

A bucket has 63 characters for `<platform>-<account>-<region>-<use>`: an account of 12, a region of up to 14, a use of
up to 11 and three hyphens leave 23. Load balancers and target groups (32 characters) leave 20 with a suffix of 12."""


def platform_name(option: str, name: str) -> str:
    """A platform's name, or Refusal: 2 to 20 lower-case letters, digits and single hyphens, a letter first, and none of
    the beginnings that a service keeps for itself.
    """
    if not 2 <= len(name) <= PLATFORM_LENGTH or not _PLATFORM.fullmatch(name):
        raise Refusal(
            option,
            name,
            f"allowed are 2 to {PLATFORM_LENGTH} lower-case letters, digits and single hyphens, "
            "beginning with a letter",
        )
    for beginning, words in RESERVED.items():
        if name.startswith(beginning):
            raise Refusal(option, name, f"{words} whose name begins with '{beginning}', another beginning is allowed")
    return name


def bucket_name(platform: str, account_id: str, region: str, use: str) -> str:
    """Name of a bucket; account and region make it unique in the world.

    Source: "General purpose bucket naming rules", S3 User Guide.
    """
    return f"{platform}-{account_id}-{region}-{use}"

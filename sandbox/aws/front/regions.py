"""Regions: which exist, and which must be opted into before they answer."""

from __future__ import annotations

import functools

import botocore.session

# "Regions" in the AWS account management guide: enabled by default; every later region is opt-in.
ENABLED_BY_DEFAULT = (
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
    "ap-south-1",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "eu-north-1",
    "sa-east-1",
)
GLOBAL = ("aws-global",)


@functools.cache
def all_regions() -> tuple[str, ...]:
    """Every region of the partition aws that EC2 knows."""
    return tuple(sorted(botocore.session.get_session().get_available_regions("ec2", "aws")))


def known(region: str) -> bool:
    return region in ENABLED_BY_DEFAULT or region in GLOBAL or region in all_regions()


def enabled(region: str, opted_in: list[str]) -> bool:
    return region in ENABLED_BY_DEFAULT or region in GLOBAL or region in opted_in

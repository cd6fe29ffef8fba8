# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What CloudWatch Logs allows of a log group, and a log group that is to stand. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..._core.plan import Ref, Refusal, Resource, Value
from .. import tags as _tags

RETENTION_IN_DAYS = (
    1,
    3,
    5,
    7,
    14,
    30,
    60,
    90,
    120,
    150,
    180,
    365,
    400,
    545,
    731,
    1096,
    1827,
    2192,
    2557,
    2922,
    3288,
    3653,
)
"""Source: PutRetentionPolicy, CloudWatch Logs API Reference."""

CLASSES = ("STANDARD", "INFREQUENT_ACCESS")
"""Classes of a log group; others belong to services that deliver elsewhere."""

RETENTION_OPTION: dict[str, Any] = {"type": "int", "default": 90}
"""Argument specification of an option for the retention in days."""


def check_retention(option: str, days: int) -> int:
    """The days, or Refusal for a number that CloudWatch Logs does not take."""
    if days not in RETENTION_IN_DAYS:
        raise Refusal(option, days, f"allowed are {', '.join(str(number) for number in RETENTION_IN_DAYS)} days")
    return days


def log_group(
    platform: str,
    name: str,
    *,
    retention_in_days: int,
    tags: Mapping[str, str],
    kms_key: Ref | str | None = None,
    log_group_class: str = "STANDARD",
) -> Resource:
    """A log group.

    :param name: the whole name (`/aws/eks/demo/cluster`).
    :param kms_key: reference to the key, or the ARN of one that others made. The key's policy has to admit
        `logs.<region>.amazonaws.com`: service `logs` of the module `kms_keys`. None: encrypted with a key of AWS's.
    """
    attributes: dict[str, Value] = {
        "retention_in_days": retention_in_days,
        "kms_key": kms_key,
        "log_group_class": log_group_class,
    }
    return Resource(Ref("log_group", name), attributes, _tags.of(platform, name, tags))

# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The log groups that are to stand. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from ..._core.plan import Ref, Resource, Value
from .. import tags as _tags


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

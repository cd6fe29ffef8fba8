# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What stands of log groups."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from ..._core.plan import Found, Ref
from ..client import Api


def describe_log_group(api: Api, name: str) -> dict[str, Any] | None:
    """The log group of exactly this name; the filter of AWS is the beginning of a name."""
    groups = api.logs.pages("describe_log_groups", "logGroups", logGroupNamePrefix=name)
    return next((group for group in groups if group["logGroupName"] == name), None)


def log_group_tags(api: Api, arn: str) -> dict[str, str]:
    """:param arn: with or without the ending `:*`, which AWS refuses here."""
    answer = api.logs.list_tags_for_resource(resourceArn=arn.removesuffix(":*"))
    return dict(answer.get("tags", {}))


def found_log_group(api: Api, name: str) -> Found | None:
    """A log group with its tags, or None."""
    group = describe_log_group(api, name)
    if group is None:
        return None
    tags = api.optional(lambda: log_group_tags(api, group["arn"]), "ResourceNotFoundException")
    if tags is None:
        return None
    attributes = {
        "retention_in_days": group.get("retentionInDays"),
        "kms_key": group.get("kmsKeyId"),
        "log_group_class": group.get("logGroupClass", "STANDARD"),
    }
    return Found(name, attributes, tags, {"arn": group["arn"].removesuffix(":*")})


def read_log_groups(api: Api, names: Iterable[str]) -> dict[Ref, Found]:
    """Those of the named log groups that stand: two calls each, side by side."""
    wanted = sorted(set(names))
    answers = api.together([partial(found_log_group, api, name) for name in wanted])
    return {Ref("log_group", name): found for name, found in zip(wanted, answers, strict=True) if found is not None}

# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kind `log_group` (CloudWatch Logs): its calls, one a function, and what stands of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..._core.box import Kind, Target
from ..._core.plan import Found, Ref
from ..client import Api
from ..lookup import one_by_one, read_by_name


def create_log_group(api: Api, group: Target) -> str:
    parameters: dict[str, Any] = {
        "logGroupName": group.name,
        "logGroupClass": group.attributes["log_group_class"],
        "tags": dict(group.tags),
    }
    if group.attributes.get("kms_key"):
        parameters["kmsKeyId"] = group.attributes["kms_key"]
    api.logs.create_log_group(**parameters)
    return group.name


def put_retention_policy(api: Api, group: Target) -> None:
    api.logs.put_retention_policy(logGroupName=group.name, retentionInDays=group.attributes["retention_in_days"])


def set_kms_key(api: Api, group: Target) -> None:
    """What was logged before stays encrypted with the key before."""
    if group.attributes.get("kms_key"):
        api.logs.associate_kms_key(logGroupName=group.name, kmsKeyId=group.attributes["kms_key"])
    else:
        api.logs.disassociate_kms_key(logGroupName=group.name)


def delete_log_group(api: Api, group: Target) -> None:
    """One that is gone already is no error: AWS services delete and make log groups themselves."""
    api.optional(lambda: api.logs.delete_log_group(logGroupName=group.name), "ResourceNotFoundException")


def _arn(group: Target) -> str:
    account = group.spec.account
    return str(account.arn("logs", f"log-group:{group.name}"))


def tag(api: Api, group: Target, tags: Mapping[str, str]) -> None:
    api.logs.tag_resource(resourceArn=_arn(group), tags=dict(tags))


def untag(api: Api, group: Target, keys: Sequence[str]) -> None:
    api.logs.untag_resource(resourceArn=_arn(group), tagKeys=list(keys))


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
    return read_by_name(api, "log_group", found_log_group, names)


def find_log_group(api: Api, name: str) -> Found | None:
    return None if describe_log_group(api, name) is None else Found(name)


LOG_GROUP = Kind(
    name="log_group",
    fixed={"log_group_class": "AWS fixes the class at creation; delete the log group first, its logs go with it"},
    create=create_log_group,
    update={"retention_in_days": put_retention_policy, "kms_key": set_kms_key},
    after_create=("retention_in_days",),
    delete=delete_log_group,
    tag=tag,
    untag=untag,
    find=one_by_one(find_log_group),
)
"""`tag` and `untag` need `account` in what the box's `parse` returns."""

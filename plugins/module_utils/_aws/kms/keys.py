# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kind `kms_key`: its calls, one a function, and what stands of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from ..._core.box import Kind, Target
from ..._core.plan import Found
from ..._core.wait import patiently
from .. import policies
from .. import tags as _tags
from ..client import Api, code_of
from ..lookup import one_by_one

SEEN_SECONDS = 60
"""How long a role that a policy names may take until KMS sees it."""


def _seen(call: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """A policy may name a role that IAM has made a moment ago, which KMS calls a malformed policy."""
    return patiently(call, lambda error: code_of(error) == "MalformedPolicyDocumentException", timeout=SEEN_SECONDS)


def create_key(api: Api, key: Target) -> str:
    """Tagged in the create call: a key whose alias is not made yet is found by its tags."""
    answer = _seen(
        lambda: api.kms.create_key(
            Description=key.attributes["description"],
            Policy=json.dumps(key.attributes["policy"]),
            Tags=_tags.to_list(key.tags, "TagKey", "TagValue"),
        )
    )
    return str(answer["KeyMetadata"]["Arn"])


def update_description(api: Api, key: Target) -> None:
    api.kms.update_key_description(KeyId=key.id, Description=key.attributes["description"])


def put_policy(api: Api, key: Target) -> None:
    policy = json.dumps(key.attributes["policy"])
    _seen(lambda: api.kms.put_key_policy(KeyId=key.id, PolicyName="default", Policy=policy))


def enable_rotation(api: Api, key: Target) -> None:
    api.kms.enable_key_rotation(KeyId=key.id)


def cancel_deletion(api: Api, key: Target) -> None:
    """Of a key that somebody else scheduled for deletion; AWS leaves it disabled, `enable` follows."""
    api.kms.cancel_key_deletion(KeyId=key.id)


def enable(api: Api, key: Target) -> None:
    api.kms.enable_key(KeyId=key.id)


def create_alias(api: Api, key: Target) -> None:
    api.kms.create_alias(AliasName=key.attributes["alias"], TargetKeyId=key.id)


def delete_alias(api: Api, key: Target) -> None:
    api.kms.delete_alias(AliasName=key.attributes["alias"])


def schedule_deletion(api: Api, key: Target, days: int) -> None:
    api.kms.schedule_key_deletion(KeyId=key.id, PendingWindowInDays=days)


def delete_key(api: Api, key: Target) -> None:
    """AWS keeps the key for the deletion window. The alias goes first: what is left without it is found by its tags."""
    if key.attributes.get("alias"):
        delete_alias(api, key)
    if not key.attributes["pending_deletion"]:
        schedule_deletion(api, key, key.spec.deletion_window_in_days)


def tag(api: Api, key: Target, tags: Mapping[str, str]) -> None:
    api.kms.tag_resource(KeyId=key.id, Tags=_tags.to_list(tags, "TagKey", "TagValue"))


def untag(api: Api, key: Target, keys: Sequence[str]) -> None:
    api.kms.untag_resource(KeyId=key.id, TagKeys=list(keys))


def key_metadata(api: Api, key_id: str) -> dict[str, Any] | None:
    """:param key_id: id, ARN or `alias/...` of a key."""
    answer: dict[str, Any] | None = api.optional(
        lambda: api.kms.describe_key(KeyId=key_id)["KeyMetadata"], "NotFoundException"
    )
    return answer


def key_policy(api: Api, key_id: str) -> str:
    return str(api.kms.get_key_policy(KeyId=key_id, PolicyName="default")["Policy"])


def key_rotation(api: Api, key_id: str) -> bool:
    """AWS does not tell it of a key that it is deleting."""
    answer = api.optional(lambda: api.kms.get_key_rotation_status(KeyId=key_id), "KMSInvalidStateException")
    return bool(answer and answer["KeyRotationEnabled"])


def key_tags(api: Api, key_id: str) -> dict[str, str]:
    return _tags.from_list(api.kms.pages("list_resource_tags", "Tags", KeyId=key_id), "TagKey", "TagValue")


def tagged_keys(api: Api, platform: str) -> list[tuple[str, str]]:
    """Keys of the platform by their Name tags: (name, ARN). Those that AWS is deleting are among them.

    The tagging API lags: it only finds what lost its alias.
    """
    entries = api.resourcegroupstaggingapi.pages(
        "get_resources",
        "ResourceTagMappingList",
        ResourceTypeFilters=["kms:key"],
        TagFilters=[{"Key": _tags.IDENTITY, "Values": [platform]}],
    )
    return [(_tags.from_list(entry["Tags"]).get("Name", ""), entry["ResourceARN"]) for entry in entries]


def found_key(api: Api, key_id: str, alias: str | None) -> Found | None:
    """None for a key that does not stand, or that AWS does not show yet.

    A key without alias that AWS is deleting is none. One whose alias stands was not deleted by us: it is to be kept.
    """
    metadata = key_metadata(api, key_id)
    if metadata is None:
        return None
    pending = metadata["KeyState"] in ("PendingDeletion", "PendingReplicaDeletion")
    if pending and alias is None:
        return None
    looks: tuple[Callable[[Api, str], Any], ...] = (key_policy, key_rotation, key_tags)
    answers: list[Any] = api.together(
        [partial(api.optional, partial(look, api, metadata["Arn"]), "NotFoundException") for look in looks]
    )
    if any(answer is None for answer in answers):
        return None
    policy, rotation, tags = answers
    attributes = {
        "pending_deletion": pending,
        "enabled": metadata["Enabled"],
        "description": metadata["Description"],
        "policy": policies.canonical(policy, metadata["Arn"].split(":")[1]),
        "rotation": rotation,
        "alias": alias,
    }
    return Found(metadata["Arn"], attributes, tags)


def find_key(api: Api, name: str) -> Found | None:
    key = key_metadata(api, f"alias/{name}")
    return None if key is None else Found(key["Arn"])


KMS_KEY = Kind(
    name="kms_key",
    create=create_key,
    update={
        "pending_deletion": cancel_deletion,
        "enabled": enable,
        "description": update_description,
        "policy": put_policy,
        "rotation": enable_rotation,
        "alias": create_alias,
    },
    after_create=("rotation", "alias"),
    delete=delete_key,
    tag=tag,
    untag=untag,
    find=one_by_one(find_key),
    made_by={"buckets": "buckets", "eks": "eks", "flow-logs": "vpc", "nodes": "nodegroups"},
)
"""A deletion needs `deletion_window_in_days` in what the box's `parse` returns."""

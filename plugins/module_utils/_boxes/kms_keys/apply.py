# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calls that change KMS keys, one a function."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..._aws import tags as _tags
from ..._aws.client import Api, code_of
from ..._core.box import Kind, Target
from ..._core.wait import patiently

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


KINDS = (
    Kind(
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
    ),
)

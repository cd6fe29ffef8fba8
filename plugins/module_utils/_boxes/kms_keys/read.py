# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What stands of the KMS keys of a platform."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from ..._aws import policies
from ..._aws import tags as _tags
from ..._aws.client import Api
from ..._core.known import Known
from ..._core.plan import Found, Ref
from .model import KmsKeys
from .users import refuse_in_use


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


def _found(api: Api, key_id: str, alias: str | None) -> Found | None:
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


def read(api: Api, spec: KmsKeys, known: Known) -> dict[Ref, Found]:
    """Keys by their aliases; a declared key whose alias is missing is looked for by its tags (an interrupted run).

    Impossible if keys are to be deleted and something that is encrypted with them stands.
    """
    names = [key.name for key in spec.keys]
    answers = api.together([partial(_found, api, f"alias/{name}", f"alias/{name}") for name in names])
    found = {name: key for name, key in zip(names, answers, strict=True) if key is not None}
    orphans = tagged_keys(api, spec.platform) if len(found) < len(names) else []
    for name, arn in orphans:
        if name in names and name not in found:
            lost = _found(api, arn, None)
            found |= {} if lost is None else {name: lost}
    if spec.absent:
        ours = {name: key for name, key in found.items() if (key.tags or {}).get(_tags.IDENTITY) == spec.platform}
        refuse_in_use(api, spec, known, ours)
    return {Ref("kms_key", name): key for name, key in found.items()}

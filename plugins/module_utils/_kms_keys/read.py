# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What stands of the KMS keys of a platform."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from .. import _policies, _tags
from .._clients import Api
from .._known import Known
from .._plan import Found, Ref
from .model import KmsKeys
from .users import refuse_in_use


def aliases(api: Api) -> list[dict[str, Any]]:
    answer: list[dict[str, Any]] = api.kms.pages("list_aliases", "Aliases")
    return answer


def key_metadata(api: Api, key_id: str) -> dict[str, Any]:
    answer: dict[str, Any] = api.kms.describe_key(KeyId=key_id)["KeyMetadata"]
    return answer


def key_policy(api: Api, key_id: str) -> str:
    return str(api.kms.get_key_policy(KeyId=key_id, PolicyName="default")["Policy"])


def key_rotation(api: Api, key_id: str) -> bool:
    """AWS does not tell it of a key that it is deleting."""
    answer = api.optional(lambda: api.kms.get_key_rotation_status(KeyId=key_id), "KMSInvalidStateException")
    return bool(answer and answer["KeyRotationEnabled"])


def key_tags(api: Api, key_id: str) -> dict[str, str]:
    return _tags.from_list(api.kms.pages("list_resource_tags", "Tags", KeyId=key_id), "TagKey", "TagValue")


def tagged_keys(api: Api, platform: str) -> dict[str, str]:
    """Keys of the platform by their Name tags: name -> ARN. The tagging API lags: it only finds what lost its alias."""
    entries = api.resourcegroupstaggingapi.pages(
        "get_resources",
        "ResourceTagMappingList",
        ResourceTypeFilters=["kms:key"],
        TagFilters=[{"Key": _tags.IDENTITY, "Values": [platform]}],
    )
    return {_tags.from_list(entry["Tags"]).get("Name", ""): entry["ResourceARN"] for entry in entries}


def _found(api: Api, key_id: str, alias: str | None) -> Found | None:
    """None for a key that is being deleted, and for one that AWS does not show yet."""
    looks: tuple[Callable[[Api, str], Any], ...] = (key_metadata, key_policy, key_rotation, key_tags)
    answers: list[Any] = api.together(
        [partial(api.optional, partial(look, api, key_id), "NotFoundException") for look in looks]
    )
    if any(answer is None for answer in answers):
        return None
    metadata, policy, rotation, tags = answers
    if metadata["KeyState"] in ("PendingDeletion", "PendingReplicaDeletion"):
        return None
    attributes = {
        "description": metadata["Description"],
        "policy": _policies.canonical(policy, metadata["Arn"].split(":")[1]),
        "rotation": rotation,
        "enabled": metadata["Enabled"],
        "alias": alias,
    }
    return Found(metadata["Arn"], attributes, tags)


def read(api: Api, spec: KmsKeys, known: Known) -> dict[Ref, Found]:
    """Keys by their aliases; a declared key whose alias is missing is looked for by its tags (an interrupted run).

    Impossible if keys are to be deleted and something that is encrypted with them stands.
    """
    by_name = {
        alias["AliasName"].removeprefix("alias/"): alias["TargetKeyId"]
        for alias in aliases(api)
        if alias["AliasName"].removeprefix("alias/") in {key.name for key in spec.keys} and "TargetKeyId" in alias
    }
    lost = {key.name for key in spec.keys} - set(by_name)
    orphans = {name: arn for name, arn in tagged_keys(api, spec.platform).items() if name in lost} if lost else {}
    names = [*by_name, *orphans]
    answers = api.together(
        [partial(_found, api, key_id, f"alias/{name}") for name, key_id in by_name.items()]
        + [partial(_found, api, arn, None) for arn in orphans.values()]
    )
    found = {name: key for name, key in zip(names, answers, strict=True) if key is not None}
    if spec.absent:
        ours = {name: key for name, key in found.items() if (key.tags or {}).get(_tags.IDENTITY) == spec.platform}
        refuse_in_use(api, spec, known, ours)
    return {Ref("kms_key", name): key for name, key in found.items()}

# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kind `instance_profile`: its calls, one a function, and what stands of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..._core.box import Kind, Target
from ..._core.plan import Found, Ref
from .. import tags as _tags
from ..client import Api
from ..lookup import one_by_one, read_by_name
from .common import let_go
from .model import FIXED_PATH


def create_instance_profile(api: Api, profile: Target) -> str:
    """The id is the name: launch templates and Auto Scaling take it."""
    api.iam.create_instance_profile(
        InstanceProfileName=profile.name, Path=profile.attributes["path"], Tags=_tags.to_list(profile.tags)
    )
    return profile.name


def add_role(api: Api, profile: Target, arn: str) -> None:
    api.iam.add_role_to_instance_profile(InstanceProfileName=profile.name, RoleName=arn.rsplit("/", 1)[-1])


def remove_role(api: Api, profile: Target, arn: str) -> None:
    api.iam.remove_role_from_instance_profile(InstanceProfileName=profile.name, RoleName=arn.rsplit("/", 1)[-1])


def set_role(api: Api, profile: Target) -> None:
    if profile.before.get("role"):
        remove_role(api, profile, profile.before["role"])
    add_role(api, profile, profile.attributes["role"])


def delete_instance_profile(api: Api, profile: Target) -> None:
    if profile.attributes.get("role"):
        remove_role(api, profile, profile.attributes["role"])
    let_go(lambda: api.iam.delete_instance_profile(InstanceProfileName=profile.name))


def tag_instance_profile(api: Api, profile: Target, tags: Mapping[str, str]) -> None:
    api.iam.tag_instance_profile(InstanceProfileName=profile.name, Tags=_tags.to_list(tags))


def untag_instance_profile(api: Api, profile: Target, keys: Sequence[str]) -> None:
    api.iam.untag_instance_profile(InstanceProfileName=profile.name, TagKeys=list(keys))


def list_instance_profiles(api: Api, path: str) -> list[dict[str, Any]]:
    """Instance profiles below a path, 1000 a call; without their tags."""
    answer: list[dict[str, Any]] = api.iam.pages(
        "list_instance_profiles", "InstanceProfiles", PathPrefix=path, PaginationConfig={"PageSize": 1000}
    )
    return answer


def get_instance_profile(api: Api, name: str) -> dict[str, Any] | None:
    answer: dict[str, Any] | None = api.optional(
        lambda: api.iam.get_instance_profile(InstanceProfileName=name)["InstanceProfile"], "NoSuchEntity"
    )
    return answer


def found_instance_profile(api: Api, name: str) -> Found | None:
    """An instance profile; its id is its name."""
    profile = get_instance_profile(api, name)
    if profile is None:
        return None
    role = next((entry["Arn"] for entry in profile["Roles"]), None)
    return Found(name, {"path": profile["Path"], "role": role}, _tags.from_list(profile.get("Tags")))


def read_instance_profiles(api: Api, names: Iterable[str]) -> dict[Ref, Found]:
    """Those of the named instance profiles that stand."""
    return read_by_name(api, "instance_profile", found_instance_profile, names)


def find_instance_profile(api: Api, name: str) -> Found | None:
    return None if get_instance_profile(api, name) is None else Found(name)


INSTANCE_PROFILE = Kind(
    name="instance_profile",
    fixed={"path": FIXED_PATH},
    create=create_instance_profile,
    update={"role": set_role},
    after_create=("role",),
    delete=delete_instance_profile,
    tag=tag_instance_profile,
    untag=untag_instance_profile,
    find=one_by_one(find_instance_profile),
    made_by={"nodes": "nodegroups"},
)

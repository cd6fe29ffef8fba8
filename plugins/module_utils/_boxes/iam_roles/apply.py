# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calls that change IAM roles, one a function."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..._aws import tags as _tags
from ..._aws.client import Api, ClientError, code_of
from ..._core.box import Kind, Target
from ..._core.wait import patiently

LET_GO_SECONDS = 30
"""How long IAM may still count what a role or a profile has just been rid of."""


def _let_go(delete: Callable[[], object]) -> None:
    patiently(delete, lambda error: code_of(error) == "DeleteConflict", timeout=LET_GO_SECONDS)


def create_role(api: Api, role: Target) -> str:
    attributes = role.attributes
    parameters: dict[str, Any] = {
        "RoleName": role.name,
        "Path": attributes["path"],
        "Description": attributes["description"],
        "AssumeRolePolicyDocument": json.dumps(attributes["trust_policy"]),
        "MaxSessionDuration": attributes["max_session_duration"],
        "Tags": _tags.to_list(role.tags),
    }
    if attributes.get("permissions_boundary"):
        parameters["PermissionsBoundary"] = attributes["permissions_boundary"]
    return str(api.iam.create_role(**parameters)["Role"]["Arn"])


def update_role(api: Api, role: Target) -> None:
    api.iam.update_role(
        RoleName=role.name,
        Description=role.attributes["description"],
        MaxSessionDuration=role.attributes["max_session_duration"],
    )


def update_trust_policy(api: Api, role: Target) -> None:
    api.iam.update_assume_role_policy(RoleName=role.name, PolicyDocument=json.dumps(role.attributes["trust_policy"]))


def set_permissions_boundary(api: Api, role: Target) -> None:
    boundary = role.attributes.get("permissions_boundary")
    if boundary:
        api.iam.put_role_permissions_boundary(RoleName=role.name, PermissionsBoundary=boundary)
    else:
        api.iam.delete_role_permissions_boundary(RoleName=role.name)


def policy_arn(role: Target, name: str) -> str:
    """ARN of a managed policy; one of AWS's goes by its name."""
    return name if name.startswith("arn:") else f"arn:{role.spec.account.partition}:iam::aws:policy/{name}"


def attach_policy(api: Api, role: Target, name: str) -> None:
    api.iam.attach_role_policy(RoleName=role.name, PolicyArn=policy_arn(role, name))


def detach_policy(api: Api, role: Target, name: str) -> None:
    api.iam.detach_role_policy(RoleName=role.name, PolicyArn=policy_arn(role, name))


def set_managed_policies(api: Api, role: Target) -> None:
    """What is new is attached before what is obsolete goes, so that nothing is lost in between."""
    wanted, standing = role.attributes["managed_policies"], role.before.get("managed_policies", [])
    for name in wanted:
        if name not in standing:
            attach_policy(api, role, name)
    for name in standing:
        if name not in wanted:
            detach_policy(api, role, name)


def put_policy(api: Api, role: Target, name: str, document: Mapping[str, Any]) -> None:
    api.iam.put_role_policy(RoleName=role.name, PolicyName=name, PolicyDocument=json.dumps(document))


def delete_policy(api: Api, role: Target, name: str) -> None:
    api.iam.delete_role_policy(RoleName=role.name, PolicyName=name)


def set_policies(api: Api, role: Target) -> None:
    wanted, standing = role.attributes["policies"], role.before.get("policies", {})
    for name, document in wanted.items():
        if standing.get(name) != document:
            put_policy(api, role, name, document)
    for name in standing:
        if name not in wanted:
            delete_policy(api, role, name)


def delete_role(api: Api, role: Target) -> None:
    """AWS deletes no role that has policies."""
    for name in role.attributes["managed_policies"]:
        detach_policy(api, role, name)
    for name in role.attributes["policies"]:
        delete_policy(api, role, name)
    _let_go(lambda: api.iam.delete_role(RoleName=role.name))


def tag_role(api: Api, role: Target, tags: Mapping[str, str]) -> None:
    api.iam.tag_role(RoleName=role.name, Tags=_tags.to_list(tags))


def untag_role(api: Api, role: Target, keys: Sequence[str]) -> None:
    api.iam.untag_role(RoleName=role.name, TagKeys=list(keys))


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
    _let_go(lambda: api.iam.delete_instance_profile(InstanceProfileName=profile.name))


def tag_instance_profile(api: Api, profile: Target, tags: Mapping[str, str]) -> None:
    api.iam.tag_instance_profile(InstanceProfileName=profile.name, Tags=_tags.to_list(tags))


def untag_instance_profile(api: Api, profile: Target, keys: Sequence[str]) -> None:
    api.iam.untag_instance_profile(InstanceProfileName=profile.name, TagKeys=list(keys))


def create_service_linked_role(api: Api, role: Target) -> str:
    """A role of the account, not of the platform: another platform's run may have made it a moment ago."""
    try:
        return str(api.iam.create_service_linked_role(AWSServiceName=role.name)["Role"]["Arn"])
    except ClientError as error:
        if code_of(error) != "InvalidInput" or "has been taken" not in str(error):
            raise
    path = f"/aws-service-role/{role.name}/"
    return str(api.iam.pages("list_roles", "Roles", PathPrefix=path)[0]["Arn"])


_PATH = "AWS fixes the path at creation; keep platform_iam_path, or destroy the platform first"

KINDS = (
    Kind(name="service_linked_role", create=create_service_linked_role),
    Kind(
        name="iam_role",
        fixed={"path": _PATH},
        create=create_role,
        update={
            "description": update_role,
            "max_session_duration": update_role,
            "permissions_boundary": set_permissions_boundary,
            "trust_policy": update_trust_policy,
            "managed_policies": set_managed_policies,
            "policies": set_policies,
        },
        after_create=("managed_policies", "policies"),
        delete=delete_role,
        tag=tag_role,
        untag=untag_role,
    ),
    Kind(
        name="instance_profile",
        fixed={"path": _PATH},
        create=create_instance_profile,
        update={"role": set_role},
        after_create=("role",),
        delete=delete_instance_profile,
        tag=tag_instance_profile,
        untag=untag_instance_profile,
    ),
)
"""They need `account` in what the box's `parse` returns."""

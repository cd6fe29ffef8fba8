# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kind `iam_role`: its calls, one a function, and what stands of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from ..._core.box import Kind, Target
from ..._core.plan import Found, Ref, Value
from .. import policies as _policies
from .. import tags as _tags
from ..client import Api
from ..lookup import one_by_one, read_by_name
from .common import let_go
from .model import FIXED_PATH, short_policy


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
    let_go(lambda: api.iam.delete_role(RoleName=role.name))


def tag_role(api: Api, role: Target, tags: Mapping[str, str]) -> None:
    api.iam.tag_role(RoleName=role.name, Tags=_tags.to_list(tags))


def untag_role(api: Api, role: Target, keys: Sequence[str]) -> None:
    api.iam.untag_role(RoleName=role.name, TagKeys=list(keys))


def get_role(api: Api, name: str) -> dict[str, Any] | None:
    answer: dict[str, Any] | None = api.optional(lambda: api.iam.get_role(RoleName=name)["Role"], "NoSuchEntity")
    return answer


def attached_policies(api: Api, name: str) -> list[str]:
    """ARNs of the managed policies of a role; none of a role that does not exist."""
    answer = api.optional(
        lambda: api.iam.pages("list_attached_role_policies", "AttachedPolicies", RoleName=name), "NoSuchEntity"
    )
    return [entry["PolicyArn"] for entry in answer or []]


def inline_policy_names(api: Api, name: str) -> list[str]:
    answer = api.optional(lambda: api.iam.pages("list_role_policies", "PolicyNames", RoleName=name), "NoSuchEntity")
    return list(answer or [])


def inline_policy(api: Api, name: str, policy: str) -> Any:
    return api.optional(
        lambda: api.iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"], "NoSuchEntity"
    )


def list_roles(api: Api, path: str) -> list[dict[str, Any]]:
    """Roles below a path, 1000 a call; without their tags."""
    answer: list[dict[str, Any]] = api.iam.pages(
        "list_roles", "Roles", PathPrefix=path, PaginationConfig={"PageSize": 1000}
    )
    return answer


def _inline_policies(api: Api, name: str) -> dict[str, Any]:
    policies = inline_policy_names(api, name)
    documents = api.together([partial(inline_policy, api, name, policy) for policy in policies])
    return {policy: document for policy, document in zip(policies, documents, strict=True) if document is not None}


def found_iam_role(api: Api, name: str) -> Found | None:
    """A role with its policies: three calls side by side, and one for each inline policy."""
    reads: list[Any] = [
        partial(get_role, api, name),
        partial(attached_policies, api, name),
        partial(_inline_policies, api, name),
    ]
    role, managed, inline = api.together(reads)
    if role is None:
        return None
    partition = role["Arn"].split(":")[1]
    attributes: dict[str, Value] = {
        "path": role["Path"],
        "description": role.get("Description", ""),
        "trust_policy": _policies.canonical(role["AssumeRolePolicyDocument"], partition),
        "permissions_boundary": role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
        "managed_policies": sorted(short_policy(arn) for arn in managed),
        "policies": {key: _policies.canonical(document, partition) for key, document in sorted(inline.items())},
        "max_session_duration": role.get("MaxSessionDuration", 3600),
    }
    return Found(role["Arn"], attributes, _tags.from_list(role.get("Tags")))


def read_iam_roles(api: Api, names: Iterable[str]) -> dict[Ref, Found]:
    """Those of the named roles that stand."""
    return read_by_name(api, "iam_role", found_iam_role, names)


def find_role(api: Api, name: str) -> Found | None:
    role = get_role(api, name)
    return None if role is None else Found(role["Arn"])


IAM_ROLE = Kind(
    name="iam_role",
    fixed={"path": FIXED_PATH},
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
    find=one_by_one(find_role),
    made_by={
        "aws-ebs-csi-driver": "eks",
        "cluster": "eks",
        "flow-logs": "vpc",
        "nodes": "nodegroups",
        "operator": "eks",
        "vpc-cni": "eks",
    },
)
"""It needs `account` in what the box's `parse` returns."""

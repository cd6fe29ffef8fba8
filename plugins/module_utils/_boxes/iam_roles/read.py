# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What stands of a platform's IAM roles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

from ..._aws import policies as _policies
from ..._aws import tags
from ..._aws.client import Api
from ..._core.known import Known
from ..._core.plan import Found, Ref, Value
from .model import IamRoles, short_policy
from .plan import COMPONENT

SERVICE_LINKED_PATH = "/aws-service-role/"


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
    return Found(role["Arn"], attributes, tags.from_list(role.get("Tags")))


def found_instance_profile(api: Api, name: str) -> Found | None:
    """An instance profile; its id is its name."""
    profile = get_instance_profile(api, name)
    if profile is None:
        return None
    role = next((entry["Arn"] for entry in profile["Roles"]), None)
    return Found(name, {"path": profile["Path"], "role": role}, tags.from_list(profile.get("Tags")))


def read_iam_roles(api: Api, names: Iterable[str]) -> dict[Ref, Found]:
    """Those of the named roles that stand."""
    return _by_name(api, "iam_role", found_iam_role, names)


def read_instance_profiles(api: Api, names: Iterable[str]) -> dict[Ref, Found]:
    """Those of the named instance profiles that stand."""
    return _by_name(api, "instance_profile", found_instance_profile, names)


def _by_name(api: Api, kind: str, look: Any, names: Iterable[str]) -> dict[Ref, Found]:
    wanted = sorted(set(names))
    answers = api.together([partial(look, api, name) for name in wanted])
    return {Ref(kind, name): found for name, found in zip(wanted, answers, strict=True) if found is not None}


def read_service_linked_roles(api: Api, services: Sequence[str]) -> dict[Ref, Found]:
    """Those of the services that have their role in this account, by one call; a role with a suffix does not count."""
    if not services:
        return {}
    roles = list_roles(api, SERVICE_LINKED_PATH)
    arns = {role["Path"].split("/")[2]: role["Arn"] for role in roles if "_" not in role["RoleName"]}
    return {Ref("service_linked_role", service): Found(arns[service]) for service in services if service in arns}


def _no_more_declared(api: Api, spec: IamRoles, known: Known) -> tuple[list[str], list[str]]:
    """Names of roles and of instance profiles that may be the platform's and are not declared; their tags decide."""
    roles = {role["RoleName"] for role in list_roles(api, spec.iam.path)}
    profiles = {profile["InstanceProfileName"] for profile in list_instance_profiles(api, spec.iam.path)}
    elsewhere = {ref.name for ref, entry in known.of_kind("iam_role") if entry.get("state") == "found"}
    declared = {role.name for role in spec.roles}
    with_profile = {role.name for role in spec.roles if role.instance_profile or spec.absent}
    mine = f"{spec.platform}-"
    return (
        sorted(name for name in roles - declared - elsewhere if name.startswith(mine)),
        sorted(name for name in profiles - with_profile - (elsewhere - declared) if name.startswith(mine)),
    )


def _read_declared(api: Api, spec: IamRoles) -> dict[Ref, Found]:
    profiles = {role.name for role in spec.roles if role.instance_profile or spec.absent}
    reads: list[Any] = [
        partial(read_iam_roles, api, [role.name for role in spec.roles]),
        partial(read_instance_profiles, api, profiles),
        partial(read_service_linked_roles, api, () if spec.absent else spec.service_linked_roles),
    ]
    return {ref: found for part in api.together(reads) for ref, found in part.items()}


def _read_no_more_declared(api: Api, spec: IamRoles, known: Known) -> dict[Ref, Found]:
    if spec.component is None:
        return {}
    roles, profiles = _no_more_declared(api, spec, known)
    observed = {**read_iam_roles(api, roles), **read_instance_profiles(api, profiles)}
    return {
        ref: found
        for ref, found in observed.items()
        if (found.tags or {}).get(tags.IDENTITY) == spec.platform
        and (found.tags or {}).get(COMPONENT) == spec.component
    }


def read(api: Api, spec: IamRoles, known: Known) -> dict[Ref, Found]:
    """The declared ones by name, and with a `component` also those of it that are declared no more."""
    declared, others = api.together(
        [partial(_read_declared, api, spec), partial(_read_no_more_declared, api, spec, known)]
    )
    return {**others, **declared}

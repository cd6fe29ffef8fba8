# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What stands of a platform's IAM roles."""

from __future__ import annotations

from functools import partial
from typing import Any

from ..._aws import tags
from ..._aws.client import Api
from ..._aws.iam.instance_profiles import list_instance_profiles, read_instance_profiles
from ..._aws.iam.roles import list_roles, read_iam_roles
from ..._aws.iam.service_linked_roles import read_service_linked_roles
from ..._core.known import Known
from ..._core.plan import Found, Ref
from .model import IamRoles


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
        and (found.tags or {}).get(tags.COMPONENT) == spec.component
    }


def read(api: Api, spec: IamRoles, known: Known) -> dict[Ref, Found]:
    """The declared ones by name, and with a `component` also those of it that are declared no more."""
    declared, others = api.together(
        [partial(_read_declared, api, spec), partial(_read_no_more_declared, api, spec, known)]
    )
    return {**others, **declared}

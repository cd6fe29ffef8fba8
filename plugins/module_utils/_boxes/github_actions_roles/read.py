# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What stands: the roles of a repository, or of all, and the provider that the account has once."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from ..._aws import tags as _tags
from ..._aws.client import Api
from ..._aws.iam.oidc_providers import get_provider, provider_arn
from ..._aws.iam.roles import list_roles, read_iam_roles
from ..._aws.tags import COMPONENT
from ..._core.known import Known
from ..._core.plan import Found, Impossible, Observed, Ref
from .model import GithubActionsRoles, require_identifiers
from .plan import audience
from .trust import ISSUER, PROVIDER


def read(api: Api, spec: GithubActionsRoles, known: Known) -> dict[Ref, Found]:
    """The declared roles by name, those of the component that are declared no more, and the provider if it is ours."""
    reads: list[Any] = [
        partial(get_provider, api, provider_arn(spec.account, ISSUER)),
        partial(list_roles, api, "/" if spec.absent else spec.iam.path),
    ]
    provider, standing = api.together(reads)
    roles = _roles(api, spec, [role["RoleName"] for role in standing])
    if provider is None:
        return roles
    found = _found(spec, provider)
    owner = (found.tags or {}).get(_tags.IDENTITY)
    if owner == spec.platform or (owner is None and spec.adopt and not spec.absent):
        needed = spec.absent and _others(standing, roles, found.id)
        return roles if needed else {PROVIDER: found, **roles}
    known.found(PROVIDER, Found(found.id, extra={"shared": True, "client_ids": found.attributes["client_ids"]}))
    return roles


def _found(spec: GithubActionsRoles, provider: dict[str, Any]) -> Found:
    attributes = {"url": f"https://{ISSUER}", "client_ids": sorted(provider.get("ClientIDList", []))}
    return Found(provider_arn(spec.account, ISSUER), attributes, _tags.from_list(provider.get("Tags")))


def _roles(api: Api, spec: GithubActionsRoles, standing: list[str]) -> dict[Ref, Found]:
    declared = {role.name for role in spec.roles}
    beginning = f"{spec.platform}-github-"
    observed = read_iam_roles(api, declared | {name for name in standing if name.startswith(beginning)})
    return {ref: found for ref, found in observed.items() if ref.name in declared or _ours(spec, found)}


def _ours(spec: GithubActionsRoles, found: Found) -> bool:
    tags = found.tags or {}
    component = tags.get(COMPONENT, "")
    same = component == spec.component if spec.repository else component.startswith(spec.component)
    return same and tags.get(_tags.IDENTITY) == spec.platform


def _others(standing: list[dict[str, Any]], roles: dict[Ref, Found], arn: str) -> list[str]:
    """Names of roles that trust the provider and do not go now."""
    going = {ref.name for ref in roles}
    return [
        role["RoleName"]
        for role in standing
        if role["RoleName"] not in going and arn in str(role.get("AssumeRolePolicyDocument", ""))
    ]


def complete(api: Api, spec: GithubActionsRoles, observed: Observed, known: Known) -> GithubActionsRoles:
    """Whether the account's provider stands and is none of the platform's. Refusal for identifiers that are missing."""
    require_identifiers(spec)
    shared = PROVIDER not in observed and known.entry(PROVIDER).get("shared", False)
    if shared and audience(spec) not in known.entry(PROVIDER)["client_ids"]:
        raise Impossible(
            f"The OIDC provider {ISSUER} of account {spec.account.id} has no audience {audience(spec)} and belongs to "
            "somebody else; add it there (aws iam add-client-id-to-open-id-connect-provider), or set adopt to true."
        )
    return replace(spec, provider_shared=shared)

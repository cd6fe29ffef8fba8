# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The roles as they are to stand, and the provider. Pure."""

from __future__ import annotations

from ..._aws import tags
from ..._aws.iam.model import iam_role
from ..._core.plan import Observed, Resource, Value
from .model import GithubActionsRoles, Role
from .permissions import policies
from .trust import ISSUER, PROVIDER, trust_policy


def audience(spec: GithubActionsRoles) -> str:
    return f"sts.{spec.account.dns_suffix}"


def declare(spec: GithubActionsRoles, observed: Observed) -> list[Resource]:
    provider = [] if spec.provider_shared else [_provider(spec, observed)]
    return [*provider, *(_role(spec, role) for role in spec.roles)]


def _role(spec: GithubActionsRoles, role: Role) -> Resource:
    return iam_role(
        spec.platform,
        role.name,
        trust=trust_policy(role.workflow, spec.account),
        tags=spec.tags,
        iam=spec.iam,
        description=f"Workflows of {spec.repository} on GitHub: {', '.join(role.permissions)}",
        policies=policies(role.permissions, role.scope),
        max_session_duration=role.max_session_duration,
        component=spec.component,
    )


def _provider(spec: GithubActionsRoles, observed: Observed) -> Resource:
    """One that is taken over keeps its other audiences: others in the account may need them."""
    found = observed.get(PROVIDER)
    standing = [] if found is None else found.attributes["client_ids"]
    attributes: dict[str, Value] = {
        "url": f"https://{ISSUER}",
        "client_ids": sorted({*standing, audience(spec)}),
    }
    return Resource(PROVIDER, attributes, tags.of(spec.platform, ISSUER, spec.tags))


def answer(spec: GithubActionsRoles, observed: Observed) -> dict[str, Value]:
    """ARNs of the declared roles by their short names, the same before they are made."""
    arns = {
        role.short_name: spec.account.arn("iam", f"role{spec.iam.path}{role.name}", regional=False)
        for role in spec.roles
    }
    return {"roles": arns}

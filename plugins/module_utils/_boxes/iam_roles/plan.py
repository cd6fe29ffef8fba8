# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The IAM roles that are to stand. Pure."""

from __future__ import annotations

from ..._aws.iam.model import iam_role, instance_profile, service_linked_role
from ..._core.plan import Observed, Resource, Value
from .model import IamRoles


def declare(spec: IamRoles, observed: Observed) -> list[Resource]:
    resources = [service_linked_role(service) for service in spec.service_linked_roles]
    for role in spec.roles:
        resources.append(
            iam_role(
                spec.platform,
                role.name,
                trust=role.trust,
                tags=spec.tags,
                iam=spec.iam,
                description=role.description,
                managed_policies=role.managed_policies,
                policies=role.policies,
                max_session_duration=role.max_session_duration,
                component=spec.component,
            )
        )
        if role.instance_profile:
            resources.append(
                instance_profile(spec.platform, role.name, tags=spec.tags, iam=spec.iam, component=spec.component)
            )
    return resources


def answer(spec: IamRoles, observed: Observed) -> dict[str, Value]:
    """ARNs of the declared roles by name, the same before they are made."""
    roles = {
        role.name: spec.account.arn("iam", f"role{spec.iam.path}{role.name}", regional=False) for role in spec.roles
    }
    return {"roles": roles}

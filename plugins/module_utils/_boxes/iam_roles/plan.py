# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The IAM roles that are to stand. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..._aws import policies as _policies
from ..._aws import tags as _tags
from ..._core.plan import Observed, Ref, Resource, Value
from .model import DEFAULTS, Iam, IamRoles

COMPONENT = "slipway:component"
"""Key of the tag that tells the roles of one component of a platform from those of another."""


def iam_role(
    platform: str,
    name: str,
    *,
    trust: Mapping[str, Value],
    tags: Mapping[str, str],
    iam: Iam = DEFAULTS,
    description: str = "",
    managed_policies: Iterable[str] = (),
    policies: Mapping[str, Mapping[str, Value]] | None = None,
    max_session_duration: int = 3600,
    component: str | None = None,
) -> Resource:
    """A role.

    :param name: the whole name (`demo-cluster`).
    :param trust: a policy (`service_trust`, `pod_identity_trust`, or any).
    :param managed_policies: policies of AWS's by name (`AmazonEKSClusterPolicy`, `service-role/...`), others by ARN.
    :param policies: inline policies by name; they may hold references, which become the ARNs or ids of what they name.
    """
    documents = {key: _policies.canonical(document) for key, document in sorted((policies or {}).items())}
    attributes: dict[str, Value] = {
        "path": iam.path,
        "description": description,
        "trust_policy": _policies.canonical(trust),
        "permissions_boundary": iam.permissions_boundary,
        "managed_policies": sorted(set(managed_policies)),
        "policies": documents,
        "max_session_duration": max_session_duration,
    }
    special = {COMPONENT: component} if component else {}
    return Resource(Ref("iam_role", name), attributes, _tags.of(platform, name, tags, **special))


def instance_profile(
    platform: str, role: str, *, tags: Mapping[str, str], iam: Iam = DEFAULTS, component: str | None = None
) -> Resource:
    """The instance profile of a role, of the same name; declare it after the role."""
    special = {COMPONENT: component} if component else {}
    attributes: dict[str, Value] = {"path": iam.path, "role": Ref("iam_role", role)}
    return Resource(Ref("instance_profile", role), attributes, _tags.of(platform, role, tags, **special))


def service_linked_role(service: str) -> Resource:
    """The role that AWS makes once in an account for a service; never changed, tagged or deleted.

    Read it (`read_service_linked_roles`) only where `state` is present: what is read and not declared would be deleted.
    """
    return Resource(Ref("service_linked_role", service))


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

# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What all IAM roles of a platform share, and roles and instance profiles that are to stand. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..._core.plan import Ref, Refusal, Resource, Value
from .. import policies as _policies
from .. import tags as _tags
from ..tags import COMPONENT

IAM_OPTIONS: dict[str, dict[str, Any]] = {
    "path": {"type": "str", "default": "/"},
    "permissions_boundary": {"type": "str"},
}
"""Options of every module that makes IAM roles."""


_PATH = re.compile(r"/|/[!-~]+/")

POLICY_ARN = re.compile(r"arn:aws[a-z-]*:iam::(aws|\d{12}):policy/[!-~]+")


FIXED_PATH = "AWS fixes the path at creation; keep platform_iam_path, or destroy the platform first"


@dataclass(frozen=True)
class Iam:
    """What all IAM roles of a platform share.

    :param path: begins and ends with a slash.
    :param permissions_boundary: ARN of a policy, or None.
    """

    path: str = "/"
    permissions_boundary: str | None = None


DEFAULTS = Iam()


def check_iam(params: Mapping[str, Value]) -> Iam:
    """The shared options, or Refusal. Source: "IAM and AWS STS quotas", IAM User Guide."""
    path, boundary = params["path"], params["permissions_boundary"] or None
    if not _PATH.fullmatch(path) or len(path) > 512:
        raise Refusal(
            "path", path, "allowed are '/' and a path that begins and ends with a slash, at most 512 characters"
        )
    if boundary is not None and not POLICY_ARN.fullmatch(boundary):
        raise Refusal(
            "permissions_boundary", boundary, "the ARN of a policy is allowed (arn:aws:iam::<account>:policy/<name>)"
        )
    return Iam(path, boundary)


def short_policy(arn: str) -> str:
    """A policy of AWS's by its name below `policy/`; an ARN of another account stays."""
    return re.sub(r"^arn:aws[a-z-]*:iam::aws:policy/", "", arn)


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

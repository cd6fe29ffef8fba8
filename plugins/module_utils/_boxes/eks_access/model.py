# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of `eks_access` and what they declare. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..._aws.account import Account
from ..._aws.eks.model import CLUSTER_SCOPE
from ..._core.plan import Ref, Refusal, Value

TYPES = ("STANDARD", "EC2_LINUX", "EC2_WINDOWS", "FARGATE_LINUX", "HYBRID_LINUX")
ADMINISTRATOR = "AmazonEKSClusterAdminPolicy"

OPTIONS: dict[str, dict[str, Any]] = {
    "operator_roles": {"type": "list", "elements": "str", "default": []},
    "operator_role_arns": {"type": "list", "elements": "str", "default": []},
    "access_entries": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "principal_arn": {"type": "str", "required": True},
            "type": {"type": "str", "choices": list(TYPES), "default": "STANDARD"},
            "username": {"type": "str"},
            "kubernetes_groups": {"type": "list", "elements": "str", "default": []},
            "policies": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "policy": {"type": "str", "required": True},
                    "namespaces": {"type": "list", "elements": "str", "default": []},
                },
            },
        },
    },
    "security_groups": {"type": "list", "elements": "str", "default": ["nodes"]},
}

_PRINCIPAL = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:(?:(?:role|user)/[\w+=,.@/-]+|root)")
_SESSION = re.compile(r"arn:(aws[a-z-]*):sts::(\d{12}):assumed-role/([\w+=,.@-]+)/.+")
_POLICY = re.compile(r"Amazon[A-Za-z0-9]+Policy")
_NAMESPACE = re.compile(r"[a-z0-9*]([a-z0-9*-]{0,61}[a-z0-9*])?")
_RESERVED = ("system:", "eks:", "aws:", "amazon:", "iam:")
"""Beginnings that EKS refuses in user names and groups. Source: "Create access entries", EKS User Guide."""


@dataclass(frozen=True)
class AccessEntry:
    """:param name: the principal without account: `role/path/name`; of a role of the platform `role/name`.
    :param username: None leaves it to EKS.
    :param policies: name of the access policy -> where it holds: `cluster`, or namespaces, sorted.
    """

    name: str
    principal: str | Ref
    type: str
    username: str | None
    kubernetes_groups: tuple[str, ...]
    policies: Mapping[str, str | tuple[str, ...]]


@dataclass(frozen=True)
class EksAccess:
    """:param security_groups: groups that reach the API through the group that EKS itself made."""

    platform: str
    tags: Mapping[str, str]
    account: Account
    entries: tuple[AccessEntry, ...]
    security_groups: tuple[Ref, ...]
    absent: bool

    @property
    def nodes(self) -> str:
        """ARN's end of the nodes' role, whose entry belongs to the nodes."""
        return f"/{self.platform}-nodes"


def parse(params: Mapping[str, Value], account: Account) -> EksAccess:
    platform = params["platform_name"]
    entries: list[AccessEntry] = []
    for role in sorted(set(params["operator_roles"])):
        ref = Ref("iam_role", f"{platform}-{role}")
        entries.append(AccessEntry(f"role/{ref.name}", ref, "STANDARD", None, (), {ADMINISTRATOR: CLUSTER_SCOPE}))
    for position, arn in enumerate(params["operator_role_arns"]):
        option = f"operator_role_arns[{position}]"
        name = _principal(option, arn, roles_only=True)
        _once(option, arn, name, entries)
        entries.append(AccessEntry(name, arn, "STANDARD", None, (), {ADMINISTRATOR: CLUSTER_SCOPE}))
    for position, given in enumerate(params["access_entries"]):
        option = f"access_entries[{position}]"
        name = _principal(f"{option}.principal_arn", given["principal_arn"], roles_only=given["type"] != "STANDARD")
        _once(f"{option}.principal_arn", given["principal_arn"], name, entries)
        entries.append(_entry(option, name, given))
    if params["state"] == "present" and not any(_lets_in(entry) for entry in entries):
        allowed = (
            "at least one role ARN is required (or an access entry with groups or policies), else nobody can enter"
        )
        raise Refusal("operator_role_arns", params["operator_role_arns"], allowed)
    groups = tuple(Ref("security_group", f"{platform}-{name}") for name in sorted(set(params["security_groups"])))
    return EksAccess(platform, params["tags"], account, tuple(entries), groups, params["state"] == "absent")


def _lets_in(entry: AccessEntry) -> bool:
    return entry.type == "STANDARD" and bool(entry.policies or entry.kubernetes_groups)


def _principal(option: str, arn: str, *, roles_only: bool) -> str:
    """`role/path/name` of a principal. Source: principalArn of CreateAccessEntry, EKS API Reference."""
    session = _SESSION.fullmatch(arn)
    if session:
        partition, account, role = session.groups()
        allowed = (
            f"a session ends, name its role arn:{partition}:iam::{account}:role/{role} (with its path, if it has one)"
        )
        raise Refusal(option, arn, allowed)
    kind = arn.rpartition(":")[2]
    if not _PRINCIPAL.fullmatch(arn) or (roles_only and not kind.startswith("role/")):
        what = "IAM role" if roles_only else "IAM role or user"
        raise Refusal(option, arn, f"the ARN of an {what} is allowed, such as arn:aws:iam::123456789012:role/operator")
    if kind.startswith("role/aws-service-role/"):
        raise Refusal(option, arn, "EKS admits no service-linked role")
    return kind


def _once(option: str, arn: str, name: str, entries: list[AccessEntry]) -> None:
    if name in (entry.name for entry in entries) or arn in (entry.principal for entry in entries):
        raise Refusal(option, arn, "each principal is allowed once")


def _entry(option: str, name: str, given: Mapping[str, Any]) -> AccessEntry:
    groups, username, policies = given["kubernetes_groups"], given["username"], given["policies"]
    if given["type"] != "STANDARD" and (groups or username or policies):
        raise Refusal(f"{option}.type", given["type"], "groups, user name and policies are allowed with STANDARD only")
    for position, group in enumerate(groups):
        if group.startswith(_RESERVED):
            allowed = f"a group is allowed that does not begin with {', '.join(_RESERVED)}"
            raise Refusal(f"{option}.kubernetes_groups[{position}]", group, allowed)
    if username and username.startswith(_RESERVED):
        allowed = f"a name is allowed that does not begin with {', '.join(_RESERVED)}"
        raise Refusal(f"{option}.username", username, allowed)
    scopes: dict[str, str | tuple[str, ...]] = {}
    for position, policy in enumerate(policies):
        here = f"{option}.policies[{position}]"
        if not _POLICY.fullmatch(policy["policy"]):
            allowed = "the name of an EKS access policy is allowed, such as AmazonEKSViewPolicy"
            raise Refusal(f"{here}.policy", policy["policy"], allowed)
        if policy["policy"] in scopes:
            raise Refusal(f"{here}.policy", policy["policy"], "each policy is allowed once")
        for number, namespace in enumerate(policy["namespaces"]):
            if not _NAMESPACE.fullmatch(namespace):
                allowed = "a Kubernetes namespace is allowed, * for any letters in it"
                raise Refusal(f"{here}.namespaces[{number}]", namespace, allowed)
        scopes[policy["policy"]] = tuple(sorted(set(policy["namespaces"]))) or CLUSTER_SCOPE
    return AccessEntry(
        name, given["principal_arn"], given["type"], username or None, tuple(sorted(set(groups))), scopes
    )

# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of `iam_roles` and what they declare. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..._aws import policies as _policies
from ..._aws.account import Account
from ..._aws.iam.model import IAM_OPTIONS, POLICY_ARN, Iam, check_iam, short_policy
from ..._aws.iam.trust import account_trust, pod_identity_trust, service_trust
from ..._core.plan import Refusal, Value

OPTIONS: dict[str, dict[str, Any]] = {
    "roles": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "name": {"type": "str", "required": True},
            "description": {"type": "str", "default": ""},
            "trust_services": {"type": "list", "elements": "str", "default": []},
            "trust_account": {"type": "bool", "default": False},
            "trust_pod_identity": {
                "type": "dict",
                "options": {
                    "cluster": {"type": "str", "required": True},
                    "namespace": {"type": "str", "required": True},
                    "service_account": {"type": "str", "required": True},
                },
            },
            "trust_policy": {"type": "dict"},
            "managed_policies": {"type": "list", "elements": "str", "default": []},
            "policies": {"type": "dict", "default": {}},
            "instance_profile": {"type": "bool", "default": False},
            "max_session_duration": {"type": "int", "default": 3600},
        },
    },
    "service_linked_roles": {"type": "list", "elements": "str", "default": []},
    "component": {"type": "str"},
    **IAM_OPTIONS,
}

_NAME = re.compile(r"[\w+=,.@-]+", re.ASCII)
_POD_IDENTITY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,252}")
_SERVICE = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*\.amazonaws\.com(\.cn)?")
_MANAGED = re.compile(r"([\w-]+/)*[\w+=,.@-]+", re.ASCII)
_COMPONENT = re.compile(r"[a-z][a-z0-9_-]{0,30}")


@dataclass(frozen=True)
class Role:
    """:param managed_policies: names below `policy/` of AWS's own policies, ARNs of others."""

    name: str
    description: str
    trust: Mapping[str, Value]
    managed_policies: tuple[str, ...]
    policies: Mapping[str, Mapping[str, Value]]
    instance_profile: bool
    max_session_duration: int


@dataclass(frozen=True)
class IamRoles:
    platform: str
    tags: Mapping[str, str]
    account: Account
    iam: Iam
    roles: tuple[Role, ...]
    service_linked_roles: tuple[str, ...]
    component: str | None
    absent: bool


def parse(params: Mapping[str, Value], account: Account) -> IamRoles:
    platform = params["platform_name"]
    roles: list[Role] = []
    for position, entry in enumerate(params["roles"]):
        role = _role(f"roles[{position}]", platform, entry, account)
        if role.name in (other.name for other in roles):
            raise Refusal(f"roles[{position}].name", entry["name"], "each name is allowed once")
        roles.append(role)
    for position, service in enumerate(params["service_linked_roles"]):
        if not _SERVICE.fullmatch(service):
            raise Refusal(f"service_linked_roles[{position}]", service, _SERVICE_WORDS)
    component = params["component"]
    if component is not None and not _COMPONENT.fullmatch(component):
        raise Refusal("component", component, "1 to 31 lower-case letters, digits, _ and - are allowed, a letter first")
    return IamRoles(
        platform=platform,
        tags=params["tags"],
        account=account,
        iam=check_iam(params),
        roles=tuple(roles),
        service_linked_roles=tuple(sorted(set(params["service_linked_roles"]))),
        component=component,
        absent=params["state"] == "absent",
    )


_SERVICE_WORDS = "the name of an AWS service is allowed, such as 'ec2.amazonaws.com'"


def _role(path: str, platform: str, entry: Mapping[str, Value], account: Account) -> Role:
    name = f"{platform}-{entry['name']}"
    if not _NAME.fullmatch(entry["name"]) or len(name) > 64:
        words = f"letters, digits and _+=,.@- are allowed, at most {63 - len(platform)} beside the platform's name"
        raise Refusal(f"{path}.name", entry["name"], words)
    if len(entry["description"]) > 1000:
        raise Refusal(f"{path}.description", entry["description"], "at most 1000 characters are allowed")
    duration = entry["max_session_duration"]
    if not 3600 <= duration <= 43200:
        raise Refusal(f"{path}.max_session_duration", duration, "3600 to 43200 seconds are allowed")
    services, document, pods = entry["trust_services"], entry["trust_policy"], entry["trust_pod_identity"]
    if [bool(services), bool(document), bool(pods), entry["trust_account"]].count(True) != 1:
        words = "one of trust_services, trust_account, trust_pod_identity and trust_policy is required, and no more"
        raise Refusal(f"{path}.trust_services", services, words)
    for position, service in enumerate(services):
        if not _SERVICE.fullmatch(service):
            raise Refusal(f"{path}.trust_services[{position}]", service, _SERVICE_WORDS)
    for key, text in (pods or {}).items():
        if not _POD_IDENTITY.fullmatch(text):
            raise Refusal(f"{path}.trust_pod_identity.{key}", text, "one name is allowed, without wildcards")
    if document:
        _policies.check(f"{path}.trust_policy", document)
    return Role(
        name=name,
        description=entry["description"],
        trust=_trust(entry, account),
        managed_policies=_managed(f"{path}.managed_policies", entry["managed_policies"]),
        policies=_inline(f"{path}.policies", entry["policies"], account.partition),
        instance_profile=entry["instance_profile"],
        max_session_duration=duration,
    )


def _trust(entry: Mapping[str, Value], account: Account) -> Mapping[str, Value]:
    if entry["trust_policy"]:
        return _policies.canonical(entry["trust_policy"], account.partition)
    if entry["trust_pod_identity"]:
        return pod_identity_trust(account, **entry["trust_pod_identity"])
    return service_trust(entry["trust_services"], account) if entry["trust_services"] else account_trust(account)


def _managed(path: str, names: list[str]) -> tuple[str, ...]:
    """AWS's policies without the beginning that they share, others as they are. At most 20 a role (IAM quotas)."""
    for position, name in enumerate(names):
        if not POLICY_ARN.fullmatch(name) and (name.startswith("arn:") or not _MANAGED.fullmatch(name)):
            words = "allowed are the name of a policy of AWS's, such as 'AmazonEKSClusterPolicy', and an ARN"
            raise Refusal(f"{path}[{position}]", name, words)
    if len(names) > 20:
        raise Refusal(path, f"{len(names)} policies", "at most 20 are allowed")
    return tuple(sorted({short_policy(name) for name in names}))


def _inline(path: str, policies: Mapping[str, Value], partition: str) -> dict[str, Mapping[str, Value]]:
    documents: dict[str, Mapping[str, Value]] = {}
    for name, document in policies.items():
        if not _NAME.fullmatch(name) or len(name) > 128:
            raise Refusal(f"{path}.{name}", name, "a policy's name has 1 to 128 letters, digits and _+=,.@-")
        if not isinstance(document, Mapping):
            raise Refusal(f"{path}.{name}", document, "a policy document is allowed")
        _policies.check(f"{path}.{name}", document)
        documents[name] = _policies.canonical(document, partition)
    return documents

"""Checks of IAM roles and KMS keys that EKS makes before it accepts them, and the roles it makes for itself."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote

from sandbox.aws.front import weather
from sandbox.aws.front.moto_bridge import backend
from sandbox.aws.services.eks.model import invalid_parameter


def find_role(arn: str, account: str) -> Any:
    """moto's role for an ARN, None when there is none."""
    if not arn.startswith("arn:aws:iam::") or ":role/" not in arn:
        return None
    name = arn.rpartition("/")[2]
    for role in backend("iam", account, "aws").roles.values():
        if role.name == name and role.arn == arn:
            return role
    return None


def document(policy: Any) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(
        unquote(policy) if isinstance(policy, str) and policy.startswith("%") else policy
    )
    return loaded


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def trusts(role: Any, service: str) -> bool:
    """Whether a role's trust policy lets a service assume it."""
    for statement in as_list(document(role.assume_role_policy_document).get("Statement")):
        principals = statement.get("Principal", {})
        services = as_list(principals.get("Service")) if isinstance(principals, dict) else []
        actions = as_list(statement.get("Action"))
        allowed = statement.get("Effect") == "Allow" and service in services
        if allowed and any(action in ("sts:AssumeRole", "sts:*", "*") for action in actions):
            return True
    return False


def require_role(arn: str, account: str, service: str, **fields: Any) -> Any:
    """The role, once the service can assume it.

    :raises AwsError: InvalidParameterException when it does not exist, trusts others, or is too young to be seen
    """
    role = find_role(arn, account)
    if role is None or not trusts(role, service) or weather.is_new("role", role.arn):
        raise invalid_parameter(
            f"Role with arn: {arn}, could not be assumed because it does not exist or the trusted entity is not "
            "correct",
            **fields,
        )
    return role


def make_service_linked_role(account: str, service: str) -> None:
    """Make AWS's own role for a service unless the account has it."""
    iam = backend("iam", account, "aws")
    path = f"/aws-service-role/{service}/"
    if not any(role.path == path for role in iam.roles.values()):
        iam.create_service_linked_role(service, "", "")

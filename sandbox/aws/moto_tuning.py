"""moto made quicker and lighter, without a change in what it answers."""

from __future__ import annotations

import functools
from typing import Any

import moto.core.common_models
import moto.iam.models

iam: Any = moto.iam.models
BaseModel: Any = moto.core.common_models.BaseModel
_load_policies = iam.IAMBackend._init_aws_policies


def _new(cls: Any, *arguments: Any, **named: Any) -> Any:
    """moto keeps every model object that ever was, for its dashboard."""
    return object.__new__(cls)


BaseModel.__new__ = _new


@functools.cache
def _templates() -> dict[str, Any]:
    """AWS's managed policies by ARN, as a pristine account has them; parsing their documents takes a while."""

    class Account:
        account_id, region_name = "123456789012", "aws"

    return {policy.arn: policy for policy in _load_policies(Account())}


def managed_policy(arn: str, account_id: str, attachment_count: int) -> Any:
    """One of AWS's policies in an account; documents and versions are shared, since nobody can change them."""
    template = _templates()[arn]
    policy = object.__new__(type(template))
    policy.__dict__.update(template.__dict__, account_id=account_id, attachment_count=attachment_count, tags={})
    return policy


def _policies(backend: Any) -> list[Any]:
    if backend.region_name != "aws":
        return []
    return [managed_policy(arn, backend.account_id, 0) for arn in _templates()]


iam.IAMBackend._init_aws_policies = _policies

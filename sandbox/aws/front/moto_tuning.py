"""moto made quicker and lighter, without a change in what it answers."""

from __future__ import annotations

import functools
from typing import Any

import moto.core.common_models
import moto.core.responses
import moto.core.serialize
import moto.iam.models
import xmltodict  # type: ignore[import-untyped]

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

responses: Any = moto.core.responses
# The same answer for a class each time; moto inspects its members at every call.
responses.method_names_from_class = functools.cache(responses.method_names_from_class)

serialize: Any = moto.core.serialize
Picker: Any = serialize.XFormedAttributePicker
_possible_keys = Picker.get_possible_keys
_keys: dict[tuple[Any, ...], tuple[str, ...]] = {}


def _remembered_keys(self: Any, context: Any) -> tuple[str, ...]:
    """The attributes that may hold a member: they depend on the shapes and the class of the object alone."""
    shape = context.shape
    parent = getattr(shape, "parent", None)
    service = context.service_model.service_name if context.service_model is not None else None
    index = (
        context.key,
        service,
        shape.name if shape is not None else None,
        shape.serialization.get("name") if shape is not None else None,
        parent.name if parent is not None else None,
        context.obj.__class__,
    )
    keys = _keys.get(index)
    if keys is None:
        keys = _keys[index] = tuple(_possible_keys(self, context))
    return keys


Picker.get_possible_keys = _remembered_keys

to_xml: Any = xmltodict
to_xml._validate_name = functools.cache(to_xml._validate_name)

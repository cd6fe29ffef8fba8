"""KMS: key policies that would lock the caller out, deletion windows, keys by ARN."""

from __future__ import annotations

import re
from typing import Any

from sandbox.aws.front import weather
from sandbox.aws.front.call import Call
from sandbox.aws.front.errors import AwsError
from sandbox.aws.front.hooks import before, instead
from sandbox.aws.front.moto_bridge import backend
from sandbox.aws.services.eks.roles import find_role
from sandbox.aws.services.iam.policies import allows, principals, statements

ROLE_OR_USER = re.compile(r"^arn:aws:iam::(\d{12}):(role|user)/(.+)$")


def malformed(message: str) -> AwsError:
    return AwsError("MalformedPolicyDocumentException", message, 400)


@before("kms", "CreateKey", "PutKeyPolicy")
def check_policy(call: Call) -> None:
    policy = call.parameters.get("Policy")
    if not policy:
        return
    try:
        found = list(statements(policy))
    except ValueError as error:
        raise malformed(f"The policy is not valid JSON: {error}") from error
    for statement in found:
        for name in principals(statement, "AWS"):
            _check_principal(call, name)
    if call.parameters.get("BypassPolicyLockoutSafetyCheck"):
        return
    if not allows(policy, "AWS", _names(call), ("kms:PutKeyPolicy",)):
        raise malformed("The new key policy will not allow you to update the key policy in the future.")


def _names(call: Call) -> set[str]:
    """How a key policy can name the caller."""
    names = {call.account, f"arn:aws:iam::{call.account}:root", call.caller}
    if ":assumed-role/" in call.caller:
        role = call.caller.split("/")[1]
        names |= {item.arn for item in backend("iam", call.account, "aws").roles.values() if item.name == role}
    return names


def _check_principal(call: Call, name: str) -> None:
    match = ROLE_OR_USER.match(name)
    if match is None or match.group(1) != call.account or "*" in name:
        return
    if match.group(2) == "role":
        known = find_role(name, call.account) is not None and not weather.is_new("role", name)
    else:
        known = any(user.arn == name for user in backend("iam", call.account, "aws").users.values())
    if not known:
        raise malformed("Policy contains a statement with one or more invalid principals.")


def find_key(call: Call) -> Any:
    """moto's key for the id, ARN or alias of a call; None when there is none."""
    return key_of(call.account, call.region, call.parameters["KeyId"])


def key_of(account: str, region: str, identity: str) -> Any:
    kms = backend("kms", account, region)
    if identity.startswith("arn:") and ":alias/" not in identity:
        identity = identity.rpartition("/")[2]
    if "alias/" in identity:
        identity = kms.get_key_id_from_alias("alias/" + identity.rpartition("alias/")[2]) or ""
    return kms.keys.get(identity.rpartition("/")[2])


@instead("kms", "ScheduleKeyDeletion")
def schedule_key_deletion(call: Call) -> dict[str, Any]:
    days = call.parameters.get("PendingWindowInDays", 30)
    if not 7 <= days <= 30:
        bound = "greater than or equal to 7" if days < 7 else "less than or equal to 30"
        raise AwsError(
            "ValidationException",
            f"1 validation error detected: Value '{days}' at 'pendingWindowInDays' failed to satisfy constraint: "
            f"Member must have value {bound}",
            400,
        )
    key = find_key(call)
    identity = call.parameters["KeyId"]
    if key is None:
        raise AwsError("NotFoundException", f"Key '{identity}' does not exist", 400)
    if key.key_state == "PendingDeletion":
        raise AwsError("KMSInvalidStateException", f"{key.arn} is pending deletion.", 400)
    backend("kms", call.account, call.region).schedule_key_deletion(key.id, days)
    return {
        "KeyId": key.arn,
        "DeletionDate": key.deletion_date,
        "KeyState": "PendingDeletion",
        "PendingWindowInDays": days,
    }


@before(
    "kms", "EnableKeyRotation", "DisableKeyRotation", "PutKeyPolicy", "TagResource", "UpdateKeyDescription", "EnableKey"
)
def refuse_pending(call: Call) -> None:
    key = find_key(call)
    if key is not None and key.key_state == "PendingDeletion":
        raise AwsError("KMSInvalidStateException", f"{key.arn} is pending deletion.", 400)


def usable_by(account: str, region: str, identity: str, kind: str, name: str, action: str = "kms:Decrypt") -> bool:
    """Whether a key is enabled and its policy lets a principal use it (AWS's own keys always are)."""
    if "alias/aws/" in identity:
        return True
    key = key_of(account, region, identity)
    if key is None or key.key_state != "Enabled":
        return False
    names = {name} if kind == "Service" else {name, "*"}
    if kind == "AWS" and any(grant.grantee_principal == name for grant in key.grants.values()):
        return True
    return allows(key.policy, kind, names, (action,))


@instead("kms", "EnableKey", "DisableKey")
def set_enabled(call: Call) -> dict[str, Any]:
    """moto knows the key by its id alone here."""
    key = find_key(call)
    if key is None:
        raise AwsError("NotFoundException", f"Key '{call.parameters['KeyId']}' does not exist", 400)
    key.enabled = call.operation == "EnableKey"
    key.key_state = "Enabled" if key.enabled else "Disabled"
    return {}


@instead("kms", "CancelKeyDeletion")
def cancel_key_deletion(call: Call) -> dict[str, Any]:
    key = find_key(call)
    if key is None:
        raise AwsError("NotFoundException", f"Key '{call.parameters['KeyId']}' does not exist", 400)
    if key.key_state != "PendingDeletion":
        raise AwsError("KMSInvalidStateException", f"{key.arn} is not pending deletion.", 400)
    key.enabled, key.key_state, key.deletion_date = False, "Disabled", None
    return {"KeyId": key.arn}

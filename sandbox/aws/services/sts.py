"""STS: temporary keys that work, of roles that exist and trust the caller."""

from __future__ import annotations

import datetime
import re
import secrets
import string
import time
from typing import Any

from sandbox.aws.front.call import Call
from sandbox.aws.front.errors import AwsError
from sandbox.aws.front.hooks import instead
from sandbox.aws.front.moto_bridge import backend
from sandbox.aws.front.state import Key, state
from sandbox.aws.services.eks.roles import as_list, document, find_role

ROLE_ARN = re.compile(r"^arn:aws[a-z-]*:iam::(\d{12}):role/(?:.+/)?([\w+=,.@-]+)$")
SESSION_NAME = re.compile(r"^[\w+=,.@-]{2,64}$")
# The role that AWS Organizations makes in a member account: the way into accounts that nothing was made in yet.
MEMBER_ROLE = "OrganizationAccountAccessRole"
LETTERS = string.ascii_uppercase + "234567"


@instead("sts", "GetCallerIdentity")
def get_caller_identity(call: Call) -> dict[str, Any]:
    return {"UserId": _user_id(call), "Account": call.account, "Arn": call.caller}


def _user_id(call: Call) -> str:
    iam = backend("iam", call.account, "aws")
    kind, _, name = call.caller.rpartition(":")[2].partition("/")
    if kind == "user":
        for user in iam.users.values():
            if user.arn == call.caller:
                return str(user.id)
    role, _, session = name.partition("/")
    for item in iam.roles.values():
        if item.name == role:
            return f"{item.id}:{session}"
    return f"AROASANDBOX0000000000:{session}"


@instead("sts", "AssumeRole")
def assume_role(call: Call) -> dict[str, Any]:
    p = call.parameters
    arn, session = p["RoleArn"], p["RoleSessionName"]
    match = ROLE_ARN.match(arn)
    denied = AwsError(
        "AccessDenied", f"User: {call.caller} is not authorized to perform: sts:AssumeRole on resource: {arn}", 403
    )
    if match is None:
        raise AwsError("ValidationError", f"{arn} is invalid", 400)
    if not SESSION_NAME.match(session):
        raise AwsError("ValidationError", f"Value '{session}' at 'roleSessionName' failed to satisfy constraint", 400)
    account, name = match.group(1), match.group(2)
    role = find_role(arn, account)
    if role is None and name != MEMBER_ROLE:
        raise denied
    if role is not None and not _trusts(role, call, p.get("ExternalId")):
        raise denied
    seconds = int(p.get("DurationSeconds") or 3600)
    limit = int(getattr(role, "max_session_duration", 0) or 3600)
    if not 900 <= seconds <= limit:
        raise AwsError(
            "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.", 400
        )
    caller = f"arn:aws:sts::{account}:assumed-role/{name}/{session}"
    identity = f"{role.id if role else 'AROASANDBOX0000000000'}:{session}"
    return {
        "Credentials": _make_key(caller, account, seconds),
        "AssumedRoleUser": {"AssumedRoleId": identity, "Arn": caller},
        "PackedPolicySize": 0,
    }


@instead("sts", "GetSessionToken")
def get_session_token(call: Call) -> dict[str, Any]:
    seconds = int(call.parameters.get("DurationSeconds") or 43_200)
    return {"Credentials": _make_key(call.caller, call.account, seconds)}


@instead("sts", "AssumeRoleWithWebIdentity")
def assume_role_with_web_identity(call: Call) -> dict[str, Any]:
    p = call.parameters
    match = ROLE_ARN.match(p["RoleArn"])
    if match is None or find_role(p["RoleArn"], match.group(1)) is None:
        raise AwsError("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity", 403)
    account, name = match.groups()
    caller = f"arn:aws:sts::{account}:assumed-role/{name}/{p['RoleSessionName']}"
    seconds = int(p.get("DurationSeconds") or 3600)
    return {
        "Credentials": _make_key(caller, account, seconds),
        "AssumedRoleUser": {"AssumedRoleId": f"AROASANDBOX0000000000:{p['RoleSessionName']}", "Arn": caller},
    }


def _make_key(arn: str, account: str, seconds: int) -> dict[str, Any]:
    identity = "ASIA" + "".join(secrets.choice(LETTERS) for _ in range(16))
    key = Key(secrets.token_hex(20), arn, account, "sandbox-" + secrets.token_urlsafe(96), time.time() + seconds)
    state.keys[identity] = key
    return {
        "AccessKeyId": identity,
        "SecretAccessKey": key.secret,
        "SessionToken": key.session_token,
        "Expiration": datetime.datetime.fromtimestamp(key.expires or 0.0, datetime.UTC),
    }


def _trusts(role: Any, call: Call, external_id: str | None) -> bool:
    """Whether the trust policy names the caller, its role or its account, and the external id where it wants one."""
    names = {"*", call.caller, call.account, f"arn:aws:iam::{call.account}:root"}
    if ":assumed-role/" in call.caller:
        session_role = call.caller.split("/")[1]
        names |= {item.arn for item in backend("iam", call.account, "aws").roles.values() if item.name == session_role}
    for statement in as_list(document(role.assume_role_policy_document).get("Statement")):
        principal = statement.get("Principal", {})
        principals = [principal] if isinstance(principal, str) else as_list(principal.get("AWS"))
        actions = as_list(statement.get("Action"))
        wanted = statement.get("Condition", {}).get("StringEquals", {}).get("sts:ExternalId")
        if wanted is not None and external_id not in as_list(wanted):
            continue
        if (
            statement.get("Effect") == "Allow"
            and names & set(principals)
            and {"sts:AssumeRole", "sts:*", "*"} & set(actions)
        ):
            return True
    return False

"""EKS's bearer tokens: a presigned STS GetCallerIdentity URL, made by clients and verified by the cluster.

The rules are those of aws-iam-authenticator, which EKS runs.
"""

from __future__ import annotations

import base64
import binascii
import datetime
import hmac
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from sandbox.kubernetes.access import entry_group

PREFIX = "k8s-aws-v1."
CLUSTER_HEADER = "x-k8s-aws-id"
MAXIMUM_LENGTH = 4096
LIFE = datetime.timedelta(minutes=15)  # counted from X-Amz-Date, whatever X-Amz-Expires says
CLOCK_SKEW = datetime.timedelta(minutes=5)
PARAMETERS = {
    "Action",
    "Version",
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Expires",
    "X-Amz-Security-Token",
    "X-Amz-Signature",
    "X-Amz-SignedHeaders",
}
HOST = re.compile(r"^sts(\.[a-z0-9-]+)?\.amazonaws\.com(\.cn)?$")
ROLE_SESSION = re.compile(r"^arn:([^:]+):sts::(\d+):assumed-role/([^/]+)/(.+)$")


class TokenRefusedError(Exception):
    """The API server answers 401; the text goes to the agent's log."""


@dataclass(frozen=True)
class User:
    """Who bears a token, in the words of a TokenReview."""

    username: str
    uid: str
    groups: list[str]
    extra: dict[str, list[str]] = field(default_factory=dict)


def verify(
    token: str,
    cluster: dict[str, Any],
    access_keys: dict[str, dict[str, Any]],
    endpoint: str,
    now: datetime.datetime | None = None,
) -> User:
    """The bearer of a token, by the cluster's access entries.

    :param endpoint: the emulator's URL, under which clients of the sandbox sign beside STS's own names
    :raises TokenRefusedError: saying why
    """
    access_key_id, key = _signer(
        token, cluster["name"], access_keys, endpoint, now or datetime.datetime.now(datetime.UTC)
    )
    arn = str(key["arn"])
    session = ROLE_SESSION.match(arn)
    entry = next((entry for entry in cluster["access_entries"] if _is_principal(entry["principal_arn"], arn)), None)
    if entry is None:
        raise TokenRefusedError(f"no access entry for {arn}")
    account, session_name = arn.split(":")[4], session.group(4) if session else ""
    values = {
        "{{AccountID}}": account,
        "{{SessionName}}": session_name.replace("@", "-"),
        "{{SessionNameRaw}}": session_name,
        "{{EC2PrivateDNSName}}": _private_dns_name(cluster, session_name),
    }
    username = entry.get("username") or arn
    for placeholder, value in values.items():
        username = username.replace(placeholder, value)
    extra = {
        "accessKeyId": [access_key_id],
        "arn": [arn],
        "canonicalArn": [entry["principal_arn"]],
        "sessionName": [session_name],
    }
    groups = [*(entry.get("groups") or []), entry_group(entry["principal_arn"])]
    return User(username, f"aws-iam-authenticator:{account}:{access_key_id}", groups, extra)


def _private_dns_name(cluster: dict[str, Any], instance_id: str) -> str:
    names = [node["private_dns_name"] for node in cluster.get("nodes") or [] if node["instance_id"] == instance_id]
    return str(names[0]) if names else instance_id


def _is_principal(principal_arn: str, caller_arn: str) -> bool:
    """Whether an entry's principal is the caller. STS leaves the path out of an assumed role's ARN."""
    session = ROLE_SESSION.match(caller_arn)
    if not session:
        return principal_arn == caller_arn
    partition, account, role, _ = session.groups()
    return (
        principal_arn.startswith(f"arn:{partition}:iam::{account}:role/") and principal_arn.rsplit("/", 1)[-1] == role
    )


def _signer(
    token: str, cluster_name: str, access_keys: dict[str, dict[str, Any]], endpoint: str, now: datetime.datetime
) -> tuple[str, dict[str, Any]]:
    if not token.startswith(PREFIX) or len(token) > MAXIMUM_LENGTH:
        raise TokenRefusedError("not an EKS token")
    encoded = token.removeprefix(PREFIX)
    try:
        url = base64.b64decode(encoded + "=" * (-len(encoded) % 4), altchars=b"-_", validate=True).decode("ascii")
        parts = urlsplit(url)
        pairs = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=True)
    except (binascii.Error, UnicodeDecodeError, ValueError) as error:
        raise TokenRefusedError(f"malformed token: {error}") from None
    parameters = dict(pairs)
    of_sandbox = f"{parts.scheme}://{parts.netloc}" == endpoint.rstrip("/")
    if not of_sandbox and not (parts.scheme == "https" and HOST.match(parts.netloc)):
        raise TokenRefusedError(f"not an STS host: {parts.netloc}")
    if parts.path != "/" or len(parameters) != len(pairs) or parameters.keys() - PARAMETERS:
        raise TokenRefusedError("unexpected path or parameters")
    missing = PARAMETERS - parameters.keys() - {"X-Amz-Security-Token"}
    if missing or parameters["Action"] != "GetCallerIdentity" or parameters["X-Amz-Algorithm"] != "AWS4-HMAC-SHA256":
        raise TokenRefusedError("not a presigned GetCallerIdentity")
    if CLUSTER_HEADER not in parameters["X-Amz-SignedHeaders"].split(";"):
        raise TokenRefusedError(f"{CLUSTER_HEADER} is not signed")
    _check_time(parameters, now)
    return _check_signature(url, parameters, cluster_name, access_keys, now)


def _check_time(parameters: dict[str, str], now: datetime.datetime) -> None:
    try:
        signed = datetime.datetime.strptime(parameters["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.UTC)
        expires = int(parameters["X-Amz-Expires"])
    except ValueError as error:
        raise TokenRefusedError(f"malformed time: {error}") from None
    if not 0 < expires <= LIFE.total_seconds():
        raise TokenRefusedError("X-Amz-Expires is not between 1 and 900")
    if now > signed + LIFE or signed > now + CLOCK_SKEW:
        raise TokenRefusedError("expired")


def _check_signature(
    url: str,
    parameters: dict[str, str],
    cluster_name: str,
    access_keys: dict[str, dict[str, Any]],
    now: datetime.datetime,
) -> tuple[str, dict[str, Any]]:
    scope = parameters["X-Amz-Credential"].split("/")
    if len(scope) != 5 or scope[3] != "sts" or scope[4] != "aws4_request":
        raise TokenRefusedError("malformed credential scope")
    access_key_id, _, region = scope[:3]
    key = access_keys.get(access_key_id)
    if key is None:
        raise TokenRefusedError(f"unknown access key {access_key_id}")
    if (key.get("session_token") or "") != parameters.get("X-Amz-Security-Token", ""):
        raise TokenRefusedError("wrong session token")
    if key.get("expires") is not None and float(key["expires"]) < now.timestamp():
        raise TokenRefusedError("the session has expired")
    address, _, query = url.partition("?")
    unsigned = "&".join(item for item in query.split("&") if not item.startswith("X-Amz-Signature="))
    request = AWSRequest("GET", f"{address}?{unsigned}", headers={CLUSTER_HEADER: cluster_name})
    request.context["timestamp"] = parameters["X-Amz-Date"]
    signer = SigV4QueryAuth(Credentials(access_key_id, key["secret"]), "sts", region)
    signature = signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request)
    if not hmac.compare_digest(signature, parameters["X-Amz-Signature"]):
        raise TokenRefusedError("the signature is another: wrong secret, another cluster's name, or a forged URL")
    return access_key_id, key


def make(cluster_name: str, region: str, role_arn: str | None = None) -> tuple[str, datetime.datetime]:
    """A token for the caller that boto3 finds, and when to make the next one.

    :param role_arn: a role to assume first
    """
    import boto3

    session = boto3.session.Session(region_name=region)
    if role_arn:
        answer = session.client("sts").assume_role(RoleArn=role_arn, RoleSessionName="sandbox")["Credentials"]
        session = boto3.session.Session(
            answer["AccessKeyId"], answer["SecretAccessKey"], answer["SessionToken"], region
        )
    client = session.client("sts")

    def add_cluster(request: AWSRequest, **_: Any) -> None:
        request.headers[CLUSTER_HEADER] = cluster_name

    client.meta.events.register("before-sign.sts.GetCallerIdentity", add_cluster)
    url = client.generate_presigned_url("get_caller_identity", ExpiresIn=60, HttpMethod="GET")
    token = PREFIX + base64.urlsafe_b64encode(url.encode()).decode().rstrip("=")
    return token, datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=14)

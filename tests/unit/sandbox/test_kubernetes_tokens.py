"""Tokens as clients make them with boto3, judged as EKS judges them."""

from __future__ import annotations

import base64
import datetime
from collections.abc import Callable
from typing import Any

import boto3
import pytest

from sandbox.kubernetes import tokens

ENDPOINT = "http://127.0.0.1:20001"
USER = "arn:aws:iam::123456789012:user/operator"
ROLE_SESSION = "arn:aws:sts::123456789012:assumed-role/deploy/me@example.org"
KEYS = {
    "AKIAUSER": {"secret": "user-secret", "arn": USER, "account": "123456789012"},
    "ASIAROLE": {"secret": "role-secret", "arn": ROLE_SESSION, "account": "123456789012", "session_token": "session"},
    "ASIAOLD": {"secret": "s", "arn": USER, "account": "123456789012", "session_token": "old", "expires": "0.0"},
}


def entry(principal_arn: str, username: str, *groups: str) -> dict[str, Any]:
    return {
        "principal_arn": principal_arn,
        "username": username,
        "groups": list(groups),
        "type": "STANDARD",
        "policies": [],
    }


CLUSTER = {
    "name": "demo",
    "nodes": [],
    "access_entries": [
        entry(USER, USER, "operators"),
        entry("arn:aws:iam::123456789012:role/team/deploy", "deploy:{{SessionName}}:{{SessionNameRaw}}:{{AccountID}}"),
    ],
}


def token(
    cluster: str = "demo",
    access_key_id: str = "AKIAUSER",
    secret: str = "user-secret",
    session_token: str | None = None,
    endpoint: str | None = ENDPOINT,
    expires: int = 60,
    header: str = tokens.CLUSTER_HEADER,
) -> str:
    session = boto3.session.Session(access_key_id, secret, session_token, "eu-west-1")
    client = session.client("sts", endpoint_url=endpoint)
    client.meta.events.register("before-sign.sts", lambda request, **_: request.headers.add_header(header, cluster))
    url = client.generate_presigned_url("get_caller_identity", ExpiresIn=expires, HttpMethod="GET")
    return encoded(url)


def encoded(url: str) -> str:
    return tokens.PREFIX + base64.urlsafe_b64encode(url.encode()).decode().rstrip("=")


def decoded(text: str) -> str:
    text = text.removeprefix(tokens.PREFIX)
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()


def edited(edit: Callable[[str], str]) -> str:
    return encoded(edit(decoded(token())))


def in_minutes(minutes: int) -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=minutes)


@pytest.fixture(autouse=True)
def no_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)


def test_a_user_is_known_by_its_entry() -> None:
    user = tokens.verify(token(), CLUSTER, KEYS, ENDPOINT)
    assert user.username == USER
    assert user.groups == ["operators", f"sandbox:access-entry:{USER}"]
    assert user.uid == "aws-iam-authenticator:123456789012:AKIAUSER"
    assert user.extra["arn"] == [USER]


def test_a_role_with_a_path_is_known_by_its_session() -> None:
    user = tokens.verify(token("demo", "ASIAROLE", "role-secret", "session"), CLUSTER, KEYS, ENDPOINT)
    assert user.username == "deploy:me-example.org:me@example.org:123456789012"
    assert user.extra["sessionName"] == ["me@example.org"]
    assert user.extra["canonicalArn"] == ["arn:aws:iam::123456789012:role/team/deploy"]


def test_stss_own_names_are_as_good_as_the_sandboxs() -> None:
    assert tokens.verify(token(endpoint=None), CLUSTER, KEYS, ENDPOINT).username == USER


def test_a_node_is_known_by_its_private_dns_name() -> None:
    role = "arn:aws:iam::123456789012:role/nodes"
    cluster = {
        "name": "demo",
        "nodes": [{"instance_id": "i-1", "private_dns_name": "ip-10-0-0-4.eu-west-1.compute.internal"}],
        "access_entries": [entry(role, "system:node:{{EC2PrivateDNSName}}", "system:nodes")],
    }
    arn = "arn:aws:sts::123456789012:assumed-role/nodes/i-1"
    keys = {"ASIANODE": {"secret": "s", "arn": arn, "account": "123456789012", "session_token": "t"}}
    user = tokens.verify(token("demo", "ASIANODE", "s", "t"), cluster, keys, ENDPOINT)
    assert user.username == "system:node:ip-10-0-0-4.eu-west-1.compute.internal"
    assert user.groups[0] == "system:nodes"


REFUSED: dict[str, tuple[Callable[[], str], int, str]] = {
    "forged signature": (
        lambda: edited(lambda url: url[:-4] + ("0000" if url[-4:] != "0000" else "1111")),
        0,
        "signature",
    ),
    "another secret": (lambda: token(secret="other"), 0, "signature"),
    "another cluster's id": (lambda: token("other"), 0, "signature"),
    "cluster's id not signed": (lambda: token(header="x-other"), 0, "x-k8s-aws-id is not signed"),
    "unknown key": (lambda: token(access_key_id="AKIANOBODY"), 0, "unknown access key AKIANOBODY"),
    "sixteen minutes old": (token, 16, "expired"),
    "of the future": (token, -6, "expired"),
    "too long a life": (lambda: token(expires=901), 0, "X-Amz-Expires"),
    "another session's token": (lambda: token("demo", "ASIAROLE", "role-secret", "x"), 0, "wrong session token"),
    "a session without its token": (lambda: token("demo", "ASIAROLE", "role-secret"), 0, "wrong session token"),
    "an expired session": (lambda: token("demo", "ASIAOLD", "s", "old"), 0, "the session has expired"),
    "another host": (lambda: token(endpoint="https://sts.example.org"), 0, "not an STS host"),
    "STS without TLS": (lambda: token(endpoint="http://sts.eu-west-1.amazonaws.com"), 0, "not an STS host"),
    "another action": (
        lambda: edited(lambda url: url.replace("GetCallerIdentity", "AssumeRole")),
        0,
        "not a presigned",
    ),
    "one parameter more": (lambda: edited(lambda url: url + "&RoleArn=x"), 0, "unexpected path or parameters"),
    "one parameter twice": (
        lambda: edited(lambda url: url + "&Version=2011-06-15"),
        0,
        "unexpected path or parameters",
    ),
    "another path": (lambda: edited(lambda url: url.replace("/?", "/x?")), 0, "unexpected path or parameters"),
    "not base64": (lambda: tokens.PREFIX + "%%%", 0, "malformed token"),
    "a service account's": (lambda: "eyJhbGciOi", 0, "not an EKS token"),
    "very long": (lambda: tokens.PREFIX + "A" * 5000, 0, "not an EKS token"),
}


@pytest.mark.parametrize(("make", "minutes", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_refused(make: Callable[[], str], minutes: int, reason: str) -> None:
    with pytest.raises(tokens.TokenRefusedError, match=reason):
        tokens.verify(make(), CLUSTER, KEYS, ENDPOINT, in_minutes(minutes))


def test_fourteen_minutes_old_is_young_enough() -> None:
    assert tokens.verify(token(), CLUSTER, KEYS, ENDPOINT, in_minutes(14)).username == USER


def test_an_entry_that_is_gone_is_no_access() -> None:
    with pytest.raises(tokens.TokenRefusedError, match="no access entry for arn:aws:iam::123456789012:user/operator"):
        tokens.verify(token(), {**CLUSTER, "access_entries": []}, KEYS, ENDPOINT)


def test_a_user_named_like_a_role_is_not_the_role() -> None:
    entries = [entry("arn:aws:iam::123456789012:user/deploy", "x"), entry("arn:aws:iam::999999999999:role/deploy", "x")]
    made = token("demo", "ASIAROLE", "role-secret", "session")
    with pytest.raises(tokens.TokenRefusedError, match="no access entry"):
        tokens.verify(made, {**CLUSTER, "access_entries": entries}, KEYS, ENDPOINT)


def test_the_token_that_the_credential_plugin_makes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAUSER")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "user-secret")
    monkeypatch.setenv("AWS_ENDPOINT_URL", ENDPOINT)
    monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)
    made, until = tokens.make("demo", "eu-west-1")
    assert tokens.verify(made, CLUSTER, KEYS, ENDPOINT).username == USER
    assert until < in_minutes(15)

"""Requests to an API server: bad weather, tokens, pages, and what never gets out."""

from __future__ import annotations

import base64
import datetime
import io
import json
import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import urllib3

from ansible_collections.slipway.platform.plugins.module_utils._aws.client import Api
from ansible_collections.slipway.platform.plugins.module_utils._kubernetes import client as _client
from ansible_collections.slipway.platform.plugins.module_utils._kubernetes.client import Client
from ansible_collections.slipway.platform.plugins.module_utils._kubernetes.discovery import NAMESPACE, Discovery
from ansible_collections.slipway.platform.plugins.module_utils._kubernetes.errors import KubernetesError
from ansible_collections.slipway.platform.plugins.module_utils._kubernetes.token import Token
from sandbox.kubernetes import tokens

ENDPOINT = "https://demo.example"
ARN = "arn:aws:iam::123456789012:user/me"
Scripted = urllib3.BaseHTTPResponse | Exception


def answer(status: int, body: Any = None, **headers: str) -> urllib3.HTTPResponse:
    data = json.dumps(body if body is not None else {}).encode()
    return urllib3.HTTPResponse(io.BytesIO(data), headers, status, preload_content=True)


def refusal(status: int, reason: str, message: str = "", **headers: str) -> urllib3.HTTPResponse:
    return answer(status, {"reason": reason, "message": message}, **headers)


class Server:
    """Answers what the script says, the last of it again and again, and remembers what was asked."""

    def __init__(self, *script: Scripted) -> None:
        self.script = list(script)
        self.requests: list[tuple[str, str, dict[str, str]]] = []

    def request(self, method: str, url: str, **more: Any) -> urllib3.BaseHTTPResponse:
        self.requests.append((method, url, more["headers"]))
        step = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(step, Exception):
            raise step
        return step


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class Tokens(Token):
    """Counts instead of signing."""

    def __init__(self) -> None:
        self.count = 1

    def text(self) -> str:
        return f"token-{self.count}"

    def refused(self, text: str) -> None:
        self.count += 1


Make = Callable[..., tuple[Client, Server, Clock]]


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Make:
    def made(*script: Scripted, said: list[str] | None = None) -> tuple[Client, Server, Clock]:
        server, clock = Server(*script), Clock()
        monkeypatch.setattr(_client, "_pool", lambda *_: server)
        say = (said if said is not None else []).append
        advise = lambda error: "Do something."  # noqa: E731
        return Client("demo", ENDPOINT, "", Tokens(), say, advise, clock=clock, sleep=clock.sleep), server, clock

    return made


POOL = urllib3.connection.HTTPSConnection("demo.example", 443)
UNREACHABLE = urllib3.exceptions.NewConnectionError(POOL, "Failed to establish a new connection: refused")


@pytest.mark.parametrize(
    "weather",
    [
        refusal(429, "TooManyRequests", **{"Retry-After": "1"}),
        refusal(500, "InternalError", "etcdserver: leader changed"),
        refusal(503, "ServiceUnavailable"),
        UNREACHABLE,
        urllib3.exceptions.ProtocolError("Connection aborted."),
        refusal(409, "Conflict", "the object has been modified"),
    ],
)
def test_bad_weather_is_ridden_out(make: Make, weather: Scripted) -> None:
    client, server, clock = make(weather, weather, answer(200, {"kind": "Namespace"}))
    assert client.apply("/api/v1/namespaces/a", {}, fieldManager="slipway") == {"kind": "Namespace"}
    assert len(server.requests) == 3
    assert clock.now > 1000


@pytest.mark.parametrize(
    ("script", "seconds"),
    [
        ([UNREACHABLE], 20),
        ([refusal(401, "Unauthorized")], 20),
        ([refusal(503, "ServiceUnavailable")], 60),
        ([refusal(429, "TooManyRequests", **{"Retry-After": "7"})], 60),
    ],
)
def test_but_not_for_ever(make: Make, script: list[Scripted], seconds: int) -> None:
    said: list[str] = []
    client, _server, clock = make(*script, said=said)
    with pytest.raises(KubernetesError):
        client.get("/api")
    assert seconds - 10 <= clock.now - 1000 <= seconds
    assert len(said) == 1


@pytest.mark.parametrize("status", [400, 403, 404, 405, 422])
def test_a_refusal_is_not_asked_for_twice(make: Make, status: int) -> None:
    client, server, _clock = make(refusal(status, "No"))
    with pytest.raises(KubernetesError):
        client.apply("/x", {})
    assert len(server.requests) == 1


def test_an_api_server_that_has_just_started_may_not_know_roles_yet(make: Make) -> None:
    what = 'User "me" cannot list resource "namespaces" in API group "" at the cluster scope'
    forbidden = refusal(403, "Forbidden", f"namespaces is forbidden: {what}")
    client, server, _clock = make(UNREACHABLE, forbidden, answer(200))
    client.get("/api")
    assert len(server.requests) == 3
    client, server, clock = make(UNREACHABLE, forbidden)
    with pytest.raises(KubernetesError, match="Forbidden"):
        client.get("/api")
    assert 5 <= clock.now - 1000 <= 15


def test_a_deletion_of_something_else_is_not_repeated(make: Make) -> None:
    client, server, _clock = make(refusal(409, "Conflict", "Precondition failed: UID in precondition"))
    with pytest.raises(KubernetesError, match="Precondition failed"):
        client.delete("/x", "uid")
    assert len(server.requests) == 1


def test_what_is_gone_is_deleted(make: Make) -> None:
    client, _server, _clock = make(refusal(404, "NotFound"))
    client.delete("/x", "uid")
    assert client.optional("/x") is None


def test_a_token_that_is_refused_is_made_anew(make: Make) -> None:
    client, server, clock = make(refusal(401, "Unauthorized"), answer(200))
    client.get("/api")
    assert [headers["Authorization"] for _, _, headers in server.requests] == ["Bearer token-1", "Bearer token-2"]
    assert clock.now == 1000


def test_who_is_not_admitted_is_told_what_to_do(make: Make) -> None:
    client, _server, _clock = make(refusal(401, "Unauthorized"))
    with pytest.raises(KubernetesError) as refused:
        client.get("/api")
    assert refused.value.words() == "eks cluster 'demo' does not admit the caller (401 Unauthorized). Do something."


def test_an_api_server_that_does_not_answer(make: Make) -> None:
    client, _server, _clock = make(UNREACHABLE)
    with pytest.raises(KubernetesError) as refused:
        client.get("/api")
    assert refused.value.words() == (
        "the API server of eks cluster 'demo' does not answer: https://demo.example: Failed to establish a new "
        "connection: refused. Do something."
    )


@pytest.mark.parametrize("data", [b"<html>Sign in</html>", b"[]", b""])
def test_a_proxy_that_answers_in_the_api_servers_place(make: Make, data: bytes) -> None:
    client, _server, _clock = make(urllib3.HTTPResponse(io.BytesIO(data), {}, 200))
    with pytest.raises(KubernetesError, match=r"answers 200 what is not Kubernetes' language\. Something else"):
        client.get("/api")


def pages(*names: str, follow: str = "") -> urllib3.HTTPResponse:
    metadata = {"continue": follow} if follow else {}
    return answer(200, {"items": [{"name": name} for name in names], "metadata": metadata})


def test_all_pages_of_a_list_are_read(make: Make) -> None:
    client, server, _clock = make(pages("a", follow="x/y"), pages("b"))
    assert client.items("/api/v1/namespaces", fieldSelector="metadata.name=a") == [{"name": "a"}, {"name": "b"}]
    queries = [parse_qs(urlsplit(url).query) for _, url, _ in server.requests]
    assert queries[0] == {"fieldSelector": ["metadata.name=a"], "limit": ["500"]}
    assert queries[1] == {**queries[0], "continue": ["x/y"]}


def test_a_page_that_is_forgotten_begins_the_list_anew(make: Make) -> None:
    client, _server, _clock = make(pages("a", follow="x"), refusal(410, "Expired"), pages("a"))
    assert client.items("/api/v1/namespaces") == [{"name": "a"}]


def test_kinds_are_discovered_once_and_asked_for_again_where_they_lack(make: Make) -> None:
    entries = [
        {"kind": "Deployment", "name": "deployments", "namespaced": True},
        {"kind": "Scale", "name": "deployments/scale", "namespaced": True},
    ]
    client, server, _clock = make(refusal(404, "NotFound"), answer(200, {"resources": entries}))
    discovery = Discovery(client)
    assert discovery.resource("apps/v1", "Deployment") is None
    found = discovery.resource("apps/v1", "Deployment")
    assert found is not None
    assert discovery.resource("apps/v1", "Deployment") is found
    assert found.path("web", "team") == "/apis/apps/v1/namespaces/team/deployments/web"
    assert found.collection() == "/apis/apps/v1/deployments"
    assert discovery.resource("apps/v1", "Scale") is None
    assert len(server.requests) == 3
    assert NAMESPACE.path("a") == "/api/v1/namespaces/a"


@pytest.fixture
def aws() -> Api:
    keys = {"aws_access_key_id": "AKIA0000000000000000", "aws_secret_access_key": "secret"}
    return Api({"region": "eu-west-1", "endpoint": None, **keys}, say=lambda text: None)


def verified(token: str, cluster: str = "demo") -> str:
    """Who bears a token, by the rules of aws-iam-authenticator as the sandbox has them."""
    keys = {"AKIA0000000000000000": {"secret": "secret", "arn": ARN, "account": "123456789012"}}
    entry = {"principal_arn": ARN}
    return tokens.verify(token, {"name": cluster, "access_entries": [entry]}, keys, "http://127.0.0.1:1").username


def test_a_token_is_what_eks_takes(aws: Api) -> None:
    token = Token(aws, "demo").text()
    assert verified(token) == ARN
    with pytest.raises(tokens.TokenRefusedError, match="another cluster's name"):
        verified(token, cluster="other")
    assert "sts.eu-west-1.amazonaws.com" in base64.urlsafe_b64decode(token.removeprefix("k8s-aws-v1.") + "==").decode()


def test_a_token_is_renewed_in_good_time(aws: Api) -> None:
    clock = Clock()
    token = Token(aws, "demo", clock=clock)
    signed: list[Any] = []
    aws.client("sts").meta.events.register("before-sign.sts.GetCallerIdentity", lambda **sent: signed.append(sent))
    first = token.text()
    clock.now += 599
    assert token.text() == first
    assert len(signed) == 1
    clock.now += 1
    token.text()
    assert len(signed) == 2
    token.refused("another one")
    token.text()
    assert len(signed) == 2
    token.refused(token.text())
    token.text()
    assert len(signed) == 3


def test_other_calls_to_sts_are_left_as_they_are(aws: Api) -> None:
    Token(aws, "demo").text()
    sts = aws.client("sts")
    sent: list[Any] = []

    def stop(request: Any, **_: Any) -> Any:
        sent.append(request.headers)
        raise InterruptedError

    sts.meta.events.register("before-send.sts.GetCallerIdentity", stop)
    with pytest.raises(InterruptedError):
        sts.get_caller_identity()
    assert "x-k8s-aws-id" not in sent[0]


def test_no_log_holds_the_token(aws: Api, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    token = Token(aws, "demo")
    with pytest.raises(KubernetesError) as refused:
        Client(
            "demo",
            "https://127.0.0.1:1",
            authority(),
            token,
            lambda text: None,
            lambda error: "",
            sleep=lambda s: None,
            clock=iter(range(0, 10000, 10)).__next__,
        ).get("/api")
    text = token.text()
    assert text not in caplog.text
    assert text not in repr(refused.value) + str(refused.value) + refused.value.words()


def authority() -> str:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "kubernetes")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    return base64.b64encode(certificate.public_bytes(serialization.Encoding.PEM)).decode()


@pytest.mark.parametrize("text", ["", "!", "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCg=="])
def test_a_certificate_authority_that_is_none(text: str) -> None:
    with pytest.raises(KubernetesError, match="names no usable certificate authority"):
        _client._pool("demo", ENDPOINT, text)

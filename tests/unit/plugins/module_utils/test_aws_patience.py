"""Which troubles of AWS pass, and that no write is made twice whose answer was lost."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore import xform_name
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ParamValidationError,
    ReadTimeoutError,
    SSLError,
)

from ansible_collections.slipway.platform.plugins.module_utils._aws import patience
from ansible_collections.slipway.platform.plugins.module_utils._aws.client import Api, unseen
from ansible_collections.slipway.platform.plugins.module_utils._aws.patience import Trouble, in_use, ride_out, trouble
from ansible_collections.slipway.platform.plugins.module_utils._core.provider import AnswerLost

UTILS = Path(patience.__file__).resolve().parent.parent
URL = "https://ec2.eu-west-1.amazonaws.com"
AWAY = EndpointConnectionError(endpoint_url=URL)
CLOSED = ConnectionClosedError(endpoint_url=URL)


def refusal(code: str, status: int = 400) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "No."}, "ResponseMetadata": {"HTTPStatusCode": status}}, "X")


class Calls:
    """A call that fails with the given errors before it answers, and a clock that sleeping moves."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.made = 0
        self.now = 0.0
        self.said: list[str] = []

    def __call__(self) -> str:
        self.made += 1
        if self.errors:
            raise self.errors.pop(0)
        return "answer"

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def ride(
        self, *, repeatable: bool = False, read: bool = False, reached: bool = True, renew: Callable[[], bool] = bool
    ) -> str:
        return ride_out(
            self,
            "CreateVpc",
            repeatable=repeatable,
            read=read,
            reached=lambda: reached,
            renew=renew,
            say=self.said.append,
            clock=lambda: self.now,
            sleep=self.sleep,
        )


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (refusal("Throttling"), Trouble.BUSY),
        (refusal("RequestLimitExceeded", 503), Trouble.BUSY),
        (refusal("ConcurrentModification", 409), Trouble.BUSY),
        (refusal("OperationAbortedException"), Trouble.BUSY),
        (refusal("ExpiredTokenException"), Trouble.EXPIRED),
        (refusal("InternalError", 500), Trouble.LOST),
        (refusal("503", 503), Trouble.LOST),
        (CLOSED, Trouble.LOST),
        (ReadTimeoutError(endpoint_url=URL), Trouble.LOST),
        (AWAY, Trouble.AWAY),
        (ConnectTimeoutError(endpoint_url=URL), Trouble.AWAY),
        (SSLError(endpoint_url=URL, error="self-signed"), None),
        (refusal("AccessDenied", 403), None),
        (ParamValidationError(report="x"), None),
    ],
)
def test_what_passes_by_itself(error: Exception, expected: Trouble | None) -> None:
    assert trouble(error) is expected


def test_an_endpoint_that_is_away_for_a_minute_is_waited_for_and_told() -> None:
    calls = Calls(*[AWAY] * 12)
    assert calls.ride() == "answer"
    assert calls.now > 30
    assert calls.said
    assert all("which cannot be reached (CreateVpc)" in line for line in calls.said)


def test_it_is_not_waited_for_without_end() -> None:
    calls = Calls(*[AWAY] * 999)
    with pytest.raises(EndpointConnectionError):
        calls.ride()
    assert patience.PATIENCE <= calls.now <= patience.PATIENCE + 8


@pytest.mark.parametrize("error", [AWAY, CLOSED])
def test_an_endpoint_that_never_answered_is_a_mistake_in_the_settings(error: Exception) -> None:
    calls = Calls(error)
    with pytest.raises(type(error)):
        calls.ride(read=True, repeatable=True, reached=False)
    assert calls.made == 1


@pytest.mark.parametrize("error", [CLOSED, refusal("InternalError", 500)])
def test_a_write_whose_answer_was_lost_is_not_repeated_unless_it_may(error: Exception) -> None:
    calls = Calls(error)
    with pytest.raises(AnswerLost):
        calls.ride()
    assert calls.made == 1
    assert Calls(error).ride(repeatable=True) == "answer"


def test_a_refusal_after_a_lost_answer_may_be_of_what_the_first_call_did() -> None:
    with pytest.raises(AnswerLost):
        Calls(CLOSED, refusal("EntityAlreadyExists", 409)).ride(repeatable=True)
    with pytest.raises(ClientError):
        Calls(CLOSED, refusal("NoSuchEntity", 404)).ride(repeatable=True, read=True)


def test_expired_credentials_are_renewed_or_an_error() -> None:
    renewals: list[str] = []
    assert Calls(refusal("ExpiredToken")).ride(renew=lambda: not renewals.append("x")) == "answer"
    assert renewals == ["x"]
    with pytest.raises(ClientError, match="ExpiredToken"):
        Calls(refusal("ExpiredToken")).ride(renew=lambda: False)


@pytest.fixture
def profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    file = tmp_path / "credentials"
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)

    def write(key: str) -> None:
        file.write_text(f"[default]\naws_access_key_id = {key}\naws_secret_access_key = secret\n")

    write("OLD")
    return write


def test_credentials_of_a_file_that_was_renewed_are_read_again(profile: Callable[[str], None]) -> None:
    api = Api({"region": "eu-west-1", "endpoint": "http://127.0.0.1:9"}, say=print)
    used: list[str] = []

    def call() -> str:
        used.append(api.opened("sts")._request_signer._credentials.access_key)
        if used[-1] == "OLD":
            raise refusal("ExpiredToken")
        return "answer"

    with pytest.raises(ClientError, match="ExpiredToken"):
        api.ride_out(call, "get_caller_identity", repeatable=True, read=True)
    profile("NEW")
    assert api.ride_out(call, "get_caller_identity", repeatable=True, read=True) == "answer"
    assert used == ["OLD", "OLD", "NEW"]


def test_a_repeated_request_carries_its_token_and_another_thing_another_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience.time, "sleep", lambda seconds: None)
    api = Api(
        {
            "region": "eu-west-1",
            "endpoint": "http://127.0.0.1:9",
            "aws_access_key_id": "a",
            "aws_secret_access_key": "b",
        },
        say=print,
    )
    api.reached = True
    sent: list[dict[str, Any]] = []

    def answer(**parameters: Any) -> dict[str, Any]:
        sent.append(parameters)
        if len(sent) == 1:
            raise CLOSED
        return {}

    monkeypatch.setattr(api.opened("ec2"), "create_nat_gateway", answer)
    api.ec2.create_nat_gateway(SubnetId="subnet-1")
    api.ec2.create_nat_gateway(SubnetId="subnet-1")
    first, again, other = (parameters["ClientToken"] for parameters in sent)
    assert first == again
    assert first != other


FINAL = {
    "AlreadyExists", "AlreadyExistsException", "BadRequestException", "BucketAlreadyExists", "BucketAlreadyOwnedByYou",
    "ClientException", "CloudHsmClusterInvalidConfigurationException", "CustomKeyStoreInvalidStateException",
    "CustomKeyStoreNotFoundException", "DisabledException", "EncryptionTypeMismatch", "EntityAlreadyExists",
    "ExpiredTokenException", "IDPCommunicationError", "IDPRejectedClaim",
    "InstanceRefreshInProgress", "InvalidAliasNameException", "InvalidArnException", "InvalidGrantTokenException",
    "InvalidInput", "InvalidMarkerException", "InvalidNextToken", "InvalidObjectState", "InvalidParameterException",
    "InvalidRequest", "InvalidRequestException", "InvalidStateException", "InvalidTagParameterException",
    "InvalidWriteOffset", "KMSInvalidStateException", "KmsException", "LimitExceeded", "LimitExceededException",
    "OpenIdIdpCommunicationError", "PolicyNotAttachable", "RepositoryAlreadyExistsException",
    "RepositoryNotEmptyException", "ResourceAlreadyExistsException", "ResourceLimitExceededException",
    "ServiceLinkedRoleFailure", "TagException", "TooManyParts", "TooManyTagsException", "UnmodifiableEntity",
    "UnsupportedAvailabilityZoneException", "UnsupportedOperationException", "ValidationException",
    "XksKeyAlreadyInUseException", "XksKeyInvalidConfigurationException", "NoSuchKey", "NoSuchUpload",
    "EndpointNotFoundException",
}  # fmt: skip
"""Codes that do not pass by waiting, each one looked at."""

SERVER = {
    "DependencyTimeoutException", "InternalServiceException", "KMSInternalException", "ServerException",
    "ServiceFailure", "ServiceUnavailableException", "PaginationTokenExpiredException", "InternalServerError",
}  # fmt: skip
"""Codes that come with a status of 500 or 503, by which they are known."""


def called() -> set[tuple[str, str]]:
    """(service, operation) of every call in the code but EC2's, whose errors have no shapes."""
    session = botocore.session.get_session()
    found: set[tuple[str, str]] = set()
    for path in UTILS.rglob("*.py"):
        for service, paged, plain in re.findall(
            r"api\.(\w+)\.(?:pages\(\s*\"(\w+)\"|(\w+))", path.read_text(encoding="utf-8")
        ):
            if service in session.get_available_services() and service != "ec2" and (paged or plain) != "pages":
                found.add((service, paged or plain))
    return found


def test_every_error_that_aws_says_our_calls_may_have_is_known() -> None:
    session = botocore.session.get_session()
    unknown: dict[str, set[str]] = {}
    calls = called()
    assert len(calls) > 100
    for service, method in calls:
        model = session.get_service_model(service)
        operation = model.operation_model({xform_name(name): name for name in model.operation_names}[method])
        for shape in operation.error_shapes:
            detail = shape.metadata.get("error", {})
            code = detail.get("code") or shape.name
            error = refusal(code, detail.get("httpStatusCode", 400))
            if not (trouble(error) or in_use(error) or unseen(error) or code in FINAL | SERVER):
                unknown.setdefault(code, set()).add(f"{service}.{method}")
    assert unknown == {}


@pytest.mark.parametrize("code", ["ResourceInUse", "ResourceInUseException", "VolumeInUse", "DeleteConflict"])
def test_what_is_let_go_soon(code: str) -> None:
    assert in_use(refusal(code))
    assert not in_use(refusal("DependencyViolation"))


def test_a_role_that_was_made_a_moment_ago_cannot_be_found() -> None:
    error = ClientError({"Error": {"Code": "InvalidParameterException", "Message": "Role x cannot be found."}}, "X")
    assert unseen(error)

"""The way to moto: its applications, called directly, and its backends."""

from __future__ import annotations

from typing import Any

from moto.backends import get_backend
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from sandbox.aws.front.call import Call, HttpResponse
from sandbox.aws.front.errors import AwsError

_DISPATCHER: Any = DomainDispatcherApplication(create_backend_app)
_APPLICATIONS: dict[str, Any] = {}

# Services whose application does not depend on more than their name.
PLAIN = {
    "ec2",
    "iam",
    "sts",
    "kms",
    "s3",
    "s3control",
    "elbv2",
    "autoscaling",
    "ssm",
    "logs",
    "events",
    "sqs",
    "acm",
    "route53",
    "wafv2",
    "ecr",
    "resourcegroupstaggingapi",
    "cloudwatch",
    "sns",
    "secretsmanager",
}


def backend(service: str, account: str, region: str) -> Any:
    """moto's model of a service in an account and region ("aws" for a global service)."""
    backends: Any = get_backend(service)
    return backends[account][region]


def forward(call: Call) -> HttpResponse:
    """Let moto answer a call.

    :raises AwsError: NotImplemented, when moto does not have the operation
    """
    environ = call.request.environ()
    application = _APPLICATIONS.get(call.service)
    if application is None:
        if call.service in PLAIN:
            application = create_backend_app(call.service)
            _APPLICATIONS[call.service] = application
        else:
            application = _DISPATCHER.get_application(environ)
    answer: list[Any] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
        answer[:] = [int(status[:3]), headers]

    try:
        chunks = application(environ, start_response)
    except NotImplementedError as error:
        raise AwsError(
            "NotImplemented", f"The sandbox does not have {call.service}:{call.operation} ({error}).", 501
        ) from error
    try:
        body = b"".join(chunks)
    finally:
        close = getattr(chunks, "close", None)
        if close:
            close()
    headers = {}
    for name, value in answer[1]:
        lower = name.lower()
        if lower not in ("content-length", "connection", "transfer-encoding", "access-control-allow-origin"):
            headers[lower] = value
    if call.request.method == "HEAD":
        length = next((value for name, value in answer[1] if name.lower() == "content-length"), None)
        if length is not None:
            headers["content-length"] = length
    return HttpResponse(answer[0], headers, body)

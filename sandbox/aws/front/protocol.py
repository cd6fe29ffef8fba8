"""Which service and operation a request means, and answers in each of AWS's protocols."""

from __future__ import annotations

import contextlib
import functools
import json
import re
import uuid
from typing import Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

import botocore.parsers
import botocore.session
from botocore.exceptions import UnknownServiceError
from moto.core.request import Request
from moto.core.routing import NotFound, get_service_router
from moto.core.serialize import XFormedAttributePicker, get_serializer_class
from werkzeug.exceptions import HTTPException

from sandbox.aws.front.call import Call, HttpRequest, HttpResponse
from sandbox.aws.front.errors import AwsError
from sandbox.aws.services.eks import routes

# Signing names that differ from botocore's service names.
SERVICES = {
    "monitoring": "cloudwatch",
    "tagging": "resourcegroupstaggingapi",
    "servicequotas": "service-quotas",
    "email": "ses",
    "states": "stepfunctions",
    "elasticfilesystem": "efs",
    "organizations": "organizations",
}
REST = {"s3", "s3control", "eks", "route53", "lambda", "efs", "apigateway", "backup", "batch", "scheduler", "pipes"}
ACTION = re.compile(rb"(?:^|&)Action=([A-Za-z0-9]+)")
VERSION = re.compile(rb"(?:^|&)Version=([0-9-]+)")
SCOPE = re.compile(r"Credential=([^/]+)/(\d{8})/([^/]+)/([^/]+)/aws4_request")

READS = re.compile(
    r"^(Describe|List|Get|Head|BatchGet|BatchCheck|BatchDescribe|Search|Lookup|Check|Select|Filter|Query|Scan"
    r"|Preview|Simulate|Validate|Test|Estimate|Decode|Verify|Encrypt|Decrypt|GenerateDataKey|GenerateMac"
    r"|GenerateRandom|AssumeRole|Poll|Evaluate)"
)


def is_write(operation: str) -> bool:
    """Whether an operation changes the account, told from its verb."""
    return not READS.match(operation)


def identify(request: HttpRequest) -> Call:
    """The call that a request makes; operation is empty when no operation of the service matches."""
    scope = SCOPE.search(request.headers.get("authorization", ""))
    access_key_id = region = signing_name = ""
    if scope:
        access_key_id, region, signing_name = scope.group(1), scope.group(3), scope.group(4)
    elif "X-Amz-Credential=" in request.query_string:
        credential = parse_qs(request.query_string)["X-Amz-Credential"][0].split("/")
        access_key_id, region, signing_name = credential[0], credential[2], credential[3]
    service = SERVICES.get(signing_name, signing_name)
    body = request.body
    action = ACTION.search(body) if body[:1] != b"{" and b"Action=" in body else None
    if action is None and "Action=" in request.query_string:
        action = ACTION.search(request.query_string.encode())
    if service == "elasticloadbalancing":
        version = VERSION.search(body)
        service = "elb" if version and version.group(1) == b"2012-06-01" else "elbv2"
    if not service and action and action.group(1).startswith(b"AssumeRoleWith"):
        service, region = "sts", "us-east-1"
    if service == "s3" and request.raw_path.startswith("/v20180820/"):
        service = "s3control"
    service, region = service or "s3", region or "us-east-1"
    call = Call(request=request, service=service, operation="", region=region, access_key_id=access_key_id)
    target = request.headers.get("x-amz-target")
    if target:
        call.operation = target.rpartition(".")[2]
    elif action and service not in ("s3", "eks"):
        call.operation = action.group(1).decode()
    elif service == "eks":
        call.operation, call.uri_parameters = routes.match(request)
    else:
        # No such path, or no such service in botocore: moto may still know it.
        with contextlib.suppress(NotFound, HTTPException, NotImplementedError, UnknownServiceError):
            model, call.uri_parameters = get_service_router(service).match(Request(request.environ()))
            call.operation = model.name
    return call


def request_id() -> str:
    return str(uuid.uuid4())


@functools.cache
def protocol_of(service: str) -> str:
    try:
        model = botocore.session.get_session().get_service_model(service)
        return str(model.metadata["protocol"])
    except Exception:
        return "rest-json"


def error_response(call: Call, error: AwsError) -> HttpResponse:
    """An error as the protocol of the called service writes it."""
    protocol = protocol_of(call.service)
    if protocol not in ("ec2", "query") and call.request.headers.get("x-amz-target"):
        protocol = "json"
    identity = request_id()
    code, message = escape(error.code), escape(error.message)
    headers = {"x-amzn-requestid": identity}
    if protocol in ("json", "rest-json"):
        headers["content-type"] = "application/x-amz-json-1.1" if protocol == "json" else "application/json"
        body: dict[str, Any] = {"message": error.message, **error.fields}
        if protocol == "json":
            body["__type"] = error.code
        else:
            headers["x-amzn-errortype"] = error.code
        return HttpResponse(error.status, headers, json.dumps(body).encode())
    headers["content-type"] = "text/xml"
    if protocol == "ec2":
        text = (
            f"<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors>"
            f"<RequestID>{identity}</RequestID></Response>"
        )
    elif call.service == "s3":
        text = f"<Error><Code>{code}</Code><Message>{message}</Message><RequestId>{identity}</RequestId></Error>"
    else:
        text = (
            f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
            f"<RequestId>{identity}</RequestId></ErrorResponse>"
        )
    return HttpResponse(error.status, headers, ('<?xml version="1.0" encoding="UTF-8"?>\n' + text).encode())


def result_response(call: Call, result: dict[str, Any]) -> HttpResponse:
    """A result in the operation's output shape, as the protocol of the called service writes it."""
    serializer_class: Any = get_serializer_class(call.service, call.protocol)
    serializer = serializer_class(
        operation_model=call.model, pretty_print=False, value_picker=XFormedAttributePicker(response_transformers={})
    )
    answer = serializer.serialize(result)
    body = answer["body"]
    headers = {name.lower(): str(value) for name, value in answer["headers"].items()}
    headers["x-amzn-requestid"] = request_id()
    return HttpResponse(int(answer["status_code"]), headers, body.encode() if isinstance(body, str) else body)


def json_response(result: Any, status: int = 200) -> HttpResponse:
    headers = {"content-type": "application/json", "x-amzn-requestid": request_id()}
    return HttpResponse(status, headers, json.dumps(result).encode())


ERROR_CODE = re.compile(rb"<Code>([^<]+)</Code>")


def error_code(response: HttpResponse) -> str | None:
    """The error code in an answer, None for an answer that is no error."""
    if response.status < 400:
        return None
    header = response.headers.get("x-amzn-errortype")
    if header:
        return header.partition(":")[0]
    found = ERROR_CODE.search(response.body)
    if found:
        return found.group(1).decode()
    try:
        body = json.loads(response.body)
        return str(body["__type"]).rpartition("#")[2]
    except (ValueError, KeyError, TypeError):
        return str(response.status)


def parse_result(call: Call, response: HttpResponse) -> dict[str, Any]:
    """An answer parsed by botocore, as a client would see it."""
    if call.result is None:
        model = botocore_operation(call.service, call.operation)
        protocol = model.service_model.metadata["protocol"]
        parser = botocore.parsers.create_parser(protocol)
        raw = {"status_code": response.status, "headers": response.headers, "body": response.body, "context": {}}
        parsed = parser.parse(raw, model.output_shape)
        parsed.pop("ResponseMetadata", None)
        call.result = parsed
    return call.result


@functools.cache
def botocore_operation(service: str, operation: str) -> Any:
    return _session().get_service_model(service).operation_model(operation)


@functools.cache
def _session() -> Any:
    return botocore.session.get_session()

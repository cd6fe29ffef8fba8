"""From a request to an answer: identify, authenticate, weather, hooks, and then EKS of our own or moto."""

from __future__ import annotations

import json
import sys
import traceback
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from sandbox import guard
from sandbox import state as files
from sandbox.aws import services
from sandbox.aws.front import account, client_tokens, hooks, inner, moto_bridge, weather
from sandbox.aws.front.call import Call, HttpRequest, HttpResponse
from sandbox.aws.front.credentials import authenticate
from sandbox.aws.front.errors import AwsError
from sandbox.aws.front.journal import encode
from sandbox.aws.front.protocol import error_code, error_response, identify, json_response, result_response
from sandbox.aws.front.state import state
from sandbox.aws.services.eks import control_planes
from sandbox.aws.services.eks.operations import OPERATIONS as EKS


def start(settings: dict[str, Any] | None = None, folder: Path | None = None) -> None:
    """Make the account ready: settings, hooks and what a pristine account holds.

    :param folder: of the sandbox's state: its snapshots, and the secret without which no control call is answered
    """
    services.load()
    state.files = files.State(folder.absolute()) if folder else None
    state.secret = state.files.secret() if state.files else None
    if settings:
        state.settings.update(settings)
    account.reset()


def respond(request: HttpRequest) -> HttpResponse:
    """Answer one request. Calls are served one after another: moto's models are not made for threads."""
    if why := guard.refusal(request.headers):
        return json_response({"error": why}, 403)
    if request.raw_path.startswith("/_sandbox/"):
        return _inner(request)
    with state.lock:
        call = identify(request)
        state.tick()
        try:
            authenticate(call)
            weather.check(call)
            response = client_tokens.once(call, partial(weather.serve, perform=_perform))
        except AwsError as error:
            response = error_response(call, error)
        except Exception:  # the emulator's own fault must reach the client as an answer, and the log as a traceback
            traceback.print_exc(file=sys.stderr)
            response = error_response(call, AwsError("InternalFailure", "The sandbox failed; see its log.", 500))
        state.journal.add(call, response)
        return weather.answer(call, response)


def _perform(call: Call) -> HttpResponse:
    key = (call.service, call.operation)
    for before in hooks.BEFORE.get(key, ()):
        before(call)
    if call.service == "ec2" and b"DryRun=true" in call.request.body:
        raise AwsError("DryRunOperation", "Request would have succeeded, but DryRun flag is set.", 412)
    if call.service == "eks":
        operation = EKS.get(call.operation)
        if operation is None:
            message = f"The sandbox's EKS does not have {call.operation or call.request.raw_path}."
            raise AwsError("InvalidRequestException", message, 400)
        return json_response(operation(call))
    if key in hooks.INSTEAD:
        result = hooks.INSTEAD[key](call)
        if result is not None:
            return result_response(call, result)
    response = moto_bridge.forward(call)
    call.response = response
    if response.status < 400:
        for after in hooks.AFTER.get(key, ()):
            after(call)
        response = call.response
    else:
        call.error_code = error_code(response)
    return response


def _inner(request: HttpRequest) -> HttpResponse:
    """The sandbox's own paths, which are not AWS's."""
    if not guard.authorized(request.headers, state.secret):
        return json_response({"error": "a control call needs the secret of the sandbox's folder"}, 403)
    try:
        body = json.loads(request.body) if request.body else {}
        query = {name: values[-1] for name, values in parse_qs(request.query_string).items()}
        with state.lock:
            state.tick()
            handler = inner.PATHS.get((request.method, request.raw_path)) or control_planes.PATHS.get(
                (request.method, request.raw_path)
            )
            if handler is None:
                return json_response({"error": f"no such path: {request.method} {request.raw_path}"}, 404)
            text = encode(handler(query, body))
        return HttpResponse(200, {"content-type": "application/json"}, text.encode())
    except Exception as error:
        traceback.print_exc(file=sys.stderr)
        return json_response({"error": f"{type(error).__name__}: {error}"}, 400)

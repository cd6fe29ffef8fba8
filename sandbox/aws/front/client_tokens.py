"""Client tokens of EC2 and EKS: a request that was carried out and comes again is only answered again."""

from __future__ import annotations

import re
from collections.abc import Callable

from sandbox.aws.front.call import Call, HttpResponse
from sandbox.aws.front.errors import AwsError
from sandbox.aws.front.protocol import is_write
from sandbox.aws.front.state import state

_TOKEN = {
    "ec2": re.compile(rb"(?:^|&)ClientToken=([^&]+)"),
    "eks": re.compile(rb'"clientRequestToken": ?"([^"]+)"'),
}


def once(call: Call, perform: Callable[[Call], HttpResponse]) -> HttpResponse:
    """Perform a call, or give the answer that the same token had before.

    :raises AwsError: the token was used for something else
    """
    pattern = _TOKEN.get(call.service)
    token = pattern.search(call.request.body) if pattern is not None and is_write(call.operation) else None
    if token is None:
        return perform(call)
    known, key = state.facts("client_tokens"), (call.account, call.region, call.operation, token[1])
    if key in known:
        body, answer = known[key]
        if body != call.request.body:
            raise AwsError("IdempotentParameterMismatch", "The client token was used with other parameters.", 400)
        return HttpResponse(answer.status, dict(answer.headers), answer.body)
    body = call.request.body
    response = perform(call)
    if response.status < 400:
        known[key] = body, HttpResponse(response.status, dict(response.headers), response.body)
    return response

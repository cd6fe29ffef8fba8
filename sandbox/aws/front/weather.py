"""The weather of a real cloud: throttled answers, server errors, and reads that lag behind writes.

Reads lag by serving them from the state that stood ``visibility_delay`` seconds ago: before a write, the state of
its service (in its account and region) is kept; a read puts the kept state in place for the time of its answer. For a
third of the delay a write of EC2 does not know a new id either.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sandbox.aws.front import snapshot
from sandbox.aws.front.call import Call, HttpResponse
from sandbox.aws.front.errors import AwsError
from sandbox.aws.front.protocol import error_response, is_write
from sandbox.aws.front.state import state
from sandbox.aws.settings import Settings

GLOBAL = {"iam", "sts", "route53", "s3"}
# Operations that AWS answers from the same place as writes: no lag.
CONSISTENT = {"s3", "sts", "sqs"}

EC2_IDS = re.compile(r"\b(?:vpc|subnet|igw|rtb|sg|acl|eni|nat|eipalloc|lt|vpce|i|vol)-[0-9a-f]{17}\b")
EC2_NOT_FOUND = {
    "vpc": ("InvalidVpcID.NotFound", "The vpc ID '{id}' does not exist"),
    "subnet": ("InvalidSubnetID.NotFound", "The subnet ID '{id}' does not exist"),
    "igw": ("InvalidInternetGatewayID.NotFound", "The internetGateway ID '{id}' does not exist"),
    "rtb": ("InvalidRouteTableID.NotFound", "The routeTable ID '{id}' does not exist"),
    "sg": ("InvalidGroup.NotFound", "The security group '{id}' does not exist"),
    "acl": ("InvalidNetworkAclID.NotFound", "The networkAcl ID '{id}' does not exist"),
    "eni": ("InvalidNetworkInterfaceID.NotFound", "The networkInterface ID '{id}' does not exist"),
    "nat": ("NatGatewayNotFound", "The Nat Gateway {id} was not found"),
    "eipalloc": ("InvalidAllocationID.NotFound", "The allocation ID '{id}' does not exist"),
    "lt": ("InvalidLaunchTemplateId.NotFound", "The specified launch template, with template ID {id}, does not exist."),
    "vpce": ("InvalidVpcEndpointId.NotFound", "The Vpc Endpoint Id '{id}' does not exist"),
    "i": ("InvalidInstanceID.NotFound", "The instance ID '{id}' does not exist"),
    "vol": ("InvalidVolume.NotFound", "The volume '{id}' does not exist."),
}

CLOSED = 0
"""Status of an answer in place of which the connection is closed."""


@dataclass
class _Past:
    """What a service looked like right before a write."""

    until: float
    pickled: bytes


@dataclass
class _Weather:
    draw: random.Random | None = None
    past: dict[tuple[str, str, str], list[_Past]] = field(default_factory=dict)
    born: dict[str, float] = field(default_factory=dict)


_weather = _Weather()


def forget() -> None:
    """Start anew: the draws from the seed, and no lagging reads of what was before."""
    global _weather
    _weather = _Weather()


def check(call: Call) -> None:
    """Draw whether this call is throttled or fails.

    :raises AwsError: with the throttling code of the call's protocol, or a server error
    """
    settings = state.settings
    if not settings.throttle_share and not settings.error_share:
        return
    if _weather.draw is None:
        _weather.draw = random.Random(settings.seed)
    drawn = _weather.draw.random()
    if drawn < settings.throttle_share:
        raise throttled(call.service)
    if drawn < settings.throttle_share + settings.error_share:
        if call.service == "ec2":
            raise AwsError("InternalError", "An internal error has occurred", 500)
        raise AwsError("InternalFailure", "The request processing has failed because of an unknown error.", 500)


def answer(call: Call, response: HttpResponse) -> HttpResponse:
    """What of an answer reaches the caller: nothing, or an error, if it is one that gets lost (see `Settings`)."""
    lost = state.settings.lost_answers
    if call.operation not in lost or response.status >= 400:
        return response
    lost.remove(call.operation)
    if state.settings.lost_by == "closed":
        return HttpResponse(CLOSED, {}, b"")
    return error_response(call, AwsError("InternalFailure", "The answer got lost.", 500))


def throttled(service: str) -> AwsError:
    if service == "ec2":
        return AwsError("RequestLimitExceeded", "Request limit exceeded.", 503)
    if service == "s3":
        return AwsError("SlowDown", "Please reduce your request rate.", 503)
    if service in ("iam", "sts", "elbv2", "elb", "autoscaling", "route53", "cloudformation", "sns"):
        return AwsError("Throttling", "Rate exceeded", 400)
    return AwsError("ThrottlingException", "Rate exceeded", 400)


def serve(call: Call, perform: Callable[[Call], HttpResponse]) -> HttpResponse:
    """Perform a call, a read with the state of a while ago when a visibility delay is set."""
    settings: Settings = state.settings
    if not settings.visibility_delay or call.service in CONSISTENT:
        return perform(call)
    now = time.time()
    key = (call.service, call.account, "aws" if call.service in GLOBAL else call.region)
    if not is_write(call.operation):
        past = _past(key, now)
        if past is None:
            return perform(call)
        present = snapshot.swap(key, past.pickled)
        try:
            return perform(call)
        finally:
            snapshot.put(key, present)
    if call.service == "ec2":
        _refuse_newborn(call, now - settings.visibility_delay / 3)
    before = _Past(now, snapshot.take(key))
    response = perform(call)
    if response.status < 400:
        _weather.past.setdefault(key, []).append(before)
        if call.service == "ec2" and call.operation.startswith(("Create", "Allocate", "Run")):
            for found in EC2_IDS.findall(response.body.decode(errors="replace")):
                _weather.born.setdefault(found, now)
    return response


def _past(key: tuple[str, str, str], now: float) -> _Past | None:
    """The state that stood `visibility_delay` ago: the one kept before the first write since."""
    kept = _weather.past.get(key)
    if not kept:
        return None
    horizon = now - state.settings.visibility_delay
    while kept and kept[0].until <= horizon:
        kept.pop(0)
    return kept[0] if kept else None


def _refuse_newborn(call: Call, horizon: float) -> None:
    if not _weather.born:
        return
    for found in EC2_IDS.findall(call.request.body.decode(errors="replace")):
        if _weather.born.get(found, 0.0) > horizon:
            code, message = EC2_NOT_FOUND[found.partition("-")[0]]
            raise AwsError(code, message.format(id=found))


def is_new(kind: str, name: Any) -> bool:
    """Whether a thing was made less than the visibility delay ago; `remember_birth` says when."""
    delay = state.settings.visibility_delay
    return bool(delay) and state.facts("born").get((kind, name), 0.0) > time.time() - delay


def remember_birth(kind: str, name: Any) -> None:
    state.facts("born")[(kind, name)] = time.time()

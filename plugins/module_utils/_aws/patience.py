# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which troubles of AWS pass by themselves, and calls that ride them out. No write is made twice whose answer was lost.

botocore's own repetition is switched off (`ONCE`): it repeats creates, too, so that two things stand.
"""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, TypeVar

try:
    from botocore.config import Config
    from botocore.exceptions import (
        BotoCoreError,
        ClientError,
        ConnectTimeoutError,
        EndpointConnectionError,
        HTTPClientError,
        IncompleteReadError,
        ProxyConnectionError,
        SSLError,
    )

    ONCE = Config(retries={"total_max_attempts": 1, "mode": "standard"})
except ImportError:  # AnsibleAWSModule says so in its own words
    BotoCoreError = ClientError = HTTPClientError = IncompleteReadError = SSLError = Exception
    ConnectTimeoutError = EndpointConnectionError = ProxyConnectionError = Exception
    ONCE = None

from .._core.provider import AnswerLost

T = TypeVar("T")

PATIENCE = 120.0
"""Seconds that one call rides out troubles in all."""

BUSY = frozenset(
    {
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        # Somebody else changes the same thing; AWS has done nothing yet.
        "ConcurrentModification",
        "ConcurrentModificationException",
        "OperationAborted",
        "OperationAbortedException",
        "PriorRequestNotComplete",
        "ResourceContention",
    }
)
"""Codes of refusals that pass: nothing was done."""

EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})

IN_USE = frozenset(
    {"DeleteConflict", "ResourceInUse", "ResourceInUseException", "ScalingActivityInProgress", "VolumeInUse"}
)
"""Codes that AWS answers to a deletion while it lets go of what used the thing a moment ago."""

_READS = ("batch_get_", "describe_", "get_", "head_", "list_")
_REPEATABLE = (*_READS, "put_", "tag_", "untag_", "create_tags", "create_or_update_tags", "delete_tags")
"""Beginnings of calls that have the same result when they are made twice."""


class Trouble(StrEnum):
    BUSY = "is busy"
    AWAY = "cannot be reached"
    LOST = "did not answer"
    EXPIRED = "takes the credentials no more"


def code_of(error: Exception) -> str:
    """AWS's error code, or an empty text for an error that is none of AWS's answers."""
    return str(error.response.get("Error", {}).get("Code", "")) if isinstance(error, ClientError) else ""


def trouble(error: Exception) -> Trouble | None:
    """What passes by itself, or None for an answer that stays."""
    if isinstance(error, ClientError):
        code = code_of(error)
        if code in BUSY:
            return Trouble.BUSY
        if code in EXPIRED:
            return Trouble.EXPIRED
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return Trouble.LOST if status >= 500 else None
    if isinstance(error, SSLError):
        return None
    if isinstance(error, (EndpointConnectionError, ConnectTimeoutError, ProxyConnectionError)):
        return Trouble.AWAY
    return Trouble.LOST if isinstance(error, (HTTPClientError, IncompleteReadError)) else None


def in_use(error: Exception) -> bool:
    """Whether a deletion was refused by what may pass."""
    return code_of(error) in IN_USE


def tokens(client: Any, method: str, given: Mapping[str, Any]) -> dict[str, str]:
    """Client tokens that an operation takes and that are not given: by them AWS knows a repeated request again.

    They are new for each thing that is to be made, since AWS would answer for a day with what was made by the first of
    the same name and deleted since. What an earlier run has made is found by its tags, not by a token.
    """
    name = client.meta.method_to_api_mapping.get(method)
    shape = client.meta.service_model.operation_model(name).input_shape if name else None
    members = [] if shape is None else [key for key in shape.members if key.lower() in _TOKENS]
    return {key: uuid.uuid4().hex for key in members if key not in given}


_TOKENS = ("clienttoken", "clientrequesttoken")


def is_read(method: str) -> bool:
    return method.startswith(_READS)


def ride_out(
    call: Callable[[], T],
    what: str,
    *,
    repeatable: bool,
    read: bool,
    reached: Callable[[], bool],
    renew: Callable[[], bool],
    say: Callable[[str], None],
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> T:
    """The answer of a call, repeated for `PATIENCE` seconds through troubles that pass.

    :param what: the operation, for messages.
    :param repeatable: whether it may be made again although its answer was lost; else that is AnswerLost.
    :param reached: whether AWS has answered in this run. If it never has, an endpoint that does not is a mistake in the
        settings and no trouble that passes.
    :param renew: gets new credentials; False where there are none.
    """
    start, pause, spoken, lost = clock(), 0.3, 0.0, False
    while True:
        try:
            return call()
        except (ClientError, BotoCoreError) as error:
            problem, elapsed = trouble(error), clock() - start
            if problem is None and lost and not read:  # the first one may have done what now is refused
                raise AnswerLost(f"{what} was not answered, and then refused: {error}") from error
            never = not isinstance(error, ClientError) and not reached()
            if problem is None or never or elapsed >= PATIENCE:
                raise
            if problem is Trouble.LOST and not repeatable:
                raise AnswerLost(f"{what} was not answered: {error}") from error
            if problem is Trouble.EXPIRED and not renew():
                raise
            lost = lost or problem is Trouble.LOST
            if elapsed - spoken >= 5 or (spoken == 0.0 and elapsed >= 2):
                say(f"waiting for AWS, which {problem} ({what}): {elapsed:.0f} s so far, at most {PATIENCE:.0f} s")
                spoken = elapsed
        sleep(pause * random.uniform(0.5, 1.0))
        pause = min(pause * 2, 8.0)


def is_repeatable(method: str, given: Mapping[str, str]) -> bool:
    """Whether a call may be made twice; `given` are its tokens."""
    return bool(given) or method.startswith(_REPEATABLE)

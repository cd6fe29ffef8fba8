"""The write log: every call with its operation, parameters, caller and answer."""

from __future__ import annotations

import base64
import datetime
import json
import time
from collections import deque
from typing import Any

from sandbox.aws.front.call import Call, HttpResponse
from sandbox.aws.front.protocol import error_code, is_write, parse_result

LIMIT = 200_000
ANSWER_LIMIT = 65_536


class Entry:
    """One call; parameters and answer are parsed only when somebody reads them."""

    __slots__ = ("answer", "call", "error_code", "number", "status", "time", "write")

    def __init__(self, number: int, call: Call, response: HttpResponse) -> None:
        self.number = number
        self.time = time.time()
        self.call = call
        self.status = response.status
        self.error_code = error_code(response)
        dry_run = b"DryRun=true" in call.request.body
        self.write = bool(call.operation) and is_write(call.operation) and not dry_run
        keep = self.write and len(response.body) <= ANSWER_LIMIT
        self.answer = response if keep else None
        call.response = None
        if not self.write:
            call.result = None
        if len(call.request.body) > ANSWER_LIMIT:
            call.request.body = b""

    def to_dict(self) -> dict[str, Any]:
        call = self.call
        entry: dict[str, Any] = {
            "n": self.number,
            "time": datetime.datetime.fromtimestamp(self.time, datetime.UTC).isoformat(),
            "service": call.service,
            "operation": call.operation,
            "write": self.write,
            "region": call.region,
            "account": call.account,
            "caller": call.caller,
            "parameters": _parameters(call),
            "status": self.status,
            "error_code": self.error_code,
        }
        if self.answer is not None:
            entry["answer"] = self._answer()
        return entry

    def _answer(self) -> Any:
        assert self.answer is not None
        if self.error_code:
            return {"error": self.answer.body.decode(errors="replace")}
        try:
            return parse_result(self.call, self.answer)
        except Exception as error:  # an answer that botocore cannot parse is shown as it is
            return {"unparsed": self.answer.body.decode(errors="replace"), "reason": str(error)}


def _parameters(call: Call) -> Any:
    try:
        parameters = call.parameters
    except Exception:  # a request that the model cannot parse is shown as it is
        return {"unparsed": call.request.body.decode(errors="replace")}
    return {
        name: f"<{len(call.request.body)} bytes>" if name == "Body" and call.service == "s3" else value
        for name, value in parameters.items()
        if value is not None
    }


class Journal:
    def __init__(self) -> None:
        self.next = 1
        self.entries: deque[Entry] = deque(maxlen=LIMIT)

    def add(self, call: Call, response: HttpResponse) -> None:
        self.entries.append(Entry(self.next, call, response))
        self.next += 1

    def since(self, number: int) -> dict[str, Any]:
        return {"next": self.next, "calls": [entry.to_dict() for entry in self.entries if entry.number >= number]}

    def clear(self) -> None:
        self.entries.clear()


def encode(value: Any) -> str:
    """JSON of log entries; times as ISO 8601, bytes as base64."""

    def default(item: Any) -> Any:
        if isinstance(item, datetime.datetime | datetime.date):
            return item.isoformat()
        if isinstance(item, bytes):
            return base64.b64encode(item).decode()
        return str(item)

    return json.dumps(value, default=default)

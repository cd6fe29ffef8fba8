"""The errors that the emulator answers with."""

from __future__ import annotations

from typing import Any


class AwsError(Exception):
    """A refusal with AWS's own error code.

    :param code: the error code as AWS spells it, for example ``ResourceInUseException``
    :param message: the sentence for the reader
    :param status: the HTTP status
    :param fields: further members of the error's shape, for example ``clusterName``
    """

    def __init__(self, code: str, message: str, status: int = 400, **fields: Any) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.fields = {key: value for key, value in fields.items() if value is not None}

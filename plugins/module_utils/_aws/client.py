# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calls to AWS: clients of one session, and its error texts made useful."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

try:
    import boto3
    import botocore.session
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.loaders import Loader

    LOADER = Loader()
except ImportError:  # AnsibleAWSModule says so in its own words
    BotoCoreError = ClientError = Exception
    LOADER = None

from ansible_collections.amazon.aws.plugins.module_utils.botocore import get_aws_connection_info

from .._core import parent
from .._core.provider import Failure
from .patience import ONCE, code_of, is_read, is_repeatable, ride_out, tokens

T = TypeVar("T")

UNSEEN = (
    "NotFound",
    "NotFoundException",
    "NoSuchEntity",
    "NoSuchBucket",
    "ResourceNotFoundException",
    "NonExistentQueue",
    "MalformedPolicyDocument",
    "MalformedPolicyDocumentException",
    "InvalidPrincipal",
)
"""Ends of codes that AWS may answer for what was made a moment ago."""

UNSEEN_WORDS = (
    "cannot be assumed",
    "could not be assumed",
    "unable to assume",
    "not authorized to perform: sts:assumerole",
    "error in role params",
    "doesn't have the amazon eks managed policies",
    "iam role's policy must include",
    "does not exist",
    "cannot be found",
    "invalid principal",
    "invalid iam instance profile",
)
"""Parts of messages that mean the same under a general code (`InvalidParameterException`, `ValidationError`), in lower
case: EKS and Auto Scaling say so of roles and instance profiles that IAM has made a moment ago."""

HINTS = {
    "AccessDenied": "Allow this action to {caller}",
    "AccessDeniedException": "Allow this action to {caller}",
    "UnauthorizedOperation": "Allow this action to {caller}",
    "ExpiredToken": "Renew the credentials and run again",
    "ExpiredTokenException": "Renew the credentials and run again",
    "RequestExpired": "Renew the credentials, or set this machine's clock, and run again",
    "InvalidClientTokenId": "Check the access key in AWS_ACCESS_KEY_ID or in the profile",
    "UnrecognizedClientException": "Check the access key in AWS_ACCESS_KEY_ID or in the profile",
    "AuthFailure": "Check the credentials in the environment or in the profile",
    "SignatureDoesNotMatch": "Check the secret key in AWS_SECRET_ACCESS_KEY or in the profile",
    "OptInRequired": "Enable the region for the account, or choose another one",
    "LimitExceeded": "Ask for a higher quota in Service Quotas, or delete what is not needed",
    "ServiceQuotaExceededException": "Ask for a higher quota in Service Quotas, or delete what is not needed",
}


def failure(doing: str, error: Exception, caller: str = "the caller") -> Failure:
    """The error of a call in words: what was being done, AWS's code and message, what to do about it."""
    if isinstance(error, ClientError):
        code = error.response.get("Error", {}).get("Code", "")
        message = error.response.get("Error", {}).get("Message", "").rstrip(".")
        hint = next((text for name, text in HINTS.items() if code == name or code.endswith("." + name)), "")
        if not hint and code.endswith("LimitExceeded"):
            hint = HINTS["LimitExceeded"]
        advice = f" {hint.format(caller=caller)}." if hint else ""
        return Failure(f"{doing} failed at {error.operation_name}: {code}: {message}.{advice}")
    kind = type(error).__name__
    text = str(error).rstrip(".")
    advice = {
        "NoCredentialsError": " Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, "
        "or run with an instance role.",
        "PartialCredentialsError": " Set both AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
        "ProfileNotFound": " Name a profile that ~/.aws/config holds, or unset AWS_PROFILE.",
        "EndpointConnectionError": " Check the network, the region and AWS_ENDPOINT_URL.",
        "ConnectTimeoutError": " Check the network, the region and AWS_ENDPOINT_URL.",
        "NoRegionError": " Set AWS_REGION.",
        "InvalidRegionError": " Set AWS_REGION to a region of AWS.",
    }.get(kind, "")
    return Failure(f"{doing} failed: {text}.{advice}")


def unseen(error: Exception) -> bool:
    """Whether the error can mean that AWS does not see yet what it has just made."""
    code = code_of(error)
    message = str(error).lower()
    return bool(code) and (code.endswith(UNSEEN) or any(words in message for words in UNSEEN_WORDS))


class _Client:
    """A botocore client whose calls ride out what passes by itself (see `patience`)."""

    def __init__(self, api: Api, service: str) -> None:
        self._api = api
        self._service = service

    @property
    def meta(self) -> Any:
        return self._api.opened(self._service).meta

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._api.opened(self._service), name)
        if name not in self.meta.method_to_api_mapping:  # what signs or pages asks nothing by itself
            return method

        def call(**parameters: Any) -> Any:
            token = {} if is_read(name) else tokens(self._api.opened(self._service), name, parameters)
            made = partial(self._made, name, {**token, **parameters})
            return self._api.ride_out(made, name, repeatable=is_repeatable(name, token), read=is_read(name))

        setattr(self, name, call)
        return call

    def _made(self, name: str, parameters: Mapping[str, Any]) -> Any:
        if not is_read(name):
            parent.check()
        return getattr(self._api.opened(self._service), name)(**parameters)

    def pages(self, operation: str, key: str, **parameters: Any) -> list[Any]:
        """All entries under `key` over every page of an operation."""

        def collect() -> list[Any]:
            client = self._api.opened(self._service)
            entries = client.get_paginator(operation).paginate(**parameters).search(f"{key}[]")
            return [entry for entry in entries if entry is not None]  # None stands for a page without the key

        return self._api.ride_out(collect, operation, repeatable=True, read=True)


class Api:
    """Clients by service name as attributes (`api.ec2`, `api.eks`), built once from one session.

    :param say: prints one line of progress; does nothing where the module is not run in process.
    """

    def __init__(self, connection: Mapping[str, Any], say: Callable[[str], None]) -> None:
        self._connection = dict(connection)
        self._session: Any = None
        self._clients: dict[str, _Client] = {}
        self._raw: dict[str, Any] = {}
        self._opening = threading.Lock()
        self.reached = False
        """Whether AWS has answered in this run."""
        self.say = say

    @classmethod
    def of(cls, module: Any, say: Callable[[str], None]) -> Api:
        """From an AnsibleAWSModule's connection options.

        Half a pair of keys, as CI sets it for a missing secret, counts as none: boto3 then says what it misses.
        """
        region, endpoint, arguments = get_aws_connection_info(module)
        pair = ("aws_access_key_id", "aws_secret_access_key")
        if not all(arguments.get(name) for name in pair):
            arguments = {**arguments, **dict.fromkeys((*pair, "aws_session_token"))}
        return cls({"region": region, "endpoint": endpoint, **arguments}, say)

    @property
    def region(self) -> str:
        return str(self._connection["region"] or "")

    def _open(self) -> Any:
        core = _core(self._connection.get("profile_name"))
        return boto3.Session(
            botocore_session=core,
            region_name=self._connection["region"],
            aws_access_key_id=self._connection.get("aws_access_key_id"),
            aws_secret_access_key=self._connection.get("aws_secret_access_key"),
            aws_session_token=self._connection.get("aws_session_token"),
        )

    def _current(self) -> Any:
        """The session, opened when it is first needed; with the lock in hand."""
        if self._session is None:
            self._session = self._open()
        return self._session

    def _renewed(self, stale: Any) -> bool:
        """Whether there are other credentials than those of a session whose own have expired; they are used then."""
        with self._opening:
            if self._session is not stale:
                return True
            try:
                fresh = self._open()
                old, new = stale.get_credentials(), fresh.get_credentials()
                if new is None or old.get_frozen_credentials() == new.get_frozen_credentials():
                    return False
            except BotoCoreError:
                return False
            self._session, self._raw = fresh, {}
            return True

    def ride_out(self, call: Callable[[], T], operation: str, *, repeatable: bool, read: bool) -> T:
        """The answer of a call, through troubles that pass (see `patience`)."""
        with self._opening:
            session = self._current()

        def renew() -> bool:
            nonlocal session
            renewed = self._renewed(session)
            session = self._session
            return renewed

        return ride_out(
            partial(self._answered, call),
            "".join(word.capitalize() for word in operation.split("_")),
            repeatable=repeatable,
            read=read,
            reached=lambda: self.reached,
            renew=renew,
            say=self.say,
        )

    def _answered(self, call: Callable[[], T]) -> T:
        try:
            answer = call()
        except ClientError:
            self.reached = True
            raise
        self.reached = True
        return answer

    def client(self, service: str) -> _Client:
        """The calls of a service."""
        return self._clients.setdefault(service, _Client(self, service))

    def opened(self, service: str) -> Any:
        """botocore's client of a service; boto3's sessions know no threads, so reads side by side wait for it."""
        with self._opening:
            if service not in self._raw:
                given = self._connection.get("config") or self._connection.get("aws_config")
                self._raw[service] = self._current().client(
                    service,
                    endpoint_url=self._connection["endpoint"],
                    verify=self._connection.get("verify"),
                    config=ONCE if given is None else given.merge(ONCE),
                )
            return self._raw[service]

    def __getattr__(self, service: str) -> Any:
        if service.startswith("_"):
            raise AttributeError(service)
        return self.client(service)

    def together(self, calls: Sequence[Callable[[], T]], workers: int = 8) -> list[T]:
        """The answers of independent reads in the order of `calls`, made side by side."""
        if len(calls) < 2:
            return [call() for call in calls]
        with ThreadPoolExecutor(max_workers=min(workers, len(calls))) as pool:
            return list(pool.map(lambda call: call(), calls))

    def optional(self, call: Callable[[], T], *codes: str) -> T | None:
        """The answer of a read, or None where AWS answers one of `codes` (a thing that does not exist)."""
        try:
            return call()
        except ClientError as error:
            if code_of(error) in codes:
                return None
            raise


_spare: list[Any] = []
"""A session that `warm` made ahead; every forked worker finds it, and takes it for its first connection."""


def _core(profile: str | None) -> Any:
    if profile is None and _spare:
        return _spare.pop()
    core = botocore.session.Session(profile=profile)
    if not os.environ.get("AWS_DATA_PATH"):
        core.register_component("data_loader", LOADER)
    return core


def rooms() -> list[str]:
    """Services of which there are kinds: each has a folder here, by boto3's name for it."""
    return sorted(path.name for path in Path(__file__).parent.iterdir() if path.is_dir() and path.name.isalnum())


def warm() -> None:
    """Loads the models of the services into the shared loader, so that forked workers find them."""
    if LOADER is None:
        return
    for name in ("endpoints", "partitions", "sdk-default-configuration", "_retry"):
        LOADER.load_data(name)
    for service in ("sts", *rooms()):
        LOADER.load_service_model(service, "service-2")
        LOADER.load_service_model(service, "endpoint-rule-set-1")
        LOADER.load_service_model(service, "paginators-1")
    _spare.append(_core(None))


__all__ = ["Api", "BotoCoreError", "ClientError", "code_of", "failure", "unseen", "warm"]

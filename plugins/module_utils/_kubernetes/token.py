# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""EKS's bearer token: a presigned GetCallerIdentity of STS, good for 15 minutes. It stands in memory only."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Callable
from typing import Any

from .._aws.client import Api

PREFIX = "k8s-aws-v1."
CLUSTER_HEADER = "x-k8s-aws-id"
RENEWED_AFTER = 600.0
"""Seconds after which a new one is made; EKS refuses it after 900, and a request may take its time."""

_EVENT = "sts.GetCallerIdentity"
_PARAMETER = "ClusterName"


class Token:
    """The caller's token for one cluster, made when it is first needed and made anew in good time.

    Source of its form: "Cluster authentication", Amazon EKS Best Practices Guide, and aws-iam-authenticator.
    """

    def __init__(self, aws: Api, cluster: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._aws = aws
        self._cluster = cluster
        self._clock = clock
        self._text = ""
        self._made = 0.0
        self._making = threading.Lock()

    def text(self) -> str:
        with self._making:
            if not self._text or self._clock() - self._made >= RENEWED_AFTER:
                self._made, self._text = self._clock(), presigned(self._aws, self._cluster)
            return self._text

    def refused(self, text: str) -> None:
        """The API server took this one for no good: the next is made anew."""
        with self._making:
            if self._text == text:
                self._text = ""


def presigned(aws: Api, cluster: str) -> str:
    """A token signed with the caller's credentials, which boto3 renews where they come from a role."""
    sts = aws.client("sts")
    events = sts.meta.events
    events.register(f"provide-client-params.{_EVENT}", _remember, unique_id="slipway-remember")
    events.register(f"before-sign.{_EVENT}", _sign_cluster, unique_id="slipway-sign")
    url = sts.generate_presigned_url(
        "get_caller_identity", Params={_PARAMETER: cluster}, ExpiresIn=60, HttpMethod="GET"
    )
    return PREFIX + base64.urlsafe_b64encode(url.encode()).decode().rstrip("=")


def _remember(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    """STS knows no such parameter: it is put aside for the header."""
    if _PARAMETER in params:
        context[CLUSTER_HEADER] = params.pop(_PARAMETER)


def _sign_cluster(request: Any, **_: Any) -> None:
    """Only where a token is signed: other calls of the client are left as they are."""
    if CLUSTER_HEADER in request.context:
        request.headers[CLUSTER_HEADER] = request.context[CLUSTER_HEADER]

# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Kubernetes as the engine sees it: whose objects are whose, errors in words, what is not seen yet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Set
from typing import Any

from .._aws.account import Account
from .._aws.client import Api
from .._aws.provider import AWS, OPTIONS, check_platform
from .._core.known import Known
from .._core.options import Options
from .._core.plan import Found, Observed, Ref, Value
from .._core.provider import Failure, Provider
from . import ownership
from .client import HAS_URLLIB3
from .connection import Kubernetes
from .errors import KubernetesError

SHARED = ("platform_name", "account_id", "confirmation", "adopt")
"""Options that boxes on AWS have, too."""


class _Kubernetes(Provider):
    """AWS tells where the cluster is, and signs the token; its errors stay its own."""

    name = "Kubernetes"
    errors = (KubernetesError, *AWS.errors)
    options: Options = {
        **{name: OPTIONS[name] for name in SHARED},
        "force_conflicts": {"type": "bool", "default": False},
    }
    libraries: Mapping[str, object] = {"urllib3": HAS_URLLIB3}

    def module(self, options: Options) -> Any:
        return AWS.module(options)

    def subject(self, name: str, params: Mapping[str, Value]) -> str:
        return AWS.subject(name, params)

    def connect(self, module: Any, say: Callable[[str], None]) -> Kubernetes:
        return Kubernetes(Api.of(module, say), say)

    def prepared(self, params: Mapping[str, Value]) -> dict[str, Value]:
        check_platform(params)
        return dict(params)

    def facts(
        self,
        connection: Kubernetes,
        known: Known,
        params: Mapping[str, Value],
        wanted: Mapping[str, Iterable[str]],
    ) -> Account:
        return AWS.facts(connection.aws, known, params, wanted)

    def belonging(self, observed: Observed, declared: Set[Ref], params: Mapping[str, Value]) -> dict[Ref, Found]:
        return ownership.belonging(observed, declared, params["platform_name"], adopt=params["adopt"])

    def failure(self, doing: str, error: Exception, known: Known) -> Failure:
        if isinstance(error, KubernetesError):
            return Failure(f"{doing} failed: {error.words()}")
        return AWS.failure(doing, error, known)

    def unseen(self, error: Exception) -> bool:
        """A namespace that was made a moment ago."""
        return isinstance(error, KubernetesError) and error.status == 404


KUBERNETES = _Kubernetes()

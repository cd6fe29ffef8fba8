# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which kinds an API server knows, and the paths of their objects."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from .._core.wait import Status, Wait, until

if TYPE_CHECKING:
    from .client import Client

SERVED = Wait(usual=5, timeout=60, interval=2.0)
"""How long a definition of a custom resource takes until the API server serves its kind."""


@dataclass(frozen=True)
class ApiResource:
    """A kind as an API server serves it.

    :param plural: name of the collection in paths (`resourcequotas`).
    """

    api_version: str
    kind: str
    plural: str
    namespaced: bool

    def collection(self, namespace: str = "") -> str:
        """Path of all objects, in one namespace or, without one, in the whole cluster."""
        root = "/apis/" if "/" in self.api_version else "/api/"
        place = f"/namespaces/{namespace}" if namespace else ""
        return f"{root}{self.api_version}{place}/{self.plural}"

    def path(self, name: str, namespace: str = "") -> str:
        return f"{self.collection(namespace)}/{name}"


NAMESPACE = ApiResource("v1", "Namespace", "namespaces", namespaced=False)
RESOURCE_QUOTA = ApiResource("v1", "ResourceQuota", "resourcequotas", namespaced=True)
LIMIT_RANGE = ApiResource("v1", "LimitRange", "limitranges", namespaced=True)
PERSISTENT_VOLUME_CLAIM = ApiResource("v1", "PersistentVolumeClaim", "persistentvolumeclaims", namespaced=True)
"""What every API server has needs no question."""


class Discovery:
    """Answers are kept; a kind that was not there is asked for again, since its definition may have been made since."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._versions: dict[str, dict[str, ApiResource]] = {}
        self._asking = threading.Lock()

    def resource(self, api_version: str, kind: str) -> ApiResource | None:
        """A kind such as Deployment of "apps/v1"; None where the API server does not know it, or not yet."""
        with self._asking:
            if kind not in self._versions.get(api_version, {}):
                self._versions[api_version] = self._ask(api_version)
            return self._versions[api_version].get(kind)

    def wait_for(self, api_version: str, kind: str, say: Callable[[str], None], wait: Wait = SERVED) -> ApiResource:
        """The same, waited for: the definition of a custom resource is served a moment after it was made."""
        until(partial(self._status, api_version, kind), f"the kind {kind} of {api_version}", wait, say)
        return self._versions[api_version][kind]

    def _status(self, api_version: str, kind: str) -> Status:
        known = self.resource(api_version, kind) is not None
        return Status(
            known, "served" if known else "unknown to the API server, its CustomResourceDefinition is missing"
        )

    def _ask(self, api_version: str) -> dict[str, ApiResource]:
        root = "/apis/" if "/" in api_version else "/api/"
        answer = self._client.optional(f"{root}{api_version}")
        return {
            entry["kind"]: ApiResource(api_version, entry["kind"], entry["name"], entry["namespaced"])
            for entry in (answer or {}).get("resources") or []
            if "/" not in entry["name"]  # those with a slash are subresources
        }

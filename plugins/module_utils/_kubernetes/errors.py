# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an API server refuses, in words that say who, what and what to do. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .ownership import HANDS

_FORBIDDEN = re.compile(
    r'User "(?P<user>[^"]*)" cannot (?P<verb>\w+) resource "(?P<resource>[^"]*)" in API group "(?P<group>[^"]*)"'
    r'(?: in the namespace "(?P<namespace>[^"]*)")?'
)
_MANAGER = re.compile(r'conflict with "(?P<manager>[^"]*)"')


@dataclass(frozen=True)
class Conflict:
    """A field that another field manager owns, as the API server names it (`.metadata.labels.team`)."""

    field: str
    manager: str

    @property
    def by_hand(self) -> bool:
        return self.manager in HANDS


class KubernetesError(Exception):
    """A request that the API server refused or that did not reach it.

    :param cluster: name of the EKS cluster.
    :param status: of HTTP, 0 where no answer came.
    :param reason: Kubernetes' word for it (`Forbidden`, `Conflict`, ...), or what kept the request from arriving.
    :param message: the API server's own sentence.
    :param causes: `{reason, message, field}` of each cause that it names.
    :param advice: what to do, a sentence, where it is not clear from the rest.
    """

    def __init__(
        self,
        cluster: str,
        status: int,
        reason: str,
        message: str = "",
        causes: tuple[Mapping[str, str], ...] = (),
        advice: str = "",
    ) -> None:
        super().__init__(status, reason, message)
        self.cluster = cluster
        self.status = status
        self.reason = reason
        self.message = message
        self.causes = causes
        self.advice = advice

    @property
    def conflicts(self) -> tuple[Conflict, ...]:
        """The fields for which an apply was refused since others own them."""
        found = [
            (cause.get("field", ""), _MANAGER.search(cause.get("message", "")))
            for cause in self.causes
            if cause.get("reason") == "FieldManagerConflict"
        ]
        return tuple(Conflict(field, match["manager"] if match else "another") for field, match in found)

    @property
    def lacks_right(self) -> bool:
        """Whether the caller is known but may not do this."""
        return self.status == 403 and _FORBIDDEN.search(self.message) is not None

    def words(self) -> str:
        """The refusal as a sentence or two, to follow "... failed: "."""
        cluster = f"eks cluster '{self.cluster}'"
        advice = f" {self.advice}" if self.advice else ""
        if self.status == 0:
            return f"the API server of {cluster} does not answer: {self.reason.rstrip('.')}.{advice}"
        if self.status == 401:
            return f"{cluster} does not admit the caller (401 Unauthorized).{advice}"
        right = _FORBIDDEN.search(self.message) if self.status == 403 else None
        if right:
            resource = f"{right['resource']}.{right['group']}" if right["group"] else right["resource"]
            where = f" in namespace '{right['namespace']}'" if right["namespace"] else ""
            return (
                f"{right['user']} may not {right['verb']} {resource}{where} in {cluster} (403 Forbidden). Give its "
                "access entry an access policy that allows this, such as AmazonEKSClusterAdminPolicy."
            )
        if self.conflicts:
            return f"{conflicting(self.conflicts)}."
        said = f"{self.reason}: {self.message}" if self.message else self.reason
        return f"the API server of {cluster} answers {self.status} {said.rstrip('.')}.{advice}"

    def __str__(self) -> str:
        return self.words()


def conflicting(conflicts: tuple[Conflict, ...]) -> str:
    """Which fields belong to whom, and what to do: a clause."""
    fields = ", ".join(f"{entry.field} to the field manager '{entry.manager}'" for entry in conflicts)
    return (
        f"it belongs in part to others, {fields}; set force_conflicts to true to take that over, or leave it out of "
        "the options"
    )


def refused(cluster: str, status: int, reason: str, body: bytes) -> KubernetesError:
    """The error that an answer stands for: a `Status` of Kubernetes, or what a proxy in between writes.

    :param reason: HTTP's word for the status.
    """
    try:
        answer: Any = json.loads(body)
        details = answer.get("details") or {}
        causes = tuple(details.get("causes") or ())
        return KubernetesError(cluster, status, answer.get("reason") or reason, answer.get("message") or "", causes)
    except (ValueError, AttributeError):
        text = " ".join(body.decode(errors="replace").split())[:200]
        return KubernetesError(cluster, status, reason, text)

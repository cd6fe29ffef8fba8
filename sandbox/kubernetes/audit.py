"""The audit log of a cluster's API server: who wrote what, the oracle for "nothing else was written".

`audit_policy.yml` says what reaches the log. It stands in the sandbox's log folder under a name that holds the
creation's id of the cluster: snapshot and restore leave it alone, and a later cluster of the same name has another.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

POLICY = Path(__file__).with_name("audit_policy.yml")
MAXIMUM_MIB = 20
MAXIMUM_BACKUPS = 3
SETTLE_SECONDS = 10.0
RECEIVED = "RequestReceived"


class AuditError(Exception):
    """The log cannot answer; the text is for the user."""


@dataclass(frozen=True)
class Request:
    """One write that was asked for, whether it succeeded or not.

    ``verb`` as Kubernetes names it: create, update, patch (server-side apply too), delete, deletecollection.
    ``resource`` is plural, with group and subresource where it has them: ``pods``, ``deployments.apps/scale``.
    ``name`` is empty for a collection and for names that the API server makes. ``code`` is that of HTTP: 201 is a
    creation, 409 a conflict. ``dry_run``: nothing was stored.
    """

    id: str
    verb: str
    resource: str
    namespace: str
    name: str
    user: str
    field_manager: str
    code: int
    dry_run: bool


def arguments(log: Path) -> list[str]:
    """Options of kube-apiserver that write the log, at most 80 MiB of it: a request when it comes and when it ends."""
    return [
        f"--audit-policy-file={POLICY}",
        f"--audit-log-path={log}",
        "--audit-log-mode=blocking",
        f"--audit-log-maxsize={MAXIMUM_MIB}",
        f"--audit-log-maxbackup={MAXIMUM_BACKUPS}",
    ]


class Audit:
    """Reads one cluster's log.

    A mark is the id of a request: answers hold what the API server received after it. The empty mark is the oldest
    request that the log still has.
    """

    def __init__(self, log: Path) -> None:
        self._log = log

    def mark(self) -> str:
        """The newest request of the log, empty when there is none."""
        return next(reversed(self._settled()), "")

    def requests(self, since: str = "") -> list[Request]:
        """Every write and dry run since the mark, in the order in which they were received.

        :raises AuditError: when the mark is no longer in the log, or a request does not end
        """
        found = self._settled()
        if since and since not in found:
            raise AuditError(f"{self._log} does not have the mark '{since}': of another cluster, or rotated away")
        identities = list(found)
        start = identities.index(since) + 1 if since else 0
        return [_request(found[identity]) for identity in identities[start:]]

    def writes(self, since: str = "") -> list[Request]:
        """As :meth:`requests`, without dry runs."""
        return [request for request in self.requests(since) if not request.dry_run]

    def _settled(self) -> dict[str, dict[str, Any]]:
        """Newest event of each request, once each has ended: a client may have its answer before the log has it."""
        deadline = time.monotonic() + SETTLE_SECONDS
        while True:
            found = self._events()
            running = [event for event in found.values() if event["stage"] == RECEIVED]
            if not running:
                return found
            if time.monotonic() > deadline:
                raise AuditError(f"{self._log}: {running[0]['verb']} {running[0]['requestURI']} does not end")
            time.sleep(0.02)

    def _events(self) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        for file in self._files():
            for line in file.read_text().splitlines(keepends=True):
                if line.endswith("\n"):  # else it is being written
                    event = json.loads(line)
                    found[event["auditID"]] = event
        return found

    def _files(self) -> list[Path]:
        """The log, after what was rotated away: the time stands in those names."""
        backups = sorted(self._log.parent.glob(f"{self._log.stem}-*{self._log.suffix}"))
        return [*backups, *([self._log] if self._log.exists() else [])]


def _request(event: dict[str, Any]) -> Request:
    place = event.get("objectRef") or {}
    resource = ".".join(part for part in (place.get("resource"), place.get("apiGroup")) if part)
    query = parse_qs(urlsplit(event["requestURI"]).query)
    body = event.get("requestObject") or {}
    # kubectl says it in the body of a deletion, and of an eviction one level deeper.
    dry_run = query.get("dryRun") or body.get("dryRun") or (body.get("deleteOptions") or {}).get("dryRun")
    return Request(
        id=event["auditID"],
        verb=event["verb"],
        resource="/".join(part for part in (resource, place.get("subresource")) if part),
        namespace=place.get("namespace") or "",
        name=place.get("name") or "",
        user=(event.get("user") or {}).get("username") or "",
        field_manager=query.get("fieldManager", [""])[-1],
        code=int((event.get("responseStatus") or {}).get("code") or 0),
        dry_run=bool(dry_run),
    )

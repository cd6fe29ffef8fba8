"""The reader of an audit log: marks, rotation, requests that have not ended."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sandbox.kubernetes import audit
from sandbox.kubernetes.audit import Audit, AuditError


def event(identity: str, stage: str = "ResponseComplete", **more: Any) -> str:
    found = {
        "auditID": identity,
        "stage": stage,
        "verb": "create",
        "requestURI": "/api/v1/namespaces/default/pods",
        "user": {"username": "somebody"},
        "objectRef": {"resource": "pods", "namespace": "default", "name": identity},
        "responseStatus": {"code": 201},
        **more,
    }
    return json.dumps(found) + "\n"


def ids(log: Audit, since: str = "") -> list[str]:
    return [request.id for request in log.writes(since)]


def test_requests_stand_in_the_order_in_which_they_came(tmp_path: Path) -> None:
    file = tmp_path / "demo-audit.log"
    file.write_text(event("a", "RequestReceived") + event("b", "RequestReceived") + event("b") + event("a"))
    assert ids(Audit(file)) == ["a", "b"]
    assert ids(Audit(file), "a") == ["b"]
    assert ids(Audit(file), Audit(file).mark()) == []


def test_a_mark_holds_over_a_rotation_until_it_is_rotated_away(tmp_path: Path) -> None:
    file = tmp_path / "demo-audit.log"
    old, newer = (tmp_path / f"demo-audit-2026-11-2{day}T08-00-00.000.log" for day in "78")
    old.write_text(event("a") + event("b"))
    newer.write_text(event("c"))
    file.write_text(event("d"))
    (tmp_path / "demo-audit-of-another.txt").write_text("no log")
    assert ids(Audit(file), "a") == ["b", "c", "d"]
    old.unlink()
    with pytest.raises(AuditError, match="does not have the mark 'a'"):
        ids(Audit(file), "a")


def test_a_log_that_nobody_has_written_is_empty(tmp_path: Path) -> None:
    assert Audit(tmp_path / "demo-audit.log").mark() == ""
    assert ids(Audit(tmp_path / "demo-audit.log")) == []


def test_what_has_not_ended_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "demo-audit.log"
    file.write_text(event("a", "RequestReceived") + event("a")[:40])

    def end(seconds: float) -> None:
        file.write_text(event("a", "RequestReceived") + event("a"))

    monkeypatch.setattr(audit.time, "sleep", end)
    assert [request.code for request in Audit(file).writes()] == [201]


def test_what_never_ends_is_an_error_and_no_silence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "SETTLE_SECONDS", 0.0)
    file = tmp_path / "demo-audit.log"
    file.write_text(event("a", "RequestReceived"))
    with pytest.raises(AuditError, match="create /api/v1/namespaces/default/pods does not end"):
        Audit(file).writes()


@pytest.mark.parametrize(
    "how",
    [
        {"requestURI": "/api/v1/namespaces/default/pods?dryRun=All&fieldManager=x"},
        {"verb": "delete", "requestObject": {"kind": "DeleteOptions", "dryRun": ["All"]}},
        {"requestObject": {"kind": "Eviction", "deleteOptions": {"dryRun": ["All"]}}},
    ],
    ids=["query", "deletion", "eviction"],
)
def test_a_dry_run_is_no_write_wherever_it_is_said(tmp_path: Path, how: dict[str, Any]) -> None:
    file = tmp_path / "demo-audit.log"
    file.write_text(event("a", **how) + event("b"))
    assert [request.dry_run for request in Audit(file).requests()] == [True, False]
    assert ids(Audit(file)) == ["b"]


def test_subresource_and_group_are_part_of_the_resource(tmp_path: Path) -> None:
    file = tmp_path / "demo-audit.log"
    place = {"resource": "deployments", "apiGroup": "apps", "subresource": "scale", "namespace": "a", "name": "web"}
    file.write_text(event("a", objectRef=place))
    assert [request.resource for request in Audit(file).writes()] == ["deployments.apps/scale"]

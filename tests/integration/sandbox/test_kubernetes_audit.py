"""The audit log of a real API server, by bare kubectl. The tests stand in the order of a cluster's life."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.kubernetes.audit import AuditError, Request
from tests.integration.sandbox.place import Cluster, Place, until

USER = "arn:aws:iam::123456789012:user/sandbox"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    found = Place(tmp_path_factory.mktemp("sandbox"))
    found.command("up")
    Cluster(found, "demo").wait()
    until(found.reachable, "the operator is known")
    yield found
    found.command("down")


def told(*requests: Request) -> list[tuple[str, str, str, str, int]]:
    assert {request.user for request in requests} <= {USER}
    return [(entry.verb, entry.resource, entry.namespace, entry.name, entry.code) for entry in requests]


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    """A ConfigMap `applied`, to be applied."""
    file = tmp_path / "manifest.yml"
    document = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "applied"}, "data": {"a": "1"}}
    file.write_text(json.dumps(document))
    return file


def test_each_write_is_told_and_nothing_else(place: Place, manifest: Path) -> None:
    audit = place.audit()
    mark = audit.mark()
    apply = ("apply", "--server-side", "--field-manager=witness", f"--filename={manifest}")
    place.kubectl("create", "configmap", "created", "--from-literal=a=1")
    place.kubectl(*apply)
    place.kubectl(*apply)
    place.kubectl("create", "deployment", "web", "--image=example.org/web:1")
    place.kubectl("scale", "deployment/web", "--replicas=2")
    place.kubectl("rollout", "status", "deployment/web", "--timeout=5s", code=1)  # there are no nodes; it only reads
    place.kubectl("auth", "can-i", "create", "pods")
    place.kubectl("delete", "configmap", "created")
    assert told(*audit.requests(mark)) == [
        ("create", "configmaps", "default", "created", 201),
        ("patch", "configmaps", "default", "applied", 201),
        ("patch", "configmaps", "default", "applied", 200),
        ("create", "deployments.apps", "default", "web", 201),
        ("patch", "deployments.apps/scale", "default", "web", 200),
        ("delete", "configmaps", "default", "created", 200),
    ]
    assert audit.writes(mark) == audit.requests(mark)
    assert [request.field_manager for request in audit.writes(mark)[:3]] == ["kubectl-create", "witness", "witness"]


def test_a_dry_run_is_no_write(place: Place, manifest: Path) -> None:
    audit = place.audit()
    mark = audit.mark()
    place.kubectl("apply", "--server-side", "--dry-run=server", f"--filename={manifest}")
    place.kubectl("create", "configmap", "tried", "--from-literal=a=1", "--dry-run=server")
    place.kubectl("delete", "configmap", "applied", "--dry-run=server")
    assert told(*audit.requests(mark)) == [
        ("patch", "configmaps", "default", "applied", 200),
        ("create", "configmaps", "default", "tried", 201),
        ("delete", "configmaps", "default", "applied", 200),
    ]
    assert audit.writes(mark) == []
    assert "applied" in place.kubectl("get", "configmaps")


def test_what_was_refused_is_told_with_its_code(place: Place) -> None:
    audit = place.audit()
    mark = audit.mark()
    place.kubectl("create", "configmap", "applied", "--from-literal=a=1", code=1)
    place.kubectl("delete", "configmap", "missing", code=1)
    assert told(*audit.writes(mark)) == [
        ("create", "configmaps", "default", "applied", 409),
        ("delete", "configmaps", "default", "missing", 404),
    ]


def test_the_command_line_tells_the_same(place: Place) -> None:
    audit = place.audit()
    mark = audit.mark()
    place.kubectl("delete", "configmap", "applied")
    (line,) = place.command("audit", "demo", "--since", mark)[0].splitlines()
    assert json.loads(line) == dataclasses.asdict(audit.writes(mark)[0])
    _, refused = place.command("audit", "other", code=1)
    assert refused == "sandbox: 0 control planes are meant; those that run: demo in eu-west-1\n"


def test_marks_outlive_a_restore_and_mean_no_other_cluster(place: Place) -> None:
    audit = place.audit()
    mark = audit.mark()
    place.kubectl("create", "configmap", "before", "--from-literal=a=1")
    place.command("snapshot", "kept")
    until(place.reachable, "control plane back")
    place.kubectl("create", "configmap", "undone", "--from-literal=a=1")
    place.command("restore", "kept")
    place.kubectl("create", "configmap", "after", "--from-literal=a=1")
    assert [request.name for request in place.audit().writes(mark)] == ["before", "undone", "after"]
    place.command("reset")
    Cluster(place, "demo").wait()
    until(place.reachable, "the operator is known")
    assert place.audit().requests() == []
    with pytest.raises(AuditError, match="does not have the mark"):
        place.audit().writes(mark)

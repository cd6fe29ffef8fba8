"""What a check run knows of resources that do not stand yet."""

from __future__ import annotations

from ansible_collections.slipway.platform.plugins.module_utils._core.known import Known
from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Action, Change, Plan, Ref, Resource

CLUSTER = Ref("eks_cluster", "demo")


def test_a_planned_resource_tells_later_tasks_what_it_will_be() -> None:
    known = Known()
    known.plan(Plan((Change(CLUSTER, Action.CREATE),)), {CLUSTER: Resource(CLUSTER, extra={"version": "1.35"})})
    assert known.entry(CLUSTER) == {"state": "planned", "version": "1.35"}


def test_a_planned_update_changes_what_is_known_and_keeps_the_identifier() -> None:
    known = Known({"eks_cluster": {"demo": {"state": "found", "id": "demo", "version": "1.34", "status": "ACTIVE"}}})
    known.plan(Plan((Change(CLUSTER, Action.UPDATE),)), {CLUSTER: Resource(CLUSTER, extra={"version": "1.35"})})
    assert known.entry(CLUSTER) == {"state": "found", "id": "demo", "version": "1.35", "status": "ACTIVE"}


def test_a_planned_deletion_is_known() -> None:
    known = Known({"eks_cluster": {"demo": {"state": "found", "id": "demo"}}})
    known.plan(Plan((Change(CLUSTER, Action.DELETE),)), {})
    assert known.deleted(CLUSTER)

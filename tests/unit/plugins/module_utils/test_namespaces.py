"""What `namespaces` declares, plans and refuses."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.slipway.platform.plugins.module_utils._aws.account import Account
from ansible_collections.slipway.platform.plugins.module_utils._boxes.namespaces.box import BOX
from ansible_collections.slipway.platform.plugins.module_utils._core.options import checked
from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Found, Impossible, Ref, Refusal, plan
from ansible_collections.slipway.platform.plugins.module_utils._kubernetes.core import limit_ranges, namespaces

ACCOUNT = Account("123456789012", "eu-west-1")


def spec(*entries: dict[str, Any], **options: Any) -> Any:
    params = checked(BOX.specification, {"platform_name": "demo", "namespaces": list(entries), **options})
    return BOX.parse(params, ACCOUNT)


def space(**changed: Any) -> dict[str, Any]:
    return {"name": "team", **changed}


def limit(**changed: Any) -> dict[str, Any]:
    return space(limit_range={"limits": [{"type": "Container", **changed}]})


RESOURCES = (
    "a resource that a quota can limit is allowed, such as requests.cpu, limits.memory, pods, requests.storage, "
)
NAME = "allowed are 1 to 63 lower-case letters, digits and hyphens, beginning and ending with a letter or digit"
QUANTITY = "a Kubernetes quantity from 0 to 2^63-1 is allowed, in quotes, such as '500m', '2' or '10Gi'"
KEY = (
    "a key has 1 to 63 letters, digits and _.-, beginning and ending with a letter or digit, and may have a domain "
    "and / in front"
)
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "name": (
        space(name="Team"),
        f"name is 'Team'; {NAME}.",
    ),
    "label key": (space(labels={"a b": "c"}), f"labels.a b is 'c'; {KEY}."),
    "reserved label": (
        space(labels={"slipway.platform/platform": "x"}),
        "labels.slipway.platform/platform is 'x'; this key is reserved.",
    ),
    "label of others": (
        space(labels={"kubernetes.io/metadata.name": "x"}),
        "labels.kubernetes.io/metadata.name is 'x'; this key is reserved.",
    ),
    "label of pod security": (
        space(labels={"pod-security.kubernetes.io/warn": "baseline"}),
        "labels.pod-security.kubernetes.io/warn is 'baseline'; the option pod_security is there for it.",
    ),
    "annotation": (
        space(annotations={"a": 1}),
        "annotations.a is 1; a value is a text (in quotes where it looks like a number or true).",
    ),
    "level": (
        space(pod_security={"enforce": "strict"}),
        "pod_security.enforce is 'strict'; allowed are privileged, baseline, restricted.",
    ),
    "version alone": (
        space(pod_security={"warn_version": "latest"}),
        "pod_security.warn_version is 'latest'; it is allowed with warn only.",
    ),
    "version": (
        space(pod_security={"warn": "baseline", "warn_version": "1.35"}),
        "pod_security.warn_version is '1.35'; latest is allowed, or a Kubernetes minor such as v1.35.",
    ),
    "no quota": (
        space(quota={"hard": {}}),
        "quota.hard is {}; at least one resource is required; leave the quota out where there is none.",
    ),
    "quota of nothing": (
        space(quota={"hard": {"cores": "1"}}),
        f"quota.hard.cores is '1'; {RESOURCES}count/deployments.apps or requests.nvidia.com/gpu.",
    ),
    "quantity": (
        space(quota={"hard": {"cpu": "1 core"}}),
        f"quota.hard.cpu is '1 core'; {QUANTITY}.",
    ),
    "half a pod": (space(quota={"hard": {"pods": "500m"}}), "quota.hard.pods is '500m'; a whole number is allowed."),
    "no limits": (
        space(limit_range={"limits": []}),
        "limit_range.limits is []; at least one limit is required; leave the limit range out where there is none.",
    ),
    "an empty limit": (
        limit(),
        "limit_range.limits[0] is 'Container'; at least one of max, min, default, default_request is required for it.",
    ),
    "type": (
        limit(type="Node"),
        "limit_range.limits[0].type is 'Node'; allowed are Container, Pod, PersistentVolumeClaim.",
    ),
    "type twice": (
        space(limit_range={"limits": [{"type": "Pod", "max": {"cpu": "1"}}] * 2}),
        "limit_range.limits[1].type is 'Pod'; each type is allowed once.",
    ),
    "resource": (
        limit(max={"storage": "1Gi"}),
        "limit_range.limits[0].max.storage is '1Gi'; allowed for Container are cpu, memory, ephemeral-storage.",
    ),
    "default of a pod": (
        limit(type="Pod", default={"cpu": "1"}),
        "limit_range.limits[0].default is {'cpu': '1'}; it is not allowed for Pod.",
    ),
    "a claim without bounds": (
        limit(type="PersistentVolumeClaim", default={"storage": "1Gi"}),
        "limit_range.limits[0] is 'PersistentVolumeClaim'; max or min of storage is required for it.",
    ),
    "order": (
        limit(max={"cpu": "1"}, default={"cpu": "1500m"}),
        "limit_range.limits[0].default.cpu is '1500m'; at most max is allowed, which is 1.",
    ),
    "order of the least": (
        limit(min={"memory": "2Gi"}, default={"memory": "1Gi"}),
        "limit_range.limits[0].min.memory is '2Gi'; at most default is allowed, which is 1Gi.",
    ),
    "ratio": (
        limit(max_limit_request_ratio={"cpu": "0.5"}),
        "limit_range.limits[0].max_limit_request_ratio.cpu is '0.5'; 1 or more is allowed.",
    ),
}


@pytest.mark.parametrize(("entry", "sentence"), REFUSED.values(), ids=REFUSED.keys())
def test_bad_input_is_one_sentence(entry: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Refusal) as refused:
        spec(space(name="first"), entry)
    assert str(refused.value) == f"namespaces[1].{sentence}"


def test_each_name_once() -> None:
    with pytest.raises(Refusal, match=r"namespaces\[1\]\.name is 'team'; each name is allowed once"):
        spec(space(), space())


@pytest.mark.parametrize(
    "resource",
    [
        "cpu",
        "requests.memory",
        "pods",
        "count/pods",
        "requests.nvidia.com/gpu",
        "hugepages-2Mi",
        "requests.hugepages-1Gi",
        "gold.storageclass.storage.k8s.io/requests.storage",
        "services.loadbalancers",
    ],
)
def test_what_a_quota_can_limit(resource: str) -> None:
    assert spec(space(quota={"hard": {resource: 2}})).namespaces[0].quota == {resource: "2"}


def test_what_the_api_server_fills_in_is_part_of_the_plan() -> None:
    given = {"type": "Container", "max": {"cpu": "2"}, "min": {"memory": "64Mi"}, "defaultRequest": {"cpu": "1"}}
    assert limit_ranges.defaulted(given) == {
        **given,
        "default": {"cpu": "2"},
        "defaultRequest": {"cpu": "1", "memory": "64Mi"},
    }
    assert limit_ranges.defaulted({"type": "Pod", "max": {"cpu": "2"}}) == {"type": "Pod", "max": {"cpu": "2"}}


def test_limits_have_no_order() -> None:
    first, second = {"type": "Pod", "max": {"cpu": "2"}}, {"type": "PersistentVolumeClaim", "max": {"storage": "1Gi"}}
    one, other = (spec(space(limit_range={"limits": entries})) for entries in ([first, second], [second, first]))
    assert one == other
    assert limit_ranges.alike([first, second], []) == limit_ranges.alike([second, first], [])


IDENTITY = {"app.kubernetes.io/managed-by": "slipway", "slipway.platform/platform": "demo"}


def stands(name: str = "team", **attributes: Any) -> dict[Ref, Found]:
    before = {"annotations": {}, "cluster": "demo", "labels": IDENTITY, "pod_security": {}, "uid": "1", **attributes}
    return {Ref("namespace", name): Found(name, before, IDENTITY)}


def test_what_is_not_named_is_kept() -> None:
    observed = stands(labels={**IDENTITY, "team": "a"}, annotations={"b": "c"}, pod_security={"warn": "baseline"})
    (resource,) = BOX.declare(spec(space()), observed)
    assert resource.attributes == {"cluster": Ref("eks_cluster", "demo"), "labels": {**IDENTITY, "team": "a"}}
    made = namespaces.manifest("team", {**observed[resource.ref].attributes, **resource.attributes})
    assert made["metadata"]["labels"] == {**IDENTITY, "team": "a", "pod-security.kubernetes.io/warn": "baseline"}
    assert made["metadata"]["annotations"] == {"b": "c"}


def test_an_empty_mapping_takes_ours_away() -> None:
    observed = stands(labels={**IDENTITY, "team": "a"}, annotations={"b": "c"})
    (resource,) = BOX.declare(spec(space(labels={}, annotations={}, pod_security={})), observed)
    made = namespaces.manifest("team", {**observed[resource.ref].attributes, **resource.attributes})
    assert made == {"metadata": {"name": "team", "labels": IDENTITY}}


def refuse(entries: list[dict[str, Any]], observed: dict[Ref, Found], **options: Any) -> None:
    wanted = spec(*entries, **options)
    BOX.guard(wanted, observed, plan(BOX.declare(wanted, observed), observed, BOX.kinds))


@pytest.mark.parametrize("name", ["default", "kube-system", "kube-public", "kube-node-lease"])
def test_kubernetes_own_namespaces_are_never_deleted(name: str) -> None:
    observed = stands(name)
    for entries, options in (([], {}), ([space(name=name)], {"state": "absent"})):
        with pytest.raises(Impossible) as refused:
            refuse(entries, observed, **options)
        assert str(refused.value) == (
            f"namespace '{name}' is Kubernetes' own and is not deleted; take the label slipway.platform/platform off "
            "it to leave it alone."
        )
    refuse([space(name=name)], observed)


def test_volumes_go_with_a_namespace_only_if_told_so() -> None:
    observed = stands(persistent_volume_claims=["d", "a", "b", "c"])
    with pytest.raises(Impossible) as refused:
        refuse([], observed)
    assert str(refused.value) == (
        "namespace 'team' holds the persistent volume claims a, b, c and 1 more, whose volumes would go with it; set "
        "delete_volumes to true, or delete or move them first."
    )
    refuse([], observed, delete_volumes=True)
    refuse([], stands(persistent_volume_claims=[]))


def condition(kind: str, status: str, message: str) -> dict[str, str]:
    return {"type": kind, "status": status, "message": message}


def test_what_is_in_the_way_of_a_deletion_is_told() -> None:
    conditions = [
        condition("NamespaceDeletionContentFailure", "False", "All content successfully deleted"),
        condition(
            "NamespaceContentRemaining", "True", "Some resources are remaining: configmaps. has 1 resource instances"
        ),
        condition("NamespaceFinalizersRemaining", "True", "Some content has finalizers remaining: a/b in 1 instances."),
    ]
    thing = {"metadata": {"name": "team"}, "status": {"phase": "Terminating", "conditions": conditions}}
    assert namespaces.progress(thing) == (
        "Terminating (Some resources are remaining: configmaps. has 1 resource instances; Some content has finalizers "
        "remaining: a/b in 1 instances)"
    )
    assert namespaces.progress({"metadata": {"finalizers": ["x/y"]}}) == (
        "Terminating (the namespace itself has the finalizers x/y)"
    )
    assert namespaces.progress({"metadata": {}}) == "Terminating"

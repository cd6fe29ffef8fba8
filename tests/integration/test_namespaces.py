"""A life of the module namespaces, inside a cluster with a real API server."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.slipway.platform.plugins.module_utils._boxes.namespaces.box import BOX
from ansible_collections.slipway.platform.plugins.module_utils._core.apply import ApplyFailure
from ansible_collections.slipway.platform.plugins.module_utils._core.known import Known
from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Impossible, Refusal
from ansible_collections.slipway.platform.plugins.module_utils._core.provider import Failure
from ansible_collections.slipway.platform.plugins.module_utils._core.wait import Wait, WaitFailed

from .clusters import Inside
from .life import Life

KINDS = {"namespaces": "namespace", "resourcequotas": "resource_quota", "limitranges": "limit_range"}
WRITES = {f"{verb} {plural}": {kind} for plural, kind in KINDS.items() for verb in ("patch", "delete")}


def space(**changed: Any) -> dict[str, Any]:
    return {"name": "team", **changed}


@pytest.fixture
def life(inside: Inside) -> Life:
    return Life(inside, BOX, WRITES, namespaces=[space()])


CONTAINER = {"type": "Container", "max": {"cpu": "2"}, "min": {"memory": "64Mi"}, "default": {"memory": "1Gi"}}
WHOLE = space(
    labels={"team": "a"},
    annotations={"example.com/owner": "us"},
    pod_security={"enforce": "baseline", "enforce_version": "latest", "warn": "restricted"},
    quota={"hard": {"requests.cpu": "4000m", "limits.memory": "8192Mi", "pods": 20}},
    limit_range={"limits": [CONTAINER, {"type": "PersistentVolumeClaim", "max": {"storage": "100Gi"}}]},
)


def test_life(life: Life) -> None:
    assert life.turn(namespaces=[WHOLE, space(name="other")]) == [
        "create namespace team",
        "create namespace other",
        "create resource_quota team/slipway",
        "create limit_range team/slipway",
    ]
    changes = {
        "labels.team": {"labels": {"team": "b"}},
        "annotations.example.com/owner": {"annotations": {"example.com/owner": "you"}},
        "pod_security.enforce": {"pod_security": {**WHOLE["pod_security"], "enforce": "restricted"}},
        "pod_security.enforce-version": {"pod_security": {**WHOLE["pod_security"], "enforce_version": "v1.33"}},
        "pod_security.warn": {"pod_security": {"enforce": "baseline", "enforce_version": "latest"}},
        "pod_security.audit": {"pod_security": {**WHOLE["pod_security"], "audit": "baseline"}},
    }
    for path, changed in changes.items():
        assert life.turn(namespaces=[{**WHOLE, **changed}, space(name="other")]) == [f"update namespace team {path}"]
        assert life.turn(namespaces=[WHOLE, space(name="other")]) == [f"update namespace team {path}"]
    assert life.turn(namespaces=[{**WHOLE, "quota": {"hard": {"requests.cpu": "4", "pods": 21}}}]) == [
        "update resource_quota team/slipway hard.limits.memory,hard.pods",
        "delete namespace other",
    ]
    smaller = {"limits": [{**CONTAINER, "max": {"cpu": "1"}}]}
    assert life.turn(namespaces=[{**WHOLE, "limit_range": smaller, "quota": None}]) == [
        "update limit_range team/slipway limits",
        "delete resource_quota team/slipway",
    ]
    assert life.turn(namespaces=[space()]) == ["delete limit_range team/slipway"]
    (emptied,) = life.turn(namespaces=[space(labels={}, annotations={}, pod_security={})])
    assert emptied == (
        "update namespace team annotations.example.com/owner,labels.team,pod_security.enforce,"
        "pod_security.enforce-version,pod_security.warn"
    )
    assert life.turn(state="absent") == ["delete namespace team"]
    assert life.turn(state="absent") == []


def test_what_stands_is_what_was_declared(inside: Inside, life: Life) -> None:
    life.turn(namespaces=[WHOLE])
    found = inside.resources()
    identity = {"app.kubernetes.io/managed-by": "slipway", "slipway.platform/platform": "demo"}
    team = found["namespace /team"]
    assert team["annotations"] == {"example.com/owner": "us"}
    assert team["labels"] == {
        **identity,
        "kubernetes.io/metadata.name": "team",
        "pod-security.kubernetes.io/enforce": "baseline",
        "pod-security.kubernetes.io/enforce-version": "latest",
        "pod-security.kubernetes.io/warn": "restricted",
        "team": "a",
    }
    quota, limits = found["quota team/slipway"], found["limit range team/slipway"]
    assert quota["labels"] == limits["labels"] == identity
    assert quota["spec"] == {"hard": {"limits.memory": "8Gi", "pods": "20", "requests.cpu": "4"}}
    container, claim = limits["spec"]["limits"]
    assert container["defaultRequest"] == {"cpu": "2", "memory": "1Gi"}
    assert container["default"] == {"cpu": "2", "memory": "1Gi"}
    assert claim == {"type": "PersistentVolumeClaim", "max": {"storage": "100Gi"}}
    assert {write["manager"] for write in inside.writes()} <= {"slipway"}


def test_the_requests_of_an_unchanged_run(inside: Inside, life: Life) -> None:
    """Three lists side by side; no trial where nothing is to change."""
    life.turn(namespaces=[WHOLE])
    connection = inside.connection()
    asked: list[tuple[str, str]] = []
    assert connection.reach("demo", Known())
    request = connection.client._request

    def counted(method: str, path: str, *more: Any) -> Any:
        asked.append((method, path))
        return request(method, path, *more)

    connection.client._request = counted  # type: ignore[method-assign]
    assert not life.run(check_mode=False, connection=connection, namespaces=[WHOLE]).plan
    paths = ["/api/v1/limitranges", "/api/v1/namespaces", "/api/v1/resourcequotas"]
    assert sorted(asked) == [("GET", path) for path in paths]


def test_how_a_quantity_is_written_is_no_difference(life: Life) -> None:
    life.turn(namespaces=[space(quota={"hard": {"limits.memory": "1Gi", "cpu": "1"}})])
    assert life.turn(namespaces=[space(quota={"hard": {"limits.memory": "1024Mi", "cpu": "1000m"}})]) == []


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"namespaces": [space(name="Team")]}, "namespaces[0].name is 'Team'; allowed are 1 to 63 lower-case"),
        ({"namespaces": [space(), space()]}, "namespaces[1].name is 'team'; each name is allowed once."),
        ({"namespaces": [space(quota={"hard": {"pods": "some"}})]}, "namespaces[0].quota.hard.pods is 'some'; a Kuber"),
        ({"platform_name": "Demo"}, "platform_name is 'Demo'; allowed are 2 to 20"),
        (
            {"tags": {}},
            "tags is {}; it is unknown, allowed are account_id, adopt, confirmation, delete_volumes, force_",
        ),
        ({"confirmation": "other"}, "confirmation is 'other'; 'demo' is required"),
    ],
)
def test_bad_input_is_refused_before_the_first_write(life: Life, options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Refusal) as refused:
        life.run(check_mode=False, **options)
    assert str(refused.value).startswith(sentence)
    assert life.emulator.writes() == []


def test_what_the_api_server_refuses_is_known_before_the_first_write(inside: Inside, life: Life) -> None:
    """Here a rule of the cluster's own, which only the API server knows."""
    life.turn()
    inside.place.kubectl("apply", "--server-side", "--filename=-", stdin=POLICY)
    _until_refused(inside)
    inside.forget()
    for check_mode in (True, False):
        with pytest.raises(Failure) as refused:
            life.run(check_mode=check_mode, namespaces=[space(name="first"), space(labels={"team": "forbidden"})])
        assert "A trial of namespace 'team' failed: the API server of eks cluster 'demo' answers 422 Invalid: " in str(
            refused.value
        )
        assert "no such team" in str(refused.value)
    assert inside.writes() == []
    inside.place.kubectl("delete", "validatingadmissionpolicy,validatingadmissionpolicybinding", "teams")


POLICY = """
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: teams}
spec:
  matchConstraints:
    resourceRules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [namespaces]}]
  validations:
    - expression: "!has(object.metadata.labels) || !('team' in object.metadata.labels) ||
        object.metadata.labels['team'] != 'forbidden'"
      message: no such team
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: teams}
spec: {policyName: teams, validationActions: [Deny]}
"""


def _until_refused(inside: Inside) -> None:
    """A policy is in force a moment after it was made."""
    for _ in range(100):
        try:
            inside.place.kubectl("label", "namespace", "team", "team=forbidden", "--dry-run=server", code=1)
            return
        except AssertionError:
            time.sleep(0.1)


def test_changes_by_hand_are_undone(inside: Inside, life: Life) -> None:
    life.turn(namespaces=[WHOLE])
    kubectl = inside.place.kubectl
    kubectl("label", "namespace", "team", "team=hand", "pod-security.kubernetes.io/warn-", "--overwrite")
    kubectl("annotate", "namespace", "team", "example.com/owner=hand", "--overwrite")
    kubectl("patch", "quota", "slipway", "--namespace=team", '--patch={"spec":{"hard":{"pods":"1"}}}')
    limits = '[{"op":"replace","path":"/spec/limits/0/max/cpu","value":"3"}]'
    kubectl("patch", "limitrange", "slipway", "--namespace=team", "--type=json", f"--patch={limits}")
    assert life.turn(namespaces=[WHOLE]) == [
        "update namespace team annotations.example.com/owner,labels.team,pod_security.warn",
        "update resource_quota team/slipway hard.pods",
        "update limit_range team/slipway limits",
    ]


def test_what_others_set_beside_is_kept(inside: Inside, life: Life) -> None:
    life.turn(namespaces=[WHOLE])
    kubectl = inside.place.kubectl
    kubectl("label", "namespace", "team", "other=hand")
    kubectl("annotate", "namespace", "team", "other=hand")
    kubectl("patch", "quota", "slipway", "--namespace=team", '--patch={"spec":{"hard":{"secrets":"9"}}}')
    assert life.turn(namespaces=[WHOLE]) == []
    assert life.turn(namespaces=[{**WHOLE, "labels": {"team": "b"}}]) == ["update namespace team labels.team"]
    found = inside.resources()
    assert found["namespace /team"]["labels"]["other"] == found["namespace /team"]["annotations"]["other"] == "hand"
    assert found["quota team/slipway"]["spec"]["hard"]["secrets"] == "9"


def test_what_was_deleted_by_hand_is_made_again(inside: Inside, life: Life) -> None:
    life.turn(namespaces=[WHOLE])
    inside.place.kubectl("delete", "quota", "slipway", "--namespace=team")
    assert life.turn(namespaces=[WHOLE]) == ["create resource_quota team/slipway"]
    inside.place.kubectl("delete", "namespace", "team")
    assert [line.split()[0] for line in life.turn(namespaces=[WHOLE])] == ["create"] * 3


def test_a_namespace_of_others_is_refused_or_adopted(inside: Inside, life: Life) -> None:
    inside.place.kubectl("create", "namespace", "team")
    inside.place.kubectl("create", "quota", "slipway", "--namespace=team", "--hard=pods=1")
    inside.forget()
    wanted = [space(labels={"team": "a"}, quota={"hard": {"pods": 2}})]
    for check_mode in (True, False):
        with pytest.raises(
            Impossible, match=r"namespace 'team' exists without the label slipway\.platform/platform=demo"
        ):
            life.run(check_mode=check_mode, namespaces=wanted)
    assert inside.writes() == []
    uid = inside.resources()["namespace /team"]["uid"]
    identity = "labels.app.kubernetes.io/managed-by,labels.slipway.platform/platform"
    assert life.turn(adopt=True, namespaces=wanted) == [
        f"update namespace team {identity},labels.team",
        f"update resource_quota team/slipway hard.pods,{identity}",
    ]
    assert inside.resources()["namespace /team"]["uid"] == uid
    assert life.turn(namespaces=wanted) == []


def test_namespaces_of_others_are_left_alone(inside: Inside, life: Life) -> None:
    life.turn()
    kubectl = inside.place.kubectl
    kubectl("create", "namespace", "of-others")
    kubectl("create", "namespace", "of-platform")
    kubectl("label", "namespace", "of-platform", "slipway.platform/platform=other")
    assert life.turn(state="absent") == ["delete namespace team"]
    assert {"namespace /of-others", "namespace /of-platform"} <= set(inside.resources())
    with pytest.raises(Impossible, match="namespace 'of-platform' belongs to the platform 'other'"):
        life.run(check_mode=True, adopt=True, namespaces=[space(name="of-platform")])


def test_another_manager_is_named_and_overruled_only_if_told_so(inside: Inside, life: Life) -> None:
    life.turn(namespaces=[WHOLE])
    document = "{apiVersion: v1, kind: Namespace, metadata: {name: team, labels: {team: theirs}}}"
    apply = ("apply", "--server-side", "--force-conflicts", "--field-manager=their-operator", "--filename=-")
    inside.place.kubectl(*apply, stdin=document)
    inside.forget()
    for check_mode in (True, False):
        with pytest.raises(Failure) as refused:
            life.run(check_mode=check_mode, namespaces=[WHOLE])
        assert str(refused.value) == (
            "A trial of namespace 'team' failed: it belongs in part to others, .metadata.labels.team to the field "
            "manager 'their-operator'; set force_conflicts to true to take that over, or leave it out of the options."
        )
    assert inside.writes() == []
    assert life.turn(namespaces=[space(labels={}, pod_security=WHOLE["pod_security"])])[-1:] != []
    assert inside.resources()["namespace /team"]["labels"]["team"] == "theirs"
    assert "update namespace team labels.team" in life.turn(namespaces=[WHOLE], force_conflicts=True)
    assert inside.resources()["namespace /team"]["labels"]["team"] == "a"


def stick(inside: Inside, finalizers: str = '["example.com/stuck"]') -> None:
    patch = f'--patch={{"metadata":{{"finalizers":{finalizers}}}}}'
    inside.place.kubectl("patch", "configmap", "stuck", "--namespace=team", "--type=merge", patch)


def test_a_namespace_that_is_stuck_is_waited_for_and_what_blocks_is_named(inside: Inside, life: Life) -> None:
    life.turn()
    inside.place.kubectl("create", "configmap", "stuck", "--namespace=team")
    stick(inside)
    (kind, *others) = BOX.kinds
    impatient = replace(BOX, kinds=(replace(kind, wait_gone=Wait(usual=1, timeout=12)), *others))
    try:
        life.box = impatient
        with pytest.raises(ApplyFailure) as failed:
            life.run(check_mode=False, state="absent")
        blocked = "Some content in the namespace has finalizers remaining: example.com/stuck in 1 resource instances"
        assert str(failed.value).startswith(
            "Waiting for what was made failed: the deletion of namespace 'team' is still Terminating ("
        )
        assert blocked in str(failed.value)
        assert any(blocked in line for line in inside.said)
        with pytest.raises(WaitFailed, match="the deletion of namespace 'team' is still Terminating"):
            life.run(check_mode=False)
        life.box = BOX
        assert [change.action for change in life.run(check_mode=True).plan.changes] == ["create"]
        timer = threading.Timer(2, stick, [inside, "null"])
        timer.start()
        assert [change.action for change in life.run(check_mode=False).plan.changes] == ["create"]
        timer.join()
    finally:
        if any(key == "config map team/stuck" for key in inside.resources()):
            stick(inside, "null")


def test_a_namespace_with_volumes_is_kept_unless_told_otherwise(inside: Inside, life: Life) -> None:
    life.turn()
    claim = (
        "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: data, namespace: team}, "
        "spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}"
    )
    inside.place.kubectl("create", "--filename=-", stdin=claim)
    inside.forget()
    for check_mode in (True, False):
        with pytest.raises(Impossible, match="namespace 'team' holds the persistent volume claims data, whose volumes"):
            life.run(check_mode=check_mode, state="absent")
    assert inside.writes() == []
    assert life.turn(state="absent", delete_volumes=True) == ["delete namespace team"]


def test_kubernetes_own_namespaces_are_adopted_but_never_deleted(inside: Inside, life: Life) -> None:
    wanted = [space(name="default", pod_security={"warn": "restricted"})]
    try:
        assert life.turn(adopt=True, namespaces=wanted)[0].startswith("update namespace default ")
        inside.forget()
        for options in ({"state": "absent"}, {"namespaces": []}):
            with pytest.raises(Impossible, match="namespace 'default' is Kubernetes' own and is not deleted"):
                life.run(check_mode=False, **options)
        assert inside.writes() == []
    finally:
        keys = ["slipway.platform/platform-", "app.kubernetes.io/managed-by-", "pod-security.kubernetes.io/warn-"]
        inside.place.kubectl("label", "namespace", "default", *keys)


def test_who_may_not_write_is_told_who_and_what(inside: Inside, life: Life) -> None:
    """A plan needs no right to write, a run does."""
    iam, eks = inside.place.client("iam"), inside.cluster.eks
    arn = iam.create_user(UserName="planner")["User"]["Arn"]
    key = iam.create_access_key(UserName="planner")["AccessKey"]
    eks.create_access_entry(clusterName="demo", principalArn=arn)
    policy = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSAdminViewPolicy"
    eks.associate_access_policy(clusterName="demo", principalArn=arn, policyArn=policy, accessScope={"type": "cluster"})
    reader = inside.connection(key["AccessKeyId"], key["SecretAccessKey"])
    wanted = {"namespaces": [WHOLE]}
    planned = _patiently(lambda: life.run(check_mode=True, connection=reader, **wanted))
    assert len(planned.plan.changes) == 3
    with pytest.raises(ApplyFailure) as failed:
        life.run(check_mode=False, connection=reader, **wanted)
    assert str(failed.value) == (
        f"Creating namespace 'team' failed: {arn} may not patch namespaces in namespace 'team' in eks cluster 'demo' "
        "(403 Forbidden). Give its access entry an access policy that allows this, such as AmazonEKSClusterAdminPolicy."
    )
    eks.delete_access_entry(clusterName="demo", principalArn=arn)
    with pytest.raises(Failure) as refused:
        _until_unknown(lambda: life.run(check_mode=True, connection=inside.connection(*key_of(key)), **wanted))
    assert str(refused.value) == (
        "Reading the namespaces of platform 'demo' failed: eks cluster 'demo' does not admit the caller (401 "
        f"Unauthorized). Name the IAM role of {arn} in eks_operator_role_arns, or run as one that has an access entry."
    )


def key_of(key: dict[str, str]) -> tuple[str, str]:
    return key["AccessKeyId"], key["SecretAccessKey"]


def _patiently(call: Any) -> Any:
    """Rights of a new access entry count a moment later."""
    for _ in range(50):
        try:
            return call()
        except Failure:
            time.sleep(0.2)
    return call()


def _until_unknown(call: Any) -> None:
    """The rights of an entry that is gone end before the API server has forgotten the caller."""
    for _ in range(100):
        try:
            call()
        except Failure as failure:
            if "403" not in str(failure):
                raise
        time.sleep(0.2)


def test_a_cluster_that_is_only_planned(life: Life) -> None:
    known = {"eks_cluster": {"other": {"state": "planned"}}}
    planned = life.run(check_mode=True, platform_name="other", known=known, namespaces=[WHOLE]).plan.as_list()
    assert [(change["action"], change["kind"]) for change in planned] == [
        ("create", "namespace"),
        ("create", "resource_quota"),
        ("create", "limit_range"),
    ]


def test_a_cluster_that_does_not_stand(life: Life) -> None:
    with pytest.raises(Impossible) as refused:
        life.run(check_mode=True, platform_name="other")
    assert str(refused.value) == (
        "eks cluster 'other' does not exist and no earlier task of this run makes it (role eks does)."
    )
    assert life.run(check_mode=False, platform_name="other", state="absent").plan.as_list() == []

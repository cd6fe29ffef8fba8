"""A life of the module eks_addons."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.slipway.platform.plugins.module_utils._aws.eks.addons import EKS_ADDON
from ansible_collections.slipway.platform.plugins.module_utils._boxes.eks_addons.box import BOX
from ansible_collections.slipway.platform.plugins.module_utils._boxes.eks_cluster.box import BOX as CLUSTER
from ansible_collections.slipway.platform.plugins.module_utils._core.apply import ApplyFailure
from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Impossible, Refusal
from ansible_collections.slipway.platform.plugins.module_utils._core.wait import Wait

from .conftest import ACCOUNT, Emulator
from .foundation import Foundation, lay, make_cluster, make_nodes
from .life import Life, expect_cluster_missing

WRITES = {key: {"eks_addon"} for key in ("CreateAddon", "DeleteAddon", "TagResource", "UntagResource", "UpdateAddon")}
CONFIGURATION = {"enableNetworkPolicy": "true", "env": {"ENABLE_PREFIX_DELEGATION": "true"}}


def vpc_cni(**changed: Any) -> dict[str, Any]:
    return {
        "name": "vpc-cni",
        "before_nodes": True,
        "configuration": CONFIGURATION,
        "service_account": "aws-node",
        "role": "vpc-cni",
        **changed,
    }


def agent(**changed: Any) -> dict[str, Any]:
    return {"name": "eks-pod-identity-agent", "before_nodes": True, **changed}


DNS = {"name": "coredns"}
ALL = [vpc_cni(), agent(), DNS]


@pytest.fixture
def foundation(emulator: Emulator) -> Foundation:
    return lay(emulator)


@pytest.fixture
def life(emulator: Emulator, foundation: Foundation) -> Life:
    make_cluster(emulator, foundation)
    return Life(emulator, BOX, WRITES, addons=[vpc_cni()])


def addon(life: Life, name: str = "vpc-cni") -> dict[str, Any]:
    described: dict[str, Any] = life.emulator.client("eks").describe_addon(clusterName="demo", addonName=name)["addon"]
    return described


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"addons": [DNS, DNS]}, "addons[1].name is 'coredns'; each add-on is allowed once."),
        (
            {"addons": [{"name": "vpc cni"}]},
            "addons[0].name is 'vpc cni'; the name of an EKS add-on is allowed, such as vpc-cni.",
        ),
        (
            {"addons": [vpc_cni(service_account=None)]},
            "addons[0].service_account is not set; role and service_account are required together.",
        ),
        (
            {"addons": [vpc_cni(version="1.21.1")]},
            "addons[0].version is '1.21.1'; the version of an EKS add-on is allowed, such as v1.21.1-eksbuild.3.",
        ),
        (
            {"versions": {"vpc-cni": 1.21}},
            "versions.vpc-cni is 1.21; the version of an EKS add-on is allowed, such as v1.21.1-eksbuild.3.",
        ),
        (
            {"addons": [vpc_cni(version="v1.19.6-eksbuild.7")]},
            (
                "addons[0].version is 'v1.19.6-eksbuild.7'; with Kubernetes 1.35 allowed are v1.21.2-eksbuild.1, "
                "v1.21.1-eksbuild.3, v1.20.5-eksbuild.1, v1.20.4-eksbuild.2."
            ),
        ),
        (
            {"versions": {"vpc-cni": "v1.19.6-eksbuild.7"}},
            (
                "versions.vpc-cni is 'v1.19.6-eksbuild.7'; with Kubernetes 1.35 allowed are v1.21.2-eksbuild.1, "
                "v1.21.1-eksbuild.3, v1.20.5-eksbuild.1, v1.20.4-eksbuild.2."
            ),
        ),
        (
            {"addons": [{"name": "vpc-cnj"}]},
            "add-on of Kubernetes 1.35 is 'vpc-cnj'; EKS does not offer it, see DescribeAddonVersions.",
        ),
        ({"phase": "later"}, "phase is 'later'; allowed are all, before_nodes, after_nodes."),
    ],
)
def test_bad_input_is_refused_before_the_first_write(life: Life, options: dict[str, Any], sentence: str) -> None:
    life.emulator.forget()
    with pytest.raises(Refusal) as refused:
        life.run(check_mode=False, **options)
    assert str(refused.value) == sentence
    assert life.emulator.writes() == []


def test_life(life: Life) -> None:
    assert life.turn() == ["create eks_addon vpc-cni"]
    assert addon(life)["addonVersion"] == "v1.21.1-eksbuild.3", "EKS's default for 1.35"
    assert life.turn(addons=[vpc_cni(version="v1.21.2-eksbuild.1")]) == ["update eks_addon vpc-cni version"]
    assert life.turn() == [], "what is not pinned stays"
    assert life.turn(versions={"vpc-cni": "v1.21.1-eksbuild.3", "coredns": None}) == [
        "update eks_addon vpc-cni version"
    ]
    changed = {"env": {"ENABLE_PREFIX_DELEGATION": "true", "WARM_PREFIX_TARGET": "1"}}
    assert life.turn(addons=[vpc_cni(configuration=changed)]) == [
        "update eks_addon vpc-cni configuration.enableNetworkPolicy,configuration.env.WARM_PREFIX_TARGET"
    ]
    assert life.turn(addons=[vpc_cni(configuration={})]) == ["update eks_addon vpc-cni configuration.env"]
    assert life.turn(addons=[vpc_cni(configuration={}, role="other")]) == [
        "update eks_addon vpc-cni pod_identity.aws-node"
    ]
    assert life.turn(addons=[vpc_cni(configuration={}, role=None, service_account=None)]) == [
        "update eks_addon vpc-cni pod_identity.aws-node"
    ]
    assert life.turn(addons=[vpc_cni(configuration={}), agent()], tags={"Owner": "me"}) == [
        "update eks_addon vpc-cni pod_identity.aws-node,tags.Owner",
        "create eks_addon eks-pod-identity-agent",
    ]
    assert life.turn(addons=[agent()]) == [
        "update eks_addon eks-pod-identity-agent tags.Owner",
        "delete eks_addon vpc-cni",
    ]
    assert life.turn(state="absent") == ["delete eks_addon eks-pod-identity-agent"]
    assert life.turn(state="absent") == []
    assert life.turn() == ["create eks_addon vpc-cni"]


def test_the_phases_leave_each_others_addons_alone(life: Life, foundation: Foundation) -> None:
    before = {"addons": ALL, "phase": "before_nodes"}
    after = {"addons": ALL, "phase": "after_nodes"}
    assert life.turn(**before) == ["create eks_addon vpc-cni", "create eks_addon eks-pod-identity-agent"]
    make_nodes(life.emulator, foundation)
    assert life.turn(**after) == ["create eks_addon coredns"]
    assert life.turn(**before) == []
    assert life.turn(**{**after, "addons": [vpc_cni(), DNS]}) == ["delete eks_addon eks-pod-identity-agent"]
    assert life.turn(**after, state="absent") == ["delete eks_addon coredns"]
    assert life.turn(addons=ALL, state="absent") == ["delete eks_addon vpc-cni"]


def test_nodes_that_are_not_ready_are_waited_for_and_the_wait_tells_why(
    life: Life, foundation: Foundation, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_nodes(life.emulator, foundation)
    kind = EKS_ADDON
    monkeypatch.setitem(kind.__dict__, "wait", Wait(usual=1, timeout=1))
    with pytest.raises(ApplyFailure) as failed:
        life.run(check_mode=False, addons=[DNS])
    assert "eks addon 'coredns' is still DEGRADED (InsufficientNumberOfReplicas: The add-on is unhealthy" in str(
        failed.value
    )


def test_without_nodes_nobody_waits(life: Life) -> None:
    assert life.turn(addons=[DNS]) == ["create eks_addon coredns"]
    assert addon(life, "coredns")["status"] == "DEGRADED"


def test_changes_by_hand_are_undone(life: Life) -> None:
    life.turn()
    eks = life.emulator.client("eks")
    other = {"serviceAccount": "aws-node", "roleArn": f"arn:aws:iam::{ACCOUNT}:role/demo-other"}
    eks.update_addon(
        clusterName="demo",
        addonName="vpc-cni",
        configurationValues=json.dumps({"enableNetworkPolicy": "false"}),
        podIdentityAssociations=[other],
    )
    eks.untag_resource(resourceArn=addon(life)["addonArn"], tagKeys=["Name"])
    assert life.turn() == [
        "update eks_addon vpc-cni configuration.enableNetworkPolicy,configuration.env,pod_identity.aws-node,tags.Name"
    ]


def test_the_same_configuration_written_otherwise_is_no_change(life: Life) -> None:
    life.turn()
    text = json.dumps(CONFIGURATION, indent=4, sort_keys=False)
    life.emulator.client("eks").update_addon(clusterName="demo", addonName="vpc-cni", configurationValues=text)
    assert life.turn() == []


def test_an_addon_that_failed_is_updated_over_what_it_met(emulator: Emulator, foundation: Foundation) -> None:
    make_cluster(emulator, foundation, bootstrapSelfManagedAddons=True)
    life = Life(emulator, BOX, WRITES, addons=[{"name": "kube-proxy"}])
    tags = {"slipway:platform": "demo", "Name": "kube-proxy"}
    emulator.client("eks").create_addon(clusterName="demo", addonName="kube-proxy", tags=tags)
    assert addon(life, "kube-proxy")["status"] == "CREATE_FAILED"
    assert life.turn() == ["update eks_addon kube-proxy failed"]
    assert addon(life, "kube-proxy")["status"] == "ACTIVE"


def test_vpc_cni_moves_one_minor_at_a_time(emulator: Emulator, foundation: Foundation) -> None:
    make_cluster(emulator, foundation, version="1.34")
    life = Life(emulator, BOX, WRITES, addons=[vpc_cni()])
    life.turn(addons=[vpc_cni(version="v1.19.6-eksbuild.7")])
    with pytest.raises(Impossible) as refused:
        life.run(check_mode=False, addons=[vpc_cni(version="v1.21.1-eksbuild.3")])
    assert str(refused.value) == (
        "version of eks addon 'vpc-cni' is 'v1.19.6-eksbuild.7' and cannot become 'v1.21.1-eksbuild.3' at once: "
        "vpc-cni moves "
        "one minor at a time; the next is 'v1.20.5-eksbuild.1'."
    )
    assert life.turn(addons=[vpc_cni(version="v1.20.5-eksbuild.1")]) == ["update eks_addon vpc-cni version"]


def test_addons_of_others_are_left_alone_refused_or_adopted(life: Life) -> None:
    eks = life.emulator.client("eks")
    eks.create_addon(clusterName="demo", addonName="kube-proxy")
    life.turn()
    assert life.turn(addons=[]) == ["delete eks_addon vpc-cni"]
    assert eks.list_addons(clusterName="demo")["addons"] == ["kube-proxy"]
    with pytest.raises(Impossible, match="exists without the tag slipway:platform=demo; set platform_adopt to true"):
        life.run(check_mode=True, addons=[{"name": "kube-proxy"}])
    assert life.turn(addons=[{"name": "kube-proxy"}], adopt=True) == [
        "update eks_addon kube-proxy tags.Name,tags.slipway:platform"
    ]


def test_without_a_cluster_the_error_names_the_role_that_makes_it(emulator: Emulator, foundation: Foundation) -> None:
    life = Life(emulator, BOX, WRITES, addons=ALL)
    expect_cluster_missing(life)


def test_a_planned_cluster_is_enough_for_a_check_run(emulator: Emulator, foundation: Foundation) -> None:
    cluster = Life(emulator, CLUSTER, {}, default_version="1.34")
    life = Life(emulator, BOX, WRITES, addons=ALL, phase="before_nodes")
    planned = life.run(check_mode=True, known=cluster.run(check_mode=True).known)
    emulator.set(seconds={"cluster": 0.5})
    started = cluster.run(check_mode=False, wait=False)
    made = life.run(check_mode=False, known=started.known)
    emulator.set(seconds={"cluster": 0})
    assert json.dumps(planned.plan.as_list()) == json.dumps(made.plan.as_list())


def test_a_planned_upgrade_of_the_cluster_counts_for_its_addons(life: Life) -> None:
    known = Life(life.emulator, CLUSTER, {}).run(check_mode=True, version="1.36", adopt=True).known
    with pytest.raises(Refusal, match=r"with Kubernetes 1\.36 allowed are"):
        life.run(check_mode=True, addons=[vpc_cni(version="v1.20.4-eksbuild.2")], known=known)


def test_an_unchanged_run_makes_few_calls(life: Life) -> None:
    cluster = Life(life.emulator, CLUSTER, {}, default_version="1.35").run(check_mode=True).known
    options = {"addons": ALL, "phase": "before_nodes"}
    known = life.run(check_mode=False, known=cluster, **options).known
    life.emulator.forget()
    life.run(check_mode=False, known=known, **options)
    assert sorted(call["operation"] for call in life.emulator.calls()) == [
        "DescribeAddon",
        "DescribeAddon",
        "DescribePodIdentityAssociation",
        "ListAddons",
    ]

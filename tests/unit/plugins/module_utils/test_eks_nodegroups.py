"""What is declared of groups of nodes: what is refused, and what a plan holds."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.slipway.platform.plugins.module_utils._aws.account import Account
from ansible_collections.slipway.platform.plugins.module_utils._aws.client import Api
from ansible_collections.slipway.platform.plugins.module_utils._aws.eks.model import generation
from ansible_collections.slipway.platform.plugins.module_utils._aws.eks.nodegroups import (
    label_changes,
    nodegroup_ready,
    taint_changes,
)
from ansible_collections.slipway.platform.plugins.module_utils._aws.eks.nodes import groups, images, kubernetes
from ansible_collections.slipway.platform.plugins.module_utils._boxes.eks_nodegroups.box import BOX
from ansible_collections.slipway.platform.plugins.module_utils._boxes.eks_nodegroups.model import (
    EksNodegroups,
)
from ansible_collections.slipway.platform.plugins.module_utils._boxes.eks_nodegroups.plan import answer
from ansible_collections.slipway.platform.plugins.module_utils._core.box import Target
from ansible_collections.slipway.platform.plugins.module_utils._core.options import IN_QUOTES, checked
from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Ref, Refusal

ZONES = ("eu-west-1a", "eu-west-1b", "eu-west-1c")
ACCOUNT = Account(
    "123456789012",
    "eu-west-1",
    zones={zone: f"euw1-az{position}" for position, zone in enumerate(ZONES)},
    offerings={
        "m6i.large": ZONES,
        "m5.large": ZONES,
        "m6g.large": ZONES,
        "z1d.large": ZONES[:2],
        "m9.large": (),
    },
    versions={"1.33": {}, "1.34": {}, "1.35": {}, "1.36": {}},
)
TAINT = {"key": "dedicated", "value": "web", "effect": "NO_SCHEDULE"}
NAME_WORDS = "1 to 63 letters, digits, '-', '_' and '.', beginning and ending with a letter or digit"
TYPES = ", ".join(images.AMI_TYPES)


def group(**changed: Any) -> dict[str, Any]:
    return {"name": "workers", "instance_types": ["m6i.large"], "max_size": 3, **changed}


def parse(**options: Any) -> EksNodegroups:
    params = checked(BOX.specification, {"platform_name": "demo", "groups": [group()], **options})
    spec: EksNodegroups = BOX.parse(params, ACCOUNT)
    return spec


REFUSED: list[tuple[dict[str, Any], str]] = [
    (
        {"name": "Workers"},
        "name is 'Workers'; at most 32 lower-case letters, digits and single hyphens are allowed, a letter first.",
    ),
    (
        {"name": "w" * 33},
        f"name is '{'w' * 33}'; at most 32 lower-case letters, digits and single hyphens are allowed, a letter first.",
    ),
    (
        {"name": "spot-2"},
        "name is 'spot-2'; names that end in a hyphen and a number or in '-self-managed' are reserved.",
    ),
    ({"capacity_type": "spot"}, "capacity_type is 'spot'; allowed are ON_DEMAND, SPOT."),
    ({"instance_types": []}, "instance_types is []; 1 to 20 instance types are allowed."),
    ({"instance_types": ["large"]}, "instance_types[0] is 'large'; an instance type is allowed, such as 'm7i.large'."),
    ({"instance_types": ["m9.large"]}, "instance_types[0] is 'm9.large'; no zone of eu-west-1 offers it."),
    ({"instance_types": ["m6i.large", "m6i.large"]}, "instance_types[1] is 'm6i.large'; each type is allowed once."),
    (
        {"instance_types": ["m6i.large", "m6g.large"]},
        (
            "instance_types[1] is 'm6g.large'; it has arm64 processors and m6i.large has amd64, one architecture a "
            "group is allowed."
        ),
    ),
    (
        {"instance_types": ["m6g.large"]},
        "instance_types[0] is 'm6g.large'; it has arm64 processors and AL2023_x86_64_STANDARD is for amd64.",
    ),
    (
        {"instance_types": ["z1d.large"], "availability_zones": ["eu-west-1c"]},
        (
            "instance_types[0] is 'z1d.large'; eu-west-1c does not offer it, only eu-west-1a, eu-west-1b can be chosen "
            "with it."
        ),
    ),
    ({"ami_type": "AL2023"}, f"ami_type is 'AL2023'; allowed are {TYPES}."),
    (
        {"ami_type": "AL2_x86_64"},
        f"ami_type is 'AL2_x86_64'; EKS makes no image of Amazon Linux 2 from Kubernetes 1.33 on, allowed are {TYPES}.",
    ),
    ({"version": "1.99"}, "version is '1.99'; EKS knows 1.33, 1.34, 1.35, 1.36."),
    ({"version": "latest"}, "version is 'latest'; a Kubernetes minor in quotes is allowed, such as '1.35'."),
    (
        {"version": 1.35},
        f"version is 1.35; a text is allowed ({IN_QUOTES}).",
    ),
    (
        {"release_version": "1.35"},
        "release_version is '1.35'; a release of al2023 is allowed, such as '1.35.4-20261113'.",
    ),
    (
        {"version": "1.35", "release_version": "1.34.7-20261113"},
        "release_version is '1.34.7-20261113'; it holds Kubernetes 1.34, a release for 1.35 is allowed.",
    ),
    (
        {"availability_zones": ["us-east-1a"]},
        "availability_zones[0] is 'us-east-1a'; zones of eu-west-1 are eu-west-1a, eu-west-1b, eu-west-1c.",
    ),
    (
        {"availability_zones": ["eu-west-1a", "eu-west-1a"]},
        "availability_zones[1] is 'eu-west-1a'; each zone is allowed once.",
    ),
    ({"min_size": -1}, "min_size is -1; 0 and more nodes are allowed."),
    ({"max_size": 0, "min_size": 0}, "max_size is 0; 1 and more nodes are allowed."),
    ({"min_size": 4}, "min_size is 4; at most max_size is allowed, which is 3."),
    ({"max_size": None}, "max_size is not set; a value is required."),
    ({"desired_size": 4}, "desired_size is 4; min_size to max_size are allowed, 1 to 3."),
    ({"max_unavailable": 0}, "max_unavailable is 0; 1 to 100 nodes are allowed."),
    ({"max_unavailable_percentage": 101}, "max_unavailable_percentage is 101; 1 to 100 percent are allowed."),
    (
        {"max_unavailable": 1, "max_unavailable_percentage": 10},
        "max_unavailable_percentage is 10; max_unavailable is set too (1), one of both is allowed.",
    ),
    ({"disk_size": 10}, "disk_size is 10; 20 to 16384 GiB are allowed with AL2023_x86_64_STANDARD."),
    ({"max_pods": 251}, "max_pods is 251; 8 to 250 pods a node are allowed."),
    ({"labels": {"a": True}}, f"labels.a is True; a value is a text (in quotes) of {NAME_WORDS}."),
    ({"labels": {"a": ""}}, f"labels.a is ''; a value is a text (in quotes) of {NAME_WORDS}."),
    ({"labels": {"a b": "c"}}, f"labels.a b is 'c'; a key has {NAME_WORDS}, after an optional DNS name and a slash."),
    (
        {"labels": {"A_b/c": "d"}},
        "labels.A_b/c is 'd'; before the slash of the key 'A_b/c' a DNS name of at most 253 characters is allowed.",
    ),
    (
        {"labels": {"node-role.kubernetes.io/web": "x"}},
        (
            "labels.node-role.kubernetes.io/web is 'x'; keys that begin with kubernetes.io/, k8s.io/, "
            "eks.amazonaws.com/ are reserved."
        ),
    ),
    (
        {"taints": [{**TAINT, "effect": "NoSchedule"}]},
        "taints[0].effect is 'NoSchedule'; allowed are NO_SCHEDULE, NO_EXECUTE, PREFER_NO_SCHEDULE.",
    ),
    (
        {"taints": [TAINT, {**TAINT, "value": "api"}]},
        "taints[1].key is 'dedicated'; each key is allowed once with the same effect.",
    ),
    ({"taints": [{**TAINT, "value": "-"}]}, f"taints[0].value is '-'; a value is empty or has {NAME_WORDS}."),
    ({"taints": [{**TAINT, "key": f"k{n}"} for n in range(51)]}, "taints is '51 taints'; at most 50 are allowed."),
    ({"update_strategy": "FAST"}, "update_strategy is 'FAST'; allowed are DEFAULT, MINIMAL."),
    ({"size": 3}, "size is 3; it is unknown, allowed are "),
]


@pytest.mark.parametrize(("changed", "sentence"), REFUSED)
def test_a_wrong_value_is_refused_in_one_sentence(changed: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Refusal) as refused:
        parse(groups=[group(**changed)])
    given = str(refused.value)
    assert given.startswith(f"groups[0].{sentence}") if sentence.endswith("are ") else given == f"groups[0].{sentence}"


def test_a_name_is_taken_once() -> None:
    with pytest.raises(Refusal) as refused:
        parse(groups=[group(), group()])
    assert str(refused.value) == "groups[1].name is 'workers'; each name is allowed once."


def test_what_all_groups_share_is_the_default_of_each() -> None:
    spec = parse(
        version="1.34", availability_zones=["eu-west-1b"], groups=[group(), group(name="other", version="1.35")]
    )
    assert [(entry.version, entry.zones) for entry in spec.groups] == [
        ("1.34", ("eu-west-1b",)),
        ("1.35", ("eu-west-1b",)),
    ]


def test_one_spot_instance_type_is_allowed_with_a_warning() -> None:
    spec = parse(groups=[group(capacity_type="SPOT")])
    assert answer(spec, {})["warnings"] == [
        "The spot group 'demo-workers' has one instance type; several of a similar size make interruptions rarer."
    ]
    assert (
        answer(parse(groups=[group(capacity_type="SPOT", instance_types=["m6i.large", "m5.large"])]), {})["warnings"]
        == []
    )


def test_architectures_are_told_in_the_words_of_kubernetes() -> None:
    arm = group(name="arm", instance_types=["m6g.large"], ami_type="BOTTLEROCKET_ARM_64")
    assert answer(parse(groups=[group(), arm]), {})["architectures"] == ["amd64", "arm64"]


@pytest.mark.parametrize(
    ("name", "architecture"),
    [
        ("m6i.large", "amd64"),
        ("g4dn.xlarge", "amd64"),
        ("g6.xlarge", "amd64"),
        ("c7i-flex.large", "amd64"),
        ("u-6tb1.56xlarge", "amd64"),
        ("p4d.24xlarge", "amd64"),
        ("m7gd.large", "arm64"),
        ("c6gn.xlarge", "arm64"),
        ("t4g.small", "arm64"),
        ("g5g.xlarge", "arm64"),
        ("is4gen.large", "arm64"),
        ("x2gd.medium", "arm64"),
        ("a1.large", "arm64"),
        ("large", None),
    ],
)
def test_the_architecture_is_in_the_name_of_an_instance_type(name: str, architecture: str | None) -> None:
    assert images.architecture(name) == architecture


def test_images_are_named_by_eks_s_parameters() -> None:
    al2023, bottlerocket = images.AMI_TYPES["AL2023_ARM_64_STANDARD"], images.AMI_TYPES["BOTTLEROCKET_x86_64"]
    path = "/aws/service/eks/optimized-ami/1.35/amazon-linux-2023/arm64/standard"
    assert images.parameter(al2023, "1.35", None) == f"{path}/recommended/image_id"
    named = f"{path}/amazon-eks-node-al2023-arm64-standard-1.35-v20261113/image_id"
    assert images.parameter(al2023, "1.35", "1.35.4-20261113") == named
    assert (
        images.parameter(bottlerocket, "1.35", None) == "/aws/service/bottlerocket/aws-k8s-1.35/x86_64/latest/image_id"
    )
    assert images.version_of(named) == "1.35"
    assert images.version_of("/other") is None


@given(st.integers(24, 40), st.integers(20, 45))
def test_nodes_are_at_most_three_minors_behind_and_never_ahead(cluster: int, nodes: int) -> None:
    if 0 <= cluster - nodes <= 3:
        assert kubernetes.check_skew("version", f"1.{nodes}", f"1.{cluster}") is None
    else:
        with pytest.raises(
            Refusal, match=f"the cluster runs 1.{cluster}, nodes of 1.{cluster - 3} to 1.{cluster} are allowed"
        ):
            kubernetes.check_skew("version", f"1.{nodes}", f"1.{cluster}")


@given(st.integers(0, 10), st.integers(1, 10), st.integers(0, 30))
def test_the_desired_size_is_only_brought_inside_the_bounds(least: int, more: int, standing: int) -> None:
    spec = parse(groups=[group(min_size=least, max_size=least + more)])
    found = type("Standing", (), {"attributes": {"scaling": {"desired_size": standing}}})
    desired = groups.scaling(spec.groups[0], found)["desired_size"]
    assert desired == sorted((least, standing, least + more))[1]


def test_only_labels_and_taints_that_differ_are_sent() -> None:
    assert label_changes({"a": "1", "b": "2"}, {"a": "1", "b": "3"}) == {"addOrUpdateLabels": {"b": "3"}}
    assert label_changes({"a": "1"}, {}) == {"removeLabels": ["a"]}
    changed = {**TAINT, "value": "api"}
    assert taint_changes([TAINT], [changed]) == {"addOrUpdateTaints": [changed]}
    assert taint_changes([TAINT], []) == {"removeTaints": [TAINT]}


def test_the_name_that_eks_knows_carries_the_generation() -> None:
    arn = "arn:aws:eks:eu-west-1:123456789012:nodegroup/demo/{}/0a1b"
    assert generation(arn.format("demo-spot")) == ("demo-spot", 1)
    assert generation(arn.format("demo-spot-12")) == ("demo-spot", 12)


def test_a_failed_group_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    issues = [{"code": "NodeCreationFailure", "message": "Instances failed to join the kubernetes cluster"}]
    described = {"status": "CREATE_FAILED", "health": {"issues": issues}}
    monkeypatch.setattr(Api, "optional", lambda self, call, *codes: described)
    ref = Ref("eks_nodegroup", "demo-workers")
    target = Target(
        ref, "arn:aws:eks:eu-west-1:123456789012:nodegroup/demo/demo-workers/0a1b", {}, {}, {}, spec=parse()
    )
    status = nodegroup_ready(Api({"region": "eu-west-1"}, say=lambda text: None), target)
    assert status.failed == "NodeCreationFailure: Instances failed to join the kubernetes cluster"

"""A life of the module eks_cluster."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.slipway.platform.plugins.module_utils._boxes.eks_cluster.box import BOX
from ansible_collections.slipway.platform.plugins.module_utils._core.options import IN_QUOTES
from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Impossible, Refusal

from .conftest import ACCOUNT, Emulator
from .foundation import Foundation, lay, make_cluster
from .life import Life

WRITES = {
    **{
        key: {"eks_cluster"}
        for key in ("CreateCluster", "DeleteCluster", "UpdateClusterConfig", "UpdateClusterVersion")
    },
    **{key: {"eks_cluster"} for key in ("AssociateEncryptionConfig",)},
    **{key: {"log_group"} for key in ("CreateLogGroup", "DeleteLogGroup", "PutRetentionPolicy", "AssociateKmsKey")},
    **{key: {"eks_cluster", "log_group"} for key in ("TagResource", "UntagResource")},
}
CREATE = ["create log_group /aws/eks/demo/cluster", "create eks_cluster demo"]


@pytest.fixture
def foundation(emulator: Emulator) -> Foundation:
    emulator.set(date="2026-09-15")
    return lay(emulator)


@pytest.fixture
def life(emulator: Emulator, foundation: Foundation) -> Life:
    return Life(emulator, BOX, WRITES, default_version="1.35")


def cluster(life: Life) -> dict[str, Any]:
    described: dict[str, Any] = life.emulator.client("eks").describe_cluster(name="demo")["cluster"]
    return described


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"version": "1.99"}, "version is '1.99'; allowed are 1.34, 1.35, 1.36."),
        ({"version": "latest"}, "version is 'latest'; a minor of Kubernetes is allowed, such as 1.35, in quotes."),
        (
            {"version": 1.35},
            f"version is 1.35; a text is allowed ({IN_QUOTES}).",
        ),
        (
            {"version": "1.33"},
            (
                "version is '1.33'; allowed are 1.34, 1.35, 1.36, since its standard support ended on "
                "2026-07-29; extended "
                "support costs extra and is allowed by support_type extended."
            ),
        ),
        (
            {"version": "1.30", "support_type": "extended"},
            "version is '1.30'; allowed are 1.31, 1.32, 1.33, 1.34, 1.35, 1.36.",
        ),
        ({"default_version": "", "version": ""}, "version is not set; a new cluster needs one, or default_version."),
        (
            {"public_access_cidrs": ["0.0.0.0/0"]},
            "public_access_cidrs[0] is '0.0.0.0/0'; networks of your own are allowed, not the whole internet.",
        ),
        (
            {"public_access_cidrs": ["203.0.113.0/24", "10.1.0.0/16"]},
            (
                "public_access_cidrs[1] is '10.1.0.0/16'; public networks are allowed, private ones reach the "
                "private endpoint."
            ),
        ),
        (
            {"public_access_cidrs": ["203.0.113.7/24"]},
            (
                "public_access_cidrs[0] is '203.0.113.7/24'; an IPv4 CIDR is allowed whose address is the first of "
                "its network."
            ),
        ),
        (
            {"public_access_cidrs": [f"203.0.113.{n}/32" for n in range(41)]},
            "public_access_cidrs is '41 CIDRs'; at most 40 CIDRs are allowed.",
        ),
        (
            {"service_ipv4_cidr": "172.20.0.0/25"},
            (
                "service_ipv4_cidr is '172.20.0.0/25'; allowed is a network of /12 to /24 within 10.0.0.0/8, "
                "172.16.0.0/12 or "
                "192.168.0.0/16."
            ),
        ),
        (
            {"service_ipv4_cidr": "10.0.128.0/20", "vpc_cidr_blocks": ["10.0.0.0/16"]},
            "service_ipv4_cidr is '10.0.128.0/20'; a network is allowed that does not overlap the VPC's 10.0.0.0/16.",
        ),
        (
            {"subnets": ["private-a"]},
            "subnets is ['private-a']; subnets in at least two availability zones are required.",
        ),
        (
            {"log_types": ["api", "everything"]},
            "log_types[1] is 'everything'; allowed are api, audit, authenticator, controllerManager, scheduler.",
        ),
    ],
)
def test_bad_input_is_refused_before_the_first_write(life: Life, options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Refusal) as refused:
        life.run(check_mode=False, **options)
    assert str(refused.value) == sentence
    assert life.emulator.calls() == [] or life.emulator.writes()[-1]["service"] != "eks"


def test_life(life: Life) -> None:
    assert life.turn() == CREATE
    assert life.turn(tags={"Owner": "me"}) == [
        "update log_group /aws/eks/demo/cluster tags.Owner",
        "update eks_cluster demo tags.Owner",
    ]
    assert life.turn() == [
        "update log_group /aws/eks/demo/cluster tags.Owner",
        "update eks_cluster demo tags.Owner",
    ]
    assert life.turn(log_retention_in_days=365) == ["update log_group /aws/eks/demo/cluster retention_in_days"]
    assert life.turn(state="absent") == [
        "update eks_cluster demo deletion_protection",
        "delete eks_cluster demo",
        "delete log_group /aws/eks/demo/cluster",
    ]
    assert life.turn(state="absent") == []
    assert life.turn() == CREATE


@pytest.mark.parametrize(
    ("options", "path"),
    [
        ({"public_access_cidrs": ["203.0.113.0/24"]}, "endpoint.public,endpoint.public_access_cidrs"),
        ({"log_types": ["audit"]}, "log_types"),
        ({"log_types": []}, "log_types"),
        ({"support_type": "extended"}, "support_type"),
        ({"zonal_shift": False}, "zonal_shift"),
        ({"deletion_protection": False}, "deletion_protection"),
        ({"security_groups": ["control-plane", "pods"]}, "security_groups"),
        ({"subnets": ["private-a", "private-b"]}, "subnets"),
        ({"version": "1.36"}, "version"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_field_changes_in_place_and_back(life: Life, options: dict[str, Any], path: str) -> None:
    life.turn()
    assert life.turn(**options) == [f"update eks_cluster demo {path}"]
    assert life.turn() == ([] if "version" in options else [f"update eks_cluster demo {path}"])


def test_all_changes_at_once_are_made_one_after_the_other(life: Life) -> None:
    life.turn()
    life.emulator.set(seconds={"cluster_update": 0.3})
    changed = life.turn(
        version="1.36",
        support_type="extended",
        log_types=["audit"],
        public_access_cidrs=["203.0.113.0/24"],
        security_groups=["nodes"],
        subnets=["private-a", "private-b"],
        zonal_shift=False,
        deletion_protection=False,
        tags={"Owner": "me"},
    )
    assert changed[-1] == (
        "update eks_cluster demo "
        "deletion_protection,endpoint.public,endpoint.public_access_cidrs,log_types,security_groups,"
        "subnets,support_type,version,zonal_shift,tags.Owner"
    )
    life.emulator.set(seconds={"cluster_update": 0})


def test_what_stands_is_private_logged_encrypted_and_protected(life: Life, foundation: Foundation) -> None:
    life.turn()
    stands = cluster(life)
    vpc = stands["resourcesVpcConfig"]
    assert (vpc["endpointPrivateAccess"], vpc["endpointPublicAccess"]) == (True, False)
    assert sorted(vpc["subnetIds"]) == sorted(foundation.subnets[f"private-{zone}"] for zone in "abc")
    assert vpc["securityGroupIds"] == [foundation.groups["control-plane"]]
    assert [entry for entry in stands["logging"]["clusterLogging"] if not entry["enabled"]] == []
    assert stands["encryptionConfig"] == [{"resources": ["secrets"], "provider": {"keyArn": foundation.key_arn}}]
    assert stands["accessConfig"] == {"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False}
    assert stands["upgradePolicy"] == {"supportType": "STANDARD"}
    assert stands["deletionProtection"] is True
    eks = life.emulator.client("eks")
    assert eks.list_access_entries(clusterName="demo")["accessEntries"] == []
    assert eks.list_addons(clusterName="demo")["addons"] == []


def test_changes_by_hand_are_undone(life: Life) -> None:
    life.turn()
    eks = life.emulator.client("eks")
    eks.update_cluster_config(name="demo", deletionProtection=False)
    eks.update_cluster_config(name="demo", resourcesVpcConfig={"endpointPublicAccess": True})
    eks.update_cluster_config(name="demo", logging={"clusterLogging": [{"types": ["audit"], "enabled": False}]})
    eks.untag_resource(resourceArn=cluster(life)["arn"], tagKeys=["Name"])
    assert life.turn() == [
        "update eks_cluster demo deletion_protection,endpoint.public,endpoint.public_access_cidrs,log_types,tags.Name"
    ]


def test_a_version_that_is_not_pinned_stays(life: Life) -> None:
    life.turn(version="1.34")
    assert life.turn() == []
    assert cluster(life)["version"] == "1.34"


def test_versions_go_up_one_minor_at_a_time(life: Life) -> None:
    life.turn(version="1.34")
    with pytest.raises(Impossible) as refused:
        life.run(check_mode=True, version="1.36")
    assert str(refused.value) == (
        "version of eks cluster 'demo' is '1.34' and cannot become '1.36' at once: a control plane goes up one "
        "minor at a "
        "time; the next is '1.35'."
    )
    assert life.turn(version="1.35") == ["update eks_cluster demo version"]
    with pytest.raises(
        Impossible, match=r"cannot become '1\.34': a control plane does not go back to an earlier minor"
    ):
        life.run(check_mode=True, version="1.34")


def test_extended_support_is_refused_unless_opted_in(life: Life) -> None:
    life.turn(version="1.33", support_type="extended")
    with pytest.raises(Impossible) as refused:
        life.run(check_mode=True)
    assert str(refused.value) == (
        "eks cluster 'demo' runs '1.33', whose standard support ended on 2026-07-29; set its version to '1.34', or "
        "support_type to extended, which costs extra."
    )
    assert life.turn(version="1.34") == ["update eks_cluster demo support_type,version"]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            {"service_ipv4_cidr": "172.20.0.0/16"},
            (
                "service_ipv4_cidr of eks cluster 'demo' is '10.100.0.0/16' and cannot become '172.20.0.0/16': "
                "EKS fixes the "
                "addresses of services at a cluster's creation."
            ),
        ),
        (
            {"role": "other"},
            (
                "role of eks cluster 'demo' is 'arn:aws:iam::123456789012:role/demo-cluster' and cannot become "
                "'demo-other': EKS "
                "fixes the role of a cluster at its creation."
            ),
        ),
    ],
)
def test_what_aws_fixes_is_refused_with_the_reason(life: Life, options: dict[str, Any], sentence: str) -> None:
    life.turn()
    with pytest.raises(Impossible) as refused:
        life.run(check_mode=False, **options)
    assert str(refused.value) == sentence


def test_another_key_for_secrets_is_refused_and_a_first_one_is_set(life: Life, foundation: Foundation) -> None:
    make_cluster(life.emulator, foundation)
    assert "encryption_key" in life.turn()[-1]
    kms = life.emulator.client("kms")
    other = kms.create_key()["KeyMetadata"]
    kms.create_alias(AliasName="alias/demo-other", TargetKeyId=other["KeyId"])
    with pytest.raises(Impossible, match="EKS neither removes nor changes the key of a cluster's secrets"):
        life.run(check_mode=False, encryption_key="other")


def test_another_vpc_is_refused(life: Life, foundation: Foundation) -> None:
    life.turn()
    ec2 = life.emulator.client("ec2")
    ec2.delete_tags(Resources=[foundation.vpc], Tags=[{"Key": "slipway:platform"}])
    tags = [{"Key": "Name", "Value": "demo"}, {"Key": "slipway:platform", "Value": "demo"}]
    ec2.create_vpc(CidrBlock="10.9.0.0/16", TagSpecifications=[{"ResourceType": "vpc", "Tags": tags}])
    with pytest.raises(
        Impossible, match=r"vpc of eks cluster 'demo' is .* a cluster stays in the VPC of its first subnets"
    ):
        life.run(check_mode=False)


def test_a_cluster_of_others_is_refused_or_adopted(life: Life, foundation: Foundation) -> None:
    make_cluster(life.emulator, foundation, tags={}, accessConfig={"authenticationMode": "CONFIG_MAP"})
    with pytest.raises(Impossible, match="exists without the tag slipway:platform=demo; set platform_adopt to true"):
        life.run(check_mode=True)
    assert "authentication_mode" in life.turn(adopt=True)[-1]
    eks = life.emulator.client("eks")
    updates = [
        eks.describe_update(name="demo", updateId=update)["update"]
        for update in eks.list_updates(name="demo")["updateIds"]
    ]
    modes = [update["params"][0]["value"] for update in updates if update["type"] == "AccessConfigUpdate"]
    assert modes == ["API_AND_CONFIG_MAP", "API"]
    assert cluster(life)["accessConfig"]["authenticationMode"] == "API"


def test_an_interrupted_creation_is_found_and_waited_for(life: Life) -> None:
    life.emulator.set(seconds={"cluster": 1.0})
    started = life.run(check_mode=False, wait=False)
    assert started.answer["cluster"]["status"] == "CREATING"
    assert started.known["eks_cluster"]["demo"]["version"] == "1.35"
    waited = life.run(check_mode=False)
    assert waited.plan.as_list() == []
    assert waited.answer["cluster"]["status"] == "ACTIVE"
    life.emulator.set(seconds={"cluster": 0})


def test_a_cluster_in_creation_is_deleted_once_it_stands(life: Life) -> None:
    life.emulator.set(seconds={"cluster": 0.5})
    life.run(check_mode=False, wait=False)
    life.run(check_mode=False, state="absent")
    assert life.emulator.client("eks").list_clusters()["clusters"] == []
    life.emulator.set(seconds={"cluster": 0})


def test_a_cluster_that_failed_is_refused_and_can_be_deleted(life: Life) -> None:
    life.emulator.set(seconds={"cluster": 60})
    life.run(check_mode=False, wait=False)
    failed = {"arn": cluster(life)["arn"], "failed": "No capacity"}
    life.emulator.inner("kubernetes/clusters", "PUT", failed)
    life.emulator.set(seconds={"cluster": 0})
    with pytest.raises(Impossible) as refused:
        life.run(check_mode=False)
    assert str(refused.value) == (
        "eks cluster 'demo' is FAILED: InternalFailure: No capacity; delete it (eks_state: absent), then run again."
    )
    assert [line for line in life.turn(state="absent") if "eks_cluster" in line] == ["delete eks_cluster demo"]
    assert life.turn()[-1] == "create eks_cluster demo"


def test_a_cluster_in_deletion_is_waited_for_and_made_again(life: Life) -> None:
    life.turn(deletion_protection=False)
    life.emulator.set(seconds={"cluster": 0.5})
    life.emulator.client("eks").delete_cluster(name="demo")
    changes = life.run(check_mode=False).plan.as_list()
    assert [(change["action"], change["kind"]) for change in changes] == [("create", "eks_cluster")]
    life.emulator.set(seconds={"cluster": 0})


def test_the_answer_holds_what_clients_need_and_changes_hold_no_identifier(life: Life, foundation: Foundation) -> None:
    life.turn()
    assert life.last is not None
    answer, stands = life.last.answer["cluster"], cluster(life)
    assert answer["endpoint"] == stands["endpoint"]
    assert answer["certificate_authority"] == stands["certificateAuthority"]["data"]
    assert answer["oidc_issuer"] == stands["identity"]["oidc"]["issuer"]
    assert answer["security_group"] == stands["resourcesVpcConfig"]["clusterSecurityGroupId"]
    text = str(life.last.plan.as_list())
    for secret in (answer["security_group"], foundation.vpc, foundation.key_arn, f":{ACCOUNT}:"):
        assert secret not in text


def test_an_unchanged_run_makes_few_calls(life: Life, foundation: Foundation) -> None:
    known = life.run(check_mode=False).known
    life.emulator.forget()
    life.run(check_mode=False, known=known)
    assert sorted(call["operation"] for call in life.emulator.calls()) == [
        "DescribeCluster",
        "DescribeLogGroups",
        "ListTagsForResource",
    ]


def test_what_eks_does_not_show_of_a_new_cluster_is_no_difference(life: Life) -> None:
    life.emulator.set(hidden_while_creating=True, seconds={"cluster": 2})
    options = {"zonal_shift": True, "deletion_protection": True}
    started = life.run(check_mode=False, wait=False, **options)
    assert [change.action for change in started.plan.changes] == ["create", "create"]
    life.emulator.forget()
    assert life.run(check_mode=False, wait=False, **options).plan.as_list() == []
    assert life.run(check_mode=False, **options).plan.as_list() == []
    assert life.emulator.writes() == []
    assert life.run(check_mode=True, **{**options, "zonal_shift": False}).plan.as_list() != []

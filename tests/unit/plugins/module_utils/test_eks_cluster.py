"""What a cluster is declared to be, and what is refused before AWS is asked."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.slipway.platform.plugins.module_utils._aws.account import Account
from ansible_collections.slipway.platform.plugins.module_utils._aws.eks.clusters import found_cluster
from ansible_collections.slipway.platform.plugins.module_utils._aws.eks.model import cluster_ref
from ansible_collections.slipway.platform.plugins.module_utils._boxes.eks_cluster.box import BOX
from ansible_collections.slipway.platform.plugins.module_utils._boxes.eks_cluster.model import (
    EksCluster,
    parse,
)
from ansible_collections.slipway.platform.plugins.module_utils._boxes.eks_cluster.plan import declare
from ansible_collections.slipway.platform.plugins.module_utils._core.options import checked
from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Impossible, Ref, Refusal

VERSIONS = {
    "1.33": {"status": "EXTENDED_SUPPORT", "standard_until": "2026-07-29"},
    "1.34": {"status": "STANDARD_SUPPORT", "standard_until": "2026-12-02"},
    "1.35": {"status": "STANDARD_SUPPORT", "standard_until": "2027-03-27"},
    "1.36": {"status": "STANDARD_SUPPORT", "standard_until": "2027-08-02"},
}
ACCOUNT = Account("123456789012", "eu-west-1", versions=VERSIONS)
CLUSTER = cluster_ref("demo")


def parsed(**options: Any) -> EksCluster:
    given_options = {
        "platform_name": "demo",
        "default_version": "1.35",
        "subnets": ["private-a", "private-b"],
        **options,
    }
    return parse(checked(BOX.specification, given_options), ACCOUNT)


def described(**changed: Any) -> dict[str, Any]:
    """An answer of DescribeCluster as it is for a cluster that nobody configured."""
    return {
        "name": "demo",
        "arn": "arn:aws:eks:eu-west-1:123456789012:cluster/demo",
        "version": "1.35",
        "roleArn": "arn:aws:iam::123456789012:role/demo-cluster",
        "status": "ACTIVE",
        "resourcesVpcConfig": {
            "subnetIds": ["subnet-2", "subnet-1"],
            "securityGroupIds": [],
            "clusterSecurityGroupId": "sg-eks",
            "vpcId": "vpc-1",
            "endpointPublicAccess": False,
            "endpointPrivateAccess": True,
            "publicAccessCidrs": ["0.0.0.0/0"],
        },
        "logging": {
            "clusterLogging": [{"types": ["scheduler", "api"], "enabled": True}, {"types": ["audit"], "enabled": False}]
        },
        **changed,
    }


def test_a_new_cluster_is_private_and_gives_no_right_to_whoever_makes_it() -> None:
    (_, cluster) = declare(parsed(), {})
    assert cluster.attributes["endpoint"] == {"private": True, "public": False, "public_access_cidrs": []}
    assert cluster.attributes["bootstrap_cluster_creator_admin_permissions"] is False
    assert cluster.attributes["bootstrap_self_managed_addons"] is False
    assert cluster.attributes["version"] == "1.35"
    assert cluster.extra == {"version": "1.35"}


def test_one_that_stands_is_not_asked_for_what_only_creation_takes() -> None:
    (_, cluster) = declare(parsed(), {CLUSTER: found_cluster(described())})
    assert not [name for name in cluster.attributes if name.startswith("bootstrap")]
    assert "service_ipv4_cidr" not in cluster.attributes


def test_what_eks_answers_is_read_in_one_way() -> None:
    attributes = found_cluster(described()).attributes
    assert attributes["endpoint"]["public_access_cidrs"] == [], "0.0.0.0/0 means nothing while the endpoint is off"
    assert attributes["log_types"] == ["api", "scheduler"]
    assert attributes["subnets"] == ["subnet-1", "subnet-2"]
    assert (attributes["support_type"], attributes["zonal_shift"]) == ("EXTENDED", False)
    assert attributes["encryption_key"] is None


@pytest.mark.parametrize(("status", "state"), [("CREATING", "pending"), ("UPDATING", "pending"), ("DELETING", "going")])
def test_states_in_transit(status: str, state: str) -> None:
    assert found_cluster(described(status=status)).state == state


def test_a_failed_cluster_is_not_planned_over() -> None:
    health = {"issues": [{"code": "Ec2SubnetNotFound", "message": "subnet-1 is gone."}]}
    with pytest.raises(Impossible) as refused:
        declare(parsed(), {CLUSTER: found_cluster(described(status="FAILED", health=health))})
    assert str(refused.value) == (
        "eks cluster 'demo' is FAILED: Ec2SubnetNotFound: subnet-1 is gone; delete it (eks_state: absent), then "
        "run again."
    )


@given(standing=st.integers(31, 36), wanted=st.integers(31, 36))
def test_a_version_stays_or_goes_up_by_one(standing: int, wanted: int) -> None:
    account = Account("123456789012", "eu-west-1")
    options = {"platform_name": "demo", "version": f"1.{wanted}", "subnets": ["a", "b"]}
    spec = parse(checked(BOX.specification, options), account)
    observed = {CLUSTER: found_cluster(described(version=f"1.{standing}"))}
    if wanted - standing in (0, 1):
        assert declare(spec, observed)[1].attributes["version"] == f"1.{wanted}"
    else:
        reason = "does not go back" if wanted < standing else f"the next is '1.{standing + 1}'"
        with pytest.raises(Impossible, match=reason):
            declare(spec, observed)


@given(first=st.integers(0, 2**32 - 1), length=st.integers(1, 32))
def test_public_networks_overlap_no_private_one(first: int, length: int) -> None:
    network = ipaddress.IPv4Network((first, length), strict=False)
    private = any(
        network.overlaps(ipaddress.IPv4Network(block))
        for block in ("10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16")
    )
    if private:
        with pytest.raises(Refusal, match="public networks are allowed"):
            parsed(public_access_cidrs=[str(network)])
    else:
        assert parsed(public_access_cidrs=[str(network)]).public_access_cidrs == (str(network),)


def test_the_check_of_versions_waits_for_the_account() -> None:
    unread = Account("123456789012", "eu-west-1")
    options = checked(BOX.specification, {"platform_name": "demo", "version": "1.99"})
    assert parse(options, unread).version == "1.99"
    with pytest.raises(Refusal):
        parse(options, ACCOUNT)


def test_a_deletion_asks_for_no_version_in_support() -> None:
    assert parsed(state="absent", version="1.20").version == "1.20"


def test_names_are_completed_with_that_of_the_platform() -> None:
    spec = parsed(security_groups=["pods", "control-plane"], role="other", encryption_key="secrets")
    assert spec.security_groups == (Ref("security_group", "demo-control-plane"), Ref("security_group", "demo-pods"))
    assert (spec.role, spec.encryption_key) == (Ref("iam_role", "demo-other"), Ref("kms_key", "demo-secrets"))


def test_what_eks_leaves_out_while_it_makes_a_cluster_is_not_shown_yet() -> None:
    assert found_cluster(described()).unshown == frozenset()
    assert "zonal_shift" in found_cluster(described(status="CREATING")).unshown
    assert "zonal_shift" not in found_cluster(described(status="ACTIVE")).unshown
    shown = found_cluster(described(status="CREATING", zonalShiftConfig={"enabled": False}))
    assert "zonal_shift" not in shown.unshown

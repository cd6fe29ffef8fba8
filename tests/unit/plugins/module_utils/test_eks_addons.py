"""Which version of an add-on is chosen."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.slipway.platform.plugins.module_utils._aws.account import Account
from ansible_collections.slipway.platform.plugins.module_utils._boxes.eks_addons.box import BOX
from ansible_collections.slipway.platform.plugins.module_utils._boxes.eks_addons.model import (
    Addon,
    EksAddons,
    minor,
    parse,
)
from ansible_collections.slipway.platform.plugins.module_utils._boxes.eks_addons.plan import chosen, declare
from ansible_collections.slipway.platform.plugins.module_utils._core.options import checked
from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Found, Impossible, Ref, Refusal

OFFERED = ("v1.22.0-eksbuild.1", "v1.21.2-eksbuild.1", "v1.21.1-eksbuild.3", "v1.20.5-eksbuild.1", "v1.19.6-eksbuild.7")
DEFAULT = "v1.21.1-eksbuild.3"
OFFERS = [
    {"addonVersion": version, "compatibilities": [{"clusterVersion": "1.35", "defaultVersion": version == DEFAULT}]}
    for version in OFFERED
]


def addon(name: str = "vpc-cni", version: str | None = None) -> Addon:
    return Addon(name, "addons[0].version", version, {}, {})


def parsed(**options: Any) -> EksAddons:
    return parse(checked(BOX.specification, {"platform_name": "demo", **options}), Account("1", "eu-west-1"))


def test_a_new_one_takes_the_default_of_eks() -> None:
    assert chosen(addon(), None, OFFERS, "1.35") == DEFAULT


def test_one_without_a_default_takes_the_newest() -> None:
    offers = [{**offer, "compatibilities": [{"defaultVersion": False}]} for offer in OFFERS]
    assert chosen(addon(), None, offers, "1.35") == OFFERED[0]


def test_one_that_stands_stays_without_a_question() -> None:
    assert chosen(addon(), "v1.2.3-eksbuild.1", None, "1.35") == "v1.2.3-eksbuild.1"


def test_a_version_that_does_not_fit_is_refused_with_those_that_do() -> None:
    with pytest.raises(Refusal) as refused:
        chosen(addon(version="v1.0.0-eksbuild.1"), None, OFFERS[:2], "1.35")
    assert str(refused.value) == (
        "addons[0].version is 'v1.0.0-eksbuild.1'; with Kubernetes 1.35 allowed are v1.22.0-eksbuild.1, "
        "v1.21.2-eksbuild.1."
    )


@given(standing=st.sampled_from(OFFERED), wanted=st.sampled_from(OFFERED))
def test_vpc_cni_moves_by_one_minor_and_others_as_they_like(standing: str, wanted: str) -> None:
    assert chosen(addon("coredns", wanted), standing, OFFERS, "1.35") == wanted
    distance = minor(wanted)[1] - minor(standing)[1]
    if abs(distance) < 2:
        assert chosen(addon(version=wanted), standing, OFFERS, "1.35") == wanted
    else:
        following = f"v1.{minor(standing)[1] + (1 if distance > 0 else -1)}."
        with pytest.raises(Impossible, match=f"the next is '{following}"):
            chosen(addon(version=wanted), standing, OFFERS, "1.35")


def test_the_version_of_an_addon_counts_before_that_of_all() -> None:
    spec = parsed(
        addons=[{"name": "coredns", "version": "v1.1.0-eksbuild.1"}], versions={"coredns": "v1.2.0-eksbuild.1"}
    )
    assert spec.addons[0].version == "v1.1.0-eksbuild.1"
    assert parsed(addons=[{"name": "coredns"}], versions={"coredns": None}).addons[0].version is None


def test_phases_share_the_addons_out() -> None:
    addons = [{"name": "vpc-cni", "before_nodes": True}, {"name": "coredns"}]
    shares = {phase: parsed(addons=addons, phase=phase) for phase in ("all", "before_nodes", "after_nodes")}
    assert {phase: [one.name for one in spec.addons] for phase, spec in shares.items()} == {
        "all": ["vpc-cni", "coredns"],
        "before_nodes": ["vpc-cni"],
        "after_nodes": ["coredns"],
    }
    assert shares["before_nodes"].others == {"coredns"}
    assert shares["all"].others == set()


def test_only_a_failed_one_is_declared_to_be_well() -> None:
    spec = parsed(addons=[{"name": "coredns", "version": "v1.1.0-eksbuild.1"}])
    standing = {"version": "v1.1.0-eksbuild.1", "configuration": {}, "pod_identity": {}, "cluster": "demo"}
    ref = Ref("eks_addon", "coredns")
    failed = declare(spec, {ref: Found("coredns", {**standing, "failed": True}, {})})
    well = declare(spec, {ref: Found("coredns", {**standing, "failed": False}, {})})
    assert failed[0].attributes["failed"] is False
    assert "failed" not in well[0].attributes

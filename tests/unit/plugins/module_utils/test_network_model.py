"""What `network` refuses and what it declares."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.slipway.platform.plugins.module_utils._aws.account import Account
from ansible_collections.slipway.platform.plugins.module_utils._boxes.network.box import BOX
from ansible_collections.slipway.platform.plugins.module_utils._boxes.network.model import Network, parse
from ansible_collections.slipway.platform.plugins.module_utils._core.options import checked
from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Found, Impossible, Ref, Refusal

ZONES = {"eu-west-1a": "euw1-az1", "eu-west-1b": "euw1-az2", "eu-west-1c": "euw1-az3"}
IRELAND = Account("123456789012", "eu-west-1", zones=ZONES)
VIRGINIA = Account(
    "123456789012", "us-east-1", zones={f"us-east-1{letter}": f"use1-az{n}" for n, letter in enumerate("abcd", 1)}
)
CALIFORNIA = Account(
    "123456789012", "us-west-1", zones={"us-west-1a": "usw1-az1", "us-west-1b": "usw1-az2", "us-west-1c": "usw1-az3"}
)
THREE = list(ZONES)


def parsed(account: Account = IRELAND, **options: Any) -> Network:
    return parse(checked(BOX.specification, {"platform_name": "demo", **options}), account)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            {"cidr_block": "10.0.0.1/16"},
            "cidr_block is '10.0.0.1/16'; a block begins at its first address, 10.0.0.0/16",
        ),
        ({"cidr_block": "10.0.0.0/8"}, "cidr_block is '10.0.0.0/8'; an IPv4 block of /16 to /28 is allowed."),
        ({"cidr_block": "ten"}, "cidr_block is 'ten'; an IPv4 block of /16 to /28 is allowed, such as 10.0.0.0/16."),
        ({"cidr_block": "fd00::/56"}, "cidr_block is 'fd00::/56'; an IPv4 block of /16 to /28 is allowed, such as"),
        ({"cidr_block": "8.8.0.0/16"}, "cidr_block is '8.8.0.0/16'; a block within 10.0.0.0/8, 172.16.0.0/12, "),
        (
            {"cidr_block": "10.0.0.0/24"},
            "cidr_block is '10.0.0.0/24'; a block of /16 to /23 is allowed, or a",
        ),
        ({"availability_zones": THREE[:2]}, "availability_zones is ['eu-west-1a', 'eu-west-1b']; exactly three zones"),
        (
            {"availability_zones": [*THREE[:2], "us-east-1a"]},
            "availability_zones[2] is 'us-east-1a'; zones of the region eu-west-1 are eu-west-1a, eu-west-1b",
        ),
        (
            {"availability_zones": [*THREE[:2], THREE[0]]},
            "availability_zones[2] is 'eu-west-1a'; each zone is allowed once.",
        ),
        (
            {"private_cidr_blocks": ["10.0.0.0/20", "10.0.16.0/20", "10.0.32.0/20"]},
            "public_cidr_blocks is []; three blocks are required, one a zone, where the other list is given.",
        ),
        (
            {
                "private_cidr_blocks": ["10.0.0.0/20", "10.0.16.0/20", "10.1.0.0/20"],
                "public_cidr_blocks": ["10.0.64.0/24", "10.0.65.0/24", "10.0.66.0/24"],
            },
            "private_cidr_blocks[2] is '10.1.0.0/20'; a block within cidr_block (10.0.0.0/16) is allowed.",
        ),
        (
            {
                "private_cidr_blocks": ["10.0.0.0/20", "10.0.16.0/20", "10.0.32.0/20"],
                "public_cidr_blocks": ["10.0.64.0/24", "10.0.47.0/24", "10.0.66.0/24"],
            },
            "public_cidr_blocks[1] is '10.0.47.0/24'; it overlaps with 10.0.32.0/20, blocks lie apart.",
        ),
        (
            {
                "private_cidr_blocks": ["10.0.0.0/20", "10.0.16.0/20", "10.0.32.0/20"],
                "public_cidr_blocks": ["10.0.64.0/24", "10.0.65.0/24", "10.0.66.0/24"],
            },
            "availability_zones is not set; three zones are required where blocks of subnets are given.",
        ),
        ({"pod_cidr_block": "10.0.128.0/17"}, "pod_cidr_block is '10.0.128.0/17'; a block that does not overlap with"),
        (
            {"pod_cidr_block": "192.168.0.0/16"},
            "pod_cidr_block is '192.168.0.0/16'; AWS takes a block within 10.0.0.0/8 or 100.64.0.0/10 beside",
        ),
        ({"nat_kind": "two"}, "nat_kind is 'two'; allowed are single, per_az, regional, none."),
        (
            {"nat_kind": "none"},
            (
                "nat_kind is 'none'; it needs s3 in gateway_endpoints and ec2, ecr.api, ecr.dkr, eks, eks-auth, sts in "
                "interface_endpoints, missing are ec2, eks, eks-auth."
            ),
        ),
        (
            {"routes": [{"cidr_block": "0.0.0.0/0", "target": "tgw-0123456789abcdef0"}]},
            "routes[0].cidr_block is '0.0.0.0/0'; a block beside cidr_block (10.0.0.0/16) is allowed, each once;",
        ),
        (
            {"routes": [{"cidr_block": "10.8.0.0/16", "target": "hub"}]},
            "routes[0].target is 'hub'; an identifier is allowed that begins with tgw-, pcx-, vgw-, eni- or vpce-.",
        ),
        (
            {"interface_endpoints": [{"service": "com.amazonaws.eu-west-1.sts"}]},
            "interface_endpoints[0].service is 'com.amazonaws.eu-west-1.sts'; the last part of a service's name",
        ),
        ({"interface_endpoints": [{"service": "sts"}] * 2}, "interface_endpoints[1].service is 'sts'; each service is"),
        (
            {"interface_endpoints": [{"service": "s3"}]},
            "interface_endpoints[0].service is 's3'; gateway_endpoints is the",
        ),
        (
            {"gateway_endpoints": [{"service": "sqs"}]},
            "gateway_endpoints[0].service is 'sqs'; allowed are dynamodb, s3.",
        ),
        (
            {"gateway_endpoints": [{"service": "s3", "policy": {"Statement": []}}]},
            "gateway_endpoints[0].policy.Statement is []; a list of statements is required.",
        ),
        (
            {"flow_logs_retention_in_days": 91},
            "flow_logs_retention_in_days is 91; allowed are 1, 3, 5, 7, 14, 30, 60, 90,",
        ),
        ({"flow_logs_traffic_type": "NONE"}, "flow_logs_traffic_type is 'NONE'; allowed are ACCEPT, ALL, REJECT."),
        ({"max_pods_per_node": 251}, "max_pods_per_node is 251; 1 to 250 pods are allowed."),
        ({"max_nodes": 0}, "max_nodes is 0; at least one node is allowed."),
        (
            {"max_nodes": 400},
            (
                "max_nodes is 400; at most 375 nodes of 110 pods fit into the private subnets of 10.0.0.0/16, choose a "
                "larger block or fewer pods."
            ),
        ),
        (
            {"pod_cidr_block": "100.64.0.0/20", "max_nodes": 60},
            "max_nodes is 60; at most 18 nodes of 110 pods fit into the subnets for pods of 100.64.0.0/20, choose",
        ),
        ({"kind": "existing"}, "existing.vpc is not set; the name or identifier of the VPC is required, or vpc_tags."),
        (
            {"kind": "existing", "existing": {"vpc": "corporate"}},
            "existing.private_subnets is []; names or identifiers of one private subnet a zone are required, or",
        ),
        (
            {"kind": "existing", "existing": {"vpc": "corporate", "private_subnets": ["a", "a"]}},
            "existing.private_subnets is 'a'; each subnet is allowed once.",
        ),
        ({"path": "platforms"}, "path is 'platforms'; allowed are '/' and a path that begins and ends with a slash,"),
    ],
)
def test_refused(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Refusal) as refused:
        parsed(**options)
    assert str(refused.value).startswith(sentence)


def test_zones_that_eks_refuses() -> None:
    with pytest.raises(Refusal) as refused:
        parsed(VIRGINIA, availability_zones=["us-east-1a", "us-east-1b", "us-east-1c"])
    assert str(refused.value) == (
        "availability_zones[2] is 'us-east-1c'; EKS refuses this zone (use1-az3), allowed are us-east-1a, us-east-1b, "
        "us-east-1d."
    )
    assert parsed(VIRGINIA).zones == ("us-east-1a", "us-east-1b", "us-east-1d")


def test_a_region_with_two_zones_for_eks() -> None:
    with pytest.raises(Refusal) as refused:
        parsed(CALIFORNIA)
    assert str(refused.value) == (
        "availability_zones is not set; three zones are required and EKS takes 2 of the region us-west-1, choose "
        "another region."
    )


def standing(zone: str, block: str, tier: str = "private") -> tuple[Ref, Found]:
    name = f"demo-{tier}-{zone[-1]}"
    attributes = {"availability_zone": zone, "cidr_block": block}
    return Ref("subnet", name), Found(f"subnet-{zone[-1]}", attributes, {"slipway:platform": "demo", "Name": name})


def subnets(spec: Network, observed: dict[Ref, Found]) -> dict[str, str]:
    return {
        resource.ref.name: resource.attributes["cidr_block"]
        for resource in BOX.declare(spec, observed)
        if resource.ref.kind == "subnet"
    }


def test_subnets_stay_when_the_zones_are_given_in_another_order() -> None:
    first = subnets(parsed(availability_zones=THREE), {})
    observed = dict(standing(f"eu-west-1{name[-1]}", block) for name, block in first.items() if "private" in name)
    again = subnets(parsed(availability_zones=THREE[::-1]), observed)
    assert {name: block for name, block in again.items() if "private" in name} == {
        name: block for name, block in first.items() if "private" in name
    }


def test_zones_that_were_chosen_stay_when_a_region_gets_more() -> None:
    zones = {f"us-east-1{zone}": f"use1-az{number}" for number, zone in enumerate("bcdefa", 4)}
    four = Account("123456789012", "us-east-1", zones=zones)
    observed = dict([standing("us-east-1d", "10.0.0.0/18"), standing("us-east-1f", "10.0.64.0/18")])
    assert sorted(name for name in subnets(parsed(four), observed) if "private" in name) == [
        "demo-private-a",
        "demo-private-d",
        "demo-private-f",
    ]


def test_another_zone_than_the_standing_ones_is_refused() -> None:
    observed = dict([standing("us-east-1a", "10.0.0.0/18")])
    spec = parsed(VIRGINIA, availability_zones=["us-east-1b", "us-east-1d", "us-east-1a"])
    assert "demo-private-a" in subnets(spec, observed)
    other = dict([standing("us-east-1c", "10.0.0.0/18")])
    with pytest.raises(
        Impossible, match="availability_zones of vpc 'demo' are us-east-1c and cannot become us-east-1b"
    ):
        BOX.declare(spec, other)


def test_given_blocks_go_to_the_zones_in_their_order() -> None:
    spec = parsed(
        availability_zones=THREE[::-1],
        private_cidr_blocks=["10.0.0.0/20", "10.0.16.0/20", "10.0.32.0/20"],
        public_cidr_blocks=["10.0.64.0/24", "10.0.65.0/24", "10.0.66.0/24"],
    )
    assert subnets(spec, {})["demo-private-c"] == "10.0.0.0/20"
    assert subnets(spec, {})["demo-public-a"] == "10.0.66.0/24"


def test_denials_stand_before_what_lets_in() -> None:
    acls = {r.ref.name: r.attributes["ingress"] for r in BOX.declare(parsed(), {}) if r.ref.kind == "network_acl"}
    for rules in acls.values():
        denied = [int(number) for number, rule in rules.items() if rule["action"] == "deny"]
        allowed = [int(number) for number, rule in rules.items() if rule["action"] == "allow"]
        assert max(denied) < min(allowed)
    assert [rule["ports"] for rule in acls["demo-public"].values()] == ["22", ""]
    assert [rule["ports"] for rule in acls["demo-private"].values()] == ["22", "3389", ""]


def test_policies_of_endpoints_are_no_open_doors() -> None:
    policies = {r.ref.name: r.attributes["policy"] for r in BOX.declare(parsed(), {}) if r.ref.kind == "vpc_endpoint"}
    for policy in policies.values():
        for statement in policy["Statement"]:
            everything = statement["Action"] == ["*"] and statement["Resource"] == ["*"]
            assert not everything or statement["Condition"] == {
                "StringEquals": {"aws:PrincipalAccount": ["123456789012"]}
            }
    images = policies["demo-s3"]["Statement"][1]
    assert "arn:aws:s3:::prod-eu-west-1-starport-layer-bucket/*" in images["Resource"]
    assert policies["demo-sts"]["Statement"][1]["Action"] == ["sts:AssumeRoleWithWebIdentity"]

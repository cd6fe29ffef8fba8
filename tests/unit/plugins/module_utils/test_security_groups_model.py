"""What `security_groups` refuses, and how it reads rules."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.slipway.platform.plugins.module_utils._aws.account import Account
from ansible_collections.slipway.platform.plugins.module_utils._aws.ec2.security_groups import (
    by_peer,
    permissions,
    rules,
)
from ansible_collections.slipway.platform.plugins.module_utils._boxes.security_groups.box import BOX
from ansible_collections.slipway.platform.plugins.module_utils._boxes.security_groups.model import SecurityGroups, parse
from ansible_collections.slipway.platform.plugins.module_utils._core.options import checked
from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Ref, Refusal


def parsed(**options: Any) -> SecurityGroups:
    options = checked(BOX.specification, {"platform_name": "demo", **options})
    return parse(options, Account("123456789012", "eu-west-1"))


def rule(**changed: Any) -> dict[str, Any]:
    return {"description": "Kubernetes API", "ports": ["443"], "security_groups": ["nodes"], **changed}


def group_rules(**rules: Any) -> list[dict[str, Any]]:
    return [{"name": "nodes", "description": "Nodes", "rules": {"ingress": [rule(**rules)]}}]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            {"component": "EKS", "groups": []},
            "component is 'EKS'; lower-case letters, digits and single hyphens are allowed.",
        ),
        (
            {"groups": [{"name": "Nodes", "description": "Nodes"}]},
            (
                "groups[0].name is 'Nodes'; allowed are 1 to 60 lower-case letters, digits and single hyphens, "
                "beginning with a letter."
            ),
        ),
        (
            {"groups": [{"name": "nodes", "description": "Nodes"}] * 2},
            "groups[1].name is 'nodes'; each name is allowed once.",
        ),
        (
            {"groups": [{"name": "default", "description": "Nodes"}]},
            "groups[0].name is 'default'; the name belongs to AWS's default group of each VPC.",
        ),
        (
            {"groups": [{"name": "nodes", "description": "Nodes™"}]},
            (
                "groups[0].description is 'Nodes™'; allowed are 1 to 255 letters, digits, single spaces "
                "and ._-:/()#,@[]+=&;{}!$*."
            ),
        ),
        (
            {"groups": group_rules(ports=["https"])},
            (
                "groups[0].rules.ingress[0].ports[0] is 'https'; allowed are a port (443) or a range (1025-65535) "
                "within 0 to 65535."
            ),
        ),
        (
            {"groups": group_rules(ports=["65536"])},
            (
                "groups[0].rules.ingress[0].ports[0] is '65536'; allowed are a port (443) or a range (1025-65535) "
                "within 0 to 65535."
            ),
        ),
        (
            {"groups": group_rules(ports=[])},
            "groups[0].rules.ingress[0].ports is []; at least one port or range is required, 0-65535 for all.",
        ),
        (
            {"groups": group_rules(protocol="icmp")},
            "groups[0].rules.ingress[0].ports is ['443']; protocol icmp has no ports.",
        ),
        (
            {"groups": group_rules(protocol="sctp")},
            "groups[0].rules.ingress[0].protocol is 'sctp'; allowed are all, icmp, icmpv6, tcp, udp.",
        ),
        (
            {"groups": group_rules(security_groups=["pods"])},
            "groups[0].rules.ingress[0].security_groups[0] is 'pods'; declared groups are nodes.",
        ),
        (
            {"groups": group_rules(cidr_blocks=["10.0.0.1/16"])},
            (
                "groups[0].rules.ingress[0].cidr_blocks[0] is '10.0.0.1/16'; a CIDR block is allowed whose address is "
                "the first of the block (10.0.0.0/16)."
            ),
        ),
        (
            {"groups": group_rules(security_groups=[])},
            (
                "groups[0].rules.ingress[0] is 'Kubernetes API'; one of security_groups, cluster_security_group, "
                "cidr_blocks and prefix_lists is required."
            ),
        ),
        (
            {
                "groups": [
                    {"name": "nodes", "description": "Nodes", "rules": {"ingress": [rule(), rule(description="Again")]}}
                ]
            },
            (
                "groups[0].rules.ingress[1] is 'Again'; an earlier rule already admits tcp 443 of 'demo-nodes', "
                "each is allowed once."
            ),
        ),
        ({"groups": group_rules(port=443)}, None),
    ],
)
def test_refused(options: dict[str, Any], sentence: str | None) -> None:
    with pytest.raises(Refusal) as refused:
        parsed(**options)
    expected = sentence or (
        "groups[0].rules.ingress[0].port is 443; it is unknown, allowed are cidr_blocks, cluster_security_group, "
        "description, ports, prefix_lists, protocol, security_groups."
    )
    assert str(refused.value) == expected


def test_rules_by_ports_and_peers() -> None:
    ingress = [rule(ports=["80", "1025-65535"], cidr_blocks=["fd00::/8"], prefix_lists=["pl-1", "com.amazonaws.s3"])]
    group = parsed(groups=[{"name": "nodes", "description": "Nodes", "rules": {"ingress": ingress}}]).groups[0]
    peers = (Ref("prefix_list", "com.amazonaws.s3"), Ref("security_group", "demo-nodes"), "fd00::/8", "pl-1")
    assert {key: set(value) for key, value in group.ingress.items()} == {
        "tcp 80 Kubernetes API": set(peers),
        "tcp 1025-65535 Kubernetes API": set(peers),
    }


PROTOCOLS = st.one_of(
    st.tuples(st.sampled_from(["tcp", "udp"]), st.sampled_from(["443", "0-65535", "1025-65535"])),
    st.tuples(st.sampled_from(["all", "icmp"]), st.just("")),
)
PEERS = st.sampled_from(["sg-0123", "pl-0123", "10.0.0.0/8", "0.0.0.0/0", "fd00::/8"])
TEXTS = st.sampled_from(["", "Kubernetes API", "a - b", "443"])


@given(st.dictionaries(st.tuples(PROTOCOLS, PEERS), TEXTS, max_size=12))
def test_what_is_written_is_read_again(entries: dict[tuple[tuple[str, str], str], str]) -> None:
    standing = {(*protocol, peer): text for (protocol, peer), text in entries.items()}
    assert by_peer(rules(permissions(standing))) == standing

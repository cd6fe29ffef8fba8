"""Subnets lie apart and inside their VPC, and keep their places."""

from __future__ import annotations

from ipaddress import IPv4Network

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.slipway.platform.plugins.module_utils._boxes.network import layout

ZONES = ["eu-west-1a", "eu-west-1b", "eu-west-1c"]


def private_block(prefix: int, seed: int) -> IPv4Network:
    size = 2 ** (32 - prefix)
    return IPv4Network((int(IPv4Network("10.0.0.0/8").network_address) + seed % 2 ** (prefix - 8) * size, prefix))


BLOCKS = st.builds(private_block, st.integers(16, 23), st.integers(0, 2**24))


@given(BLOCKS)
def test_computed_subnets_are_inside_and_apart(block: IPv4Network) -> None:
    private, public = layout.private_blocks(block), layout.public_blocks(block)
    assert len(private) == len(public) == 3
    assert all(subnet.subnet_of(block) for subnet in (*private, *public))
    assert layout.overlapping([*private, *public]) is None


@given(BLOCKS)
def test_private_subnets_are_larger_and_public_ones_hold_load_balancers(block: IPv4Network) -> None:
    private, public = layout.private_blocks(block)[0], layout.public_blocks(block)[0]
    assert private.num_addresses >= 4 * public.num_addresses
    assert public.prefixlen <= 27


@given(BLOCKS)
def test_the_reserved_half_is_inside_and_whole_prefixes(block: IPv4Network) -> None:
    subnet = layout.private_blocks(block)[0]
    half = layout.reservation(subnet)
    assert half.subnet_of(subnet)
    assert half.num_addresses * 2 == subnet.num_addresses
    assert half.prefixlen <= layout.PREFIX


@given(BLOCKS, st.permutations(ZONES), st.permutations(ZONES), st.integers(0, 3))
def test_standing_subnets_keep_their_places(
    block: IPv4Network, first: list[str], second: list[str], standing: int
) -> None:
    blocks = layout.private_blocks(block)
    before = dict(list(layout.placed(first, blocks, {}).items())[:standing])
    after = layout.placed(second, blocks, before)
    assert before.items() <= after.items()
    assert sorted(after) == ZONES
    assert layout.overlapping(after.values()) is None


def test_a_zone_without_a_free_place_gets_none() -> None:
    blocks = layout.private_blocks(IPv4Network("10.0.0.0/16"))
    other = IPv4Network("10.0.0.0/16")
    assert layout.placed(ZONES, blocks, {"eu-west-1a": other}) == {"eu-west-1a": other}


@given(BLOCKS, st.integers(1, 250), st.integers(0, 20), st.booleans())
def test_the_most_nodes_fit_and_one_more_does_not(
    block: IPv4Network, pods: int, others: int, with_pod_block: bool
) -> None:
    node_block = layout.private_blocks(block)[0]
    pod_block = layout.pod_blocks(IPv4Network("100.64.0.0/16"))[0] if with_pod_block else None
    most = layout.most_nodes(pods, node_block, pod_block, others)
    assert most == 0 or layout.fits(most, pods, node_block, pod_block, others)
    assert not layout.fits(most + 1, pods, node_block, pod_block, others)


def test_what_nodes_take_never_exceeds_what_the_subnet_has() -> None:
    subnet = IPv4Network("10.0.0.0/24")
    most = layout.most_nodes(110, subnet, None, 3)
    assert most == 1
    taken = most * 8 * 16 + most * 2 + layout.INTERFACES_OF_EKS + layout.INTERFACES_OF_LOAD_BALANCERS + 3
    assert taken <= subnet.num_addresses - layout.RESERVED


def test_a_block_of_their_own_makes_room_for_pods() -> None:
    node_block = IPv4Network("10.0.0.0/24")
    shared = layout.most_nodes(110, node_block, None, 3)
    apart = layout.most_nodes(110, node_block, IPv4Network("100.64.0.0/18"), 3)
    assert (shared, apart) == (1, 113)

# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the subnets of a VPC lie, and how many nodes and pods fit into them. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network

ZONES = 3

PREFIX = 28
"""Length of the blocks that prefix delegation hands to a node: 16 addresses."""

RESERVED = 5
"""Addresses that AWS keeps in each subnet: four and the last. Source: "Subnet CIDR blocks", VPC User Guide."""

INTERFACES_OF_EKS = 4
"""Interfaces of the control plane in one subnet: two that stand and two more while EKS replaces them."""

INTERFACES_OF_LOAD_BALANCERS = 8
"""Addresses of internal load balancers in one subnet; below eight free ones AWS makes none."""

INTERFACES_OF_NODE = 2
"""Addresses of one node beside those of its pods: one for each interface, and prefixes of 110 pods fit on two."""


def private_blocks(block: IPv4Network) -> list[IPv4Network]:
    """The first three quarters of a VPC: nodes and pods live there."""
    return list(block.subnets(prefixlen_diff=2))[:ZONES]


def public_blocks(block: IPv4Network) -> list[IPv4Network]:
    """The first three sixteenths of the last quarter, but no smaller than load balancers need (/27)."""
    last = list(block.subnets(prefixlen_diff=2))[-1]
    length = min(block.prefixlen + 6, 27)
    return list(last.subnets(new_prefix=length))[:ZONES]


def pod_blocks(block: IPv4Network) -> list[IPv4Network]:
    """The first three quarters of a secondary block."""
    return private_blocks(block)


def placed(
    zones: Sequence[str], blocks: Sequence[IPv4Network], standing: dict[str, IPv4Network]
) -> dict[str, IPv4Network]:
    """Zone -> block. A zone that has a subnet keeps its block; the others take the free blocks in order.

    A zone that finds none is left out.
    """
    taken = [standing[zone] for zone in zones if zone in standing]
    free = [block for block in blocks if not any(block.overlaps(other) for other in taken)]
    answer: dict[str, IPv4Network] = {}
    for zone in zones:
        if zone in standing:
            answer[zone] = standing[zone]
        elif free:
            answer[zone] = free.pop(0)
    return answer


def reservation(block: IPv4Network) -> IPv4Network:
    """The half of a subnet that is kept for prefixes, so that single addresses do not break it up."""
    return list(block.subnets(prefixlen_diff=1))[1]


def prefixes_of_node(pods: int) -> int:
    """Blocks of 16 addresses that a node takes: those of its pods, and one that the CNI keeps warm."""
    return math.ceil(pods / 16) + 1


def fits(nodes: int, pods: int, node_block: IPv4Network, pod_block: IPv4Network | None, others: int) -> bool:
    """Whether a zone holds so many nodes.

    :param pods: the most pods on one node.
    :param node_block: the zone's private subnet.
    :param pod_block: the zone's subnet for pods, or None where pods share the private one.
    :param others: interfaces of VPC endpoints in the private subnet.
    """
    single = nodes * INTERFACES_OF_NODE + INTERFACES_OF_EKS + INTERFACES_OF_LOAD_BALANCERS + others
    if pod_block is not None:
        room = single + RESERVED <= node_block.num_addresses
        return room and nodes * (prefixes_of_node(pods) + 1) <= _blocks(pod_block)
    taken = math.ceil(max(0, single - _loose(node_block)) / 16)
    return nodes * prefixes_of_node(pods) + taken <= _blocks(node_block)


def _blocks(block: IPv4Network) -> int:
    """Whole prefixes of a subnet: AWS's own addresses break the first and the last."""
    return max(0, int(2 ** (PREFIX - block.prefixlen)) - 2) if block.prefixlen <= PREFIX else 0


def _loose(block: IPv4Network) -> int:
    """Addresses in the first and the last prefix that AWS does not keep."""
    return min(block.num_addresses, 32) - RESERVED


def most_nodes(pods: int, node_block: IPv4Network, pod_block: IPv4Network | None, others: int) -> int:
    """The most nodes of one zone."""
    low, high = 0, node_block.num_addresses
    while low < high:
        middle = (low + high + 1) // 2
        if fits(middle, pods, node_block, pod_block, others):
            low = middle
        else:
            high = middle - 1
    return low


def overlapping(blocks: Iterable[IPv4Network]) -> tuple[IPv4Network, IPv4Network] | None:
    """The first two blocks that overlap, or None."""
    seen: list[IPv4Network] = []
    for block in blocks:
        for other in seen:
            if block.overlaps(other):
                return other, block
        seen.append(block)
    return None

# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules that what one role declares has to keep towards another. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from .._aws.account import Account
from .._core.plan import Refusal, Value

if TYPE_CHECKING:
    from .model import Declared


class Specs:
    """What the boxes' `parse` returned, by module.

    :param parsed: each call of a module with what its box's `parse` returned.
    """

    def __init__(self, parsed: Sequence[tuple[Declared, Any]], account: Account) -> None:
        self._parsed = parsed
        self.account = account

    def of(self, module: str) -> Any:
        """What the first call of a module declares, or None where no selected role calls it."""
        return next((spec for call, spec in self._parsed if call.module == module), None)

    def groups(self) -> Iterator[tuple[str, Any]]:
        """Every group of nodes that is to stand, with the module that makes it."""
        for call, spec in self._parsed:
            if call.module in ("autoscaling_groups", "eks_nodegroups") and not spec.absent:
                yield from ((call.module, group) for group in spec.groups)

    def is_set(self, module: str, path: str, key: str) -> bool:
        """Whether an entry of a list (`groups[0]`) sets a key itself."""
        option, _bracket, position = path.rstrip("]").partition("[")
        calls = (call for call, _spec in self._parsed if call.module == module and call.options.get(option))
        return any(call.options[option][int(position)].get(key) for call in calls)

    def refusal(self, module: str, option: str, value: Value, allowed: str) -> Refusal:
        """The refusal of an option of a module, by the variable that feeds it."""
        refusal = Refusal(option, value, allowed)
        return next((call.renamed(refusal) for call, _spec in self._parsed if call.module == module), refusal)


def zones_of_nodes(specs: Specs) -> None:
    """Nodes stand in zones of the network, and each zone offers their instance types."""
    network = specs.of("network")
    if network is None or not network.zones_declared:
        return
    for module, group in specs.groups():
        for zone in group.zones:
            if zone not in network.zones:
                allowed = f"the zones of the network are {', '.join(network.zones)}"
                raise specs.refusal(module, f"{group.option}.availability_zones", zone, allowed)
        for position, name in enumerate(group.instance_types):
            offered = (specs.account.offerings or {}).get(name, ())
            lacking = [zone for zone in group.zones or network.zones if zone not in offered]
            if lacking:
                allowed = (
                    f"{', '.join(lacking)} does not offer it, a type is allowed that all zones of the network offer"
                )
                raise specs.refusal(module, f"{group.option}.instance_types[{position}]", name, allowed)


def version_of_nodes(specs: Specs) -> None:
    """No node is newer than its control plane. Source: "Version Skew Policy", Kubernetes."""
    cluster = specs.of("eks_cluster")
    if cluster is None or not cluster.version:
        return
    for module, group in specs.groups():
        if group.version and _minor(group.version) > _minor(cluster.version):
            allowed = f"at most the version of the cluster is allowed, {cluster.version}"
            option = f"{group.option}.version" if specs.is_set(module, group.option, "version") else "version"
            raise specs.refusal(module, option, group.version, allowed)


def number_of_nodes(specs: Specs) -> None:
    """The network is laid out for as many nodes, and as many pods on each, as the groups may grow to."""
    network = specs.of("network")
    if network is None or network.absent:
        return
    groups = list(specs.groups())
    most = sum(group.max_size for _module, group in groups)
    if most > network.max_nodes:
        allowed = f"at least {most} is required, the sum of max_size over the groups of nodes"
        raise specs.refusal("network", "max_nodes", network.max_nodes, allowed)
    for module, group in groups:
        if group.max_pods and group.max_pods > network.max_pods:
            allowed = f"at most {network.max_pods} pods a node are allowed, for which the network is laid out"
            raise specs.refusal(module, f"{group.option}.max_pods", group.max_pods, allowed)


def _minor(version: str) -> int:
    return int(version.split(".")[1])


RULES: tuple[Callable[[Specs], None], ...] = (zones_of_nodes, version_of_nodes, number_of_nodes)

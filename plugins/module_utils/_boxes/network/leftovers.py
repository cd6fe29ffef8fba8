# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What controllers leave behind in a VPC that is to go, and what keeps it from going."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..._aws.ec2.model import tags_of
from ..._aws.ec2.security_groups import found as found_group
from ..._aws.tags import COMPONENT, IDENTITY
from ..._core.known import Known
from ..._core.plan import Found, Ref
from .model import Network
from .plan import COMPONENT as OWN

Entry = Mapping[str, Any]

_OF_AWS = ("nat_gateway", "vpc_endpoint", "gateway_load_balancer_endpoint")
"""Interfaces that go with what they belong to."""


def own_group(spec: Network, groups: Sequence[Entry]) -> dict[Ref, Found]:
    """The security group of the endpoints, by its component or its name."""
    observed: dict[Ref, Found] = {}
    for group in groups:
        tags = tags_of(group)
        ours = tags.get(IDENTITY) == spec.platform and tags.get(COMPONENT) == OWN
        if ours or group["GroupName"] == f"{spec.platform}-endpoints":
            observed |= found_group(group)
    return observed


def leftovers(
    spec: Network, vpc_tags: Mapping[str, str], groups: Sequence[Entry], interfaces: Sequence[Entry], known: Known
) -> tuple[dict[Ref, Found], list[str]]:
    """Groups and interfaces that controllers made for the platform's cluster, in a VPC that is the platform's.

    Beside them in words what others made or other roles still have there, which keeps the VPC (see `plan.guard`).
    """
    if vpc_tags.get(IDENTITY) != spec.platform:
        return {}, []
    observed: dict[Ref, Found] = {}
    held: list[str] = []
    for group in groups:
        tags = tags_of(group)
        ours = tags.get(IDENTITY) == spec.platform
        if group["GroupName"] == "default" or (ours and tags.get(COMPONENT) == OWN):
            continue
        if ours:
            if not known.deleted(Ref("security_group", group["GroupName"])):
                of = f"security group '{group['GroupName']}' of the component {tags.get(COMPONENT, 'eks')}"
                held.append(f"{of} still stands in it; delete that first")
        elif not of_cluster(spec.platform, tags):
            held.append(_foreign(f"security group '{group['GroupName']}'"))
        elif not (tags.get("aws:eks:cluster-name") and known.deleted(Ref("eks_cluster", spec.platform))):
            observed |= {ref: replace(found, tags=None) for ref, found in found_group(group).items()}
    for interface in interfaces:
        if interface["Status"] != "available" or interface.get("InterfaceType") in _OF_AWS:
            continue
        tags = tags_of({"Tags": interface.get("TagSet", [])})
        of_cni = interface.get("Description", "").startswith("aws-K8S-")
        groups_of = [Ref("security_group", group["GroupName"]) for group in interface.get("Groups", [])]
        if of_cni and any(known.deleted(ref) for ref in groups_of):
            continue  # a part of that group's deletion
        if not (of_cluster(spec.platform, tags) or of_cni):
            held.append(_foreign(f"network interface {interface['NetworkInterfaceId']}"))
        else:
            observed[Ref("network_interface", interface["NetworkInterfaceId"])] = Found(interface["NetworkInterfaceId"])
    return observed, held


def of_cluster(platform: str, tags: Mapping[str, str]) -> bool:
    """Whether a controller of the platform's cluster, or EKS itself, made it.

    Sources: tags of the Amazon VPC CNI, of the AWS Load Balancer Controller, and of EKS.
    """
    named = ("aws:eks:cluster-name", "elbv2.k8s.aws/cluster", "cluster.k8s.amazonaws.com/name", "eks:cluster-name")
    return f"kubernetes.io/cluster/{platform}" in tags or any(tags.get(key) == platform for key in named)


def _foreign(what: str) -> str:
    return f"{what}, which the platform did not make, is in it; whoever made it has to delete it first"

# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The managed node groups that are to stand. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..._aws import tags
from ..._aws.eks.model import BROKEN, eks_name
from ..._aws.eks.nodes import groups, template
from ..._aws.eks.nodes.groups import Group
from ..._core.plan import Found, Observed, Ref, Resource, Value
from .model import EksNodegroups


def declare(spec: EksNodegroups, observed: Observed) -> list[Resource]:
    """Templates before the groups that use them."""
    templates, nodegroups = [], []
    for group in spec.groups:
        found = observed.get(Ref("eks_nodegroup", group.name))
        groups.check_places(spec, group)
        groups.check_version(spec, group, found.attributes["version"] if found else None)
        data = template.data(spec, group, **_user_data(group))
        templates.append(template.template(spec, group.name, data))
        nodegroups.append(_nodegroup(spec, group, found, data))
    return [*templates, *nodegroups]


def _user_data(group: Group) -> dict[str, Any]:
    """EKS adds its own part, in which it reckons the pods a node by itself, prefix delegation included."""
    if group.max_pods is None:
        return {}
    return {"UserData": {"system": group.image.system, "max_pods": group.max_pods}}


def _nodegroup(spec: EksNodegroups, group: Group, found: Found | None, data: Mapping[str, Any]) -> Resource:
    managed = spec.managed[group.name]
    attributes: dict[str, Value] = {
        "cluster": Ref("eks_cluster", spec.platform),
        "instance_types": list(group.instance_types),
        "ami_type": group.ami_type,
        "capacity_type": group.capacity_type,
        "subnets": [Ref("subnet", name) for name in spec.subnets_of(group)],
        "node_role": Ref("iam_role", spec.role),
        "launch_template": Ref("launch_template", group.name),
        "scaling": groups.scaling(group, found),
        "labels": dict(group.labels),
        "taints": [dict(taint) for taint in group.taints],
        "update": {
            "max_unavailable": group.max_unavailable,
            "max_unavailable_percentage": group.max_unavailable_percentage,
            "strategy": managed.update_strategy,
        },
        "node_repair": managed.node_repair,
    }
    if group.version is not None:
        attributes["version"] = group.version
    if group.release_version is not None:
        attributes["release_version"] = group.release_version
    if found is not None:
        attributes["launch_template_data"] = data
        if found.attributes["status"] in BROKEN:
            attributes["status"] = "ACTIVE"
    return Resource(Ref("eks_nodegroup", group.name), attributes, tags.of(spec.platform, group.name, spec.tags))


def answer(spec: EksNodegroups, observed: Observed) -> dict[str, Value]:
    standing = {ref.name: found for ref, found in observed.items() if ref.kind == "eks_nodegroup"}
    return {
        "architectures": groups.architectures(spec),
        "nodegroups": {
            name: {
                "name": eks_name(found.id),
                "version": found.attributes["version"],
                "status": found.attributes["status"],
            }
            for name, found in sorted(standing.items())
        },
        "warnings": groups.spot_warnings(spec),
    }

# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Auto Scaling groups of nodes that are to stand. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..._aws import tags as _tags
from ..._aws.eks.nodes import groups, images, template
from ..._aws.eks.nodes.groups import Group, template_name
from ..._core.plan import Found, Impossible, Observed, Ref, Resource, Value
from .model import AutoscalingGroups

RESOLVE = "resolve:ssm:"
"""Before the name of a parameter, in place of an image's id. Source: "Use a Systems Manager parameter", EC2 Guide."""

TERMINATION = ["AllocationStrategy", "OldestLaunchTemplate", "OldestInstance"]


def declare(spec: AutoscalingGroups, observed: Observed) -> list[Resource]:
    """The nodes' access entry, then templates, then the groups that use them."""
    templates, scaling_groups = [], []
    for group in spec.groups:
        found = observed.get(Ref("autoscaling_group", group.name))
        groups.check_places(spec, group)
        data = _data(spec, group, _version(spec, group, found))
        templates.append(template.template(spec, template_name(group.name), data))
        scaling_groups.append(_scaling_group(spec, group, found, data))
    return [*_access_entry(spec, observed), *templates, *scaling_groups]


def _access_entry(spec: AutoscalingGroups, observed: Observed) -> list[Resource]:
    if not spec.groups:
        return []
    ref = Ref("access_entry", spec.role)
    attributes = {
        "cluster": Ref("eks_cluster", spec.platform),
        "principal": Ref("iam_role", spec.role),
        "type": "EC2_LINUX",
    }
    untagged = ref in observed and observed[ref].tags is None
    return [Resource(ref, attributes, None if untagged else _tags.of(spec.platform, spec.role, spec.tags))]


def _version(spec: AutoscalingGroups, group: Group, found: Found | None) -> str:
    """What is asked for, else what stands, else the cluster's."""
    image = ((found.attributes["launch_template_data"] or {}) if found else {}).get("ImageId", "")
    standing = images.version_of(image.removeprefix(RESOLVE))
    groups.check_version(spec, group, standing)
    version = group.version or standing or spec.cluster_version
    if version is None:
        raise Impossible(
            f"The version of autoscaling group '{group.name}' is not known: set it, or make the cluster first."
        )
    return version


def _data(spec: AutoscalingGroups, group: Group, version: str) -> dict[str, Any]:
    settings = {"max_pods": group.max_pods, "labels": group.labels, "taints": list(group.taints)}
    user_data: dict[str, Any] = {
        "system": group.image.system,
        "cluster": Ref("eks_cluster", spec.platform),
        **{name: value for name, value in settings.items() if value},
    }
    data = template.data(
        spec,
        group,
        IamInstanceProfile={"Name": Ref("instance_profile", spec.role)},
        ImageId=RESOLVE + images.parameter(group.image, version, group.release_version),
        UserData=user_data,
    )
    tags = data["TagSpecifications"]
    owned = {f"kubernetes.io/cluster/{spec.platform}": "owned"}
    return {**data, "TagSpecifications": {**tags, "instance": {**tags["instance"], **owned}}}


def _scaling_group(spec: AutoscalingGroups, group: Group, found: Found | None, data: Mapping[str, Any]) -> Resource:
    attributes: dict[str, Value] = {
        "instance_types": list(group.instance_types),
        "distribution": spec.distribution(group),
        "launch_template": Ref("launch_template", template_name(group.name)),
        "scaling": groups.scaling(group, found),
        "subnets": [Ref("subnet", name) for name in spec.subnets_of(group)],
        "capacity_rebalance": group.capacity_type == "SPOT",
        "termination_policies": TERMINATION,
        "metrics_collection": True,
    }
    if found is not None:
        attributes |= {"launch_template_data": data, "outdated_instances": 0}
    tags = {
        **spec.tags,
        f"kubernetes.io/cluster/{spec.platform}": "owned",
        "k8s.io/cluster-autoscaler/enabled": "true",
        f"k8s.io/cluster-autoscaler/{spec.platform}": "owned",
    }
    return Resource(Ref("autoscaling_group", group.name), attributes, _tags.of(spec.platform, group.name, tags))


def answer(spec: AutoscalingGroups, observed: Observed) -> dict[str, Value]:
    standing = {ref.name: found.attributes for ref, found in observed.items() if ref.kind == "autoscaling_group"}
    return {
        "architectures": groups.architectures(spec),
        "autoscaling_groups": {
            name: {
                "instances": attributes["instances"],
                "version": images.version_of(
                    (attributes["launch_template_data"] or {}).get("ImageId", "").removeprefix(RESOLVE)
                ),
            }
            for name, attributes in sorted(standing.items())
        },
        "warnings": groups.spot_warnings(spec),
    }

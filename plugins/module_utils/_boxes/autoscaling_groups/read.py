# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What stands of the platform's Auto Scaling groups."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from ..._aws import finders
from ..._aws import tags as _tags
from ..._aws.client import Api
from ..._aws.ec2 import launch_templates
from ..._aws.nodes.cluster import joined
from ..._aws.nodes.groups import TEMPLATE_OF_SCALING, refuse_other_kind
from ..._aws.nodes.volumes import read_volumes
from ..._core.known import Known
from ..._core.plan import Found, Ref
from ..eks_access.read import describe_access_entry
from ..eks_nodegroups.read import nodegroup, nodegroup_names
from .model import AutoscalingGroups

ROLLING = ("Pending", "InProgress", "Baking", "Cancelling", "RollbackInProgress")
"""Statuses of an instance refresh that goes on."""

DEFAULTS = {"OnDemandAllocationStrategy": "prioritized", "OnDemandBaseCapacity": 0}


def tagged_groups(api: Api, platform: str) -> list[dict[str, Any]]:
    answer: list[dict[str, Any]] = api.autoscaling.pages(
        "describe_auto_scaling_groups",
        "AutoScalingGroups",
        Filters=[{"Name": f"tag:{_tags.IDENTITY}", "Values": [platform]}],
    )
    return answer


def named_groups(api: Api, names: list[str]) -> list[dict[str, Any]]:
    answer: list[dict[str, Any]] = api.autoscaling.pages(
        "describe_auto_scaling_groups", "AutoScalingGroups", AutoScalingGroupNames=names
    )
    return answer


def last_refresh(api: Api, name: str) -> dict[str, Any]:
    """The latest instance refresh of a group, `{}` where there was none."""
    answer = api.autoscaling.describe_instance_refreshes(AutoScalingGroupName=name, MaxRecords=1)
    return dict(next(iter(answer["InstanceRefreshes"]), {}))


def _role_arn(api: Api, spec: AutoscalingGroups, known: Known) -> str | None:
    found = known.id(Ref("iam_role", spec.role))
    if found is None and not known.planned(Ref("iam_role", spec.role)):
        role = finders.iam_role(api, spec.role)
        found = None if role is None else role.id
    return found


def _access_entry(api: Api, spec: AutoscalingGroups, known: Known) -> dict[Ref, Found]:
    """The nodes' access entry. One that EKS made for managed node groups serves too, and is not ours to delete."""
    principal = _role_arn(api, spec, known)
    entry = None if principal is None else describe_access_entry(api, spec.platform, principal)
    if entry is None:
        return {}
    ours = entry.get("tags", {}).get(_tags.IDENTITY) == spec.platform
    if not ours and (spec.absent or not spec.groups):
        return {}
    attributes = {"cluster": spec.platform, "principal": principal, "type": entry["type"]}
    found = Found(entry["accessEntryArn"], attributes, entry["tags"] if ours else None)
    return {Ref("access_entry", spec.role): found}


def _managed_nodegroups(api: Api, platform: str) -> list[str]:
    found = [nodegroup(api, platform, name) for name in nodegroup_names(api, platform)]
    return [
        group["nodegroupName"]
        for group in found
        if group is not None and (group.get("tags") or {}).get(_tags.IDENTITY) == platform
    ]


def read(api: Api, spec: AutoscalingGroups, known: Known) -> dict[Ref, Found]:
    if spec.other_kind_refused:
        refuse_other_kind("Managed node groups", _managed_nodegroups(api, spec.platform))
    calls: list[Callable[[], Any]] = [
        partial(tagged_groups, api, spec.platform),
        partial(launch_templates.templates, api, spec.platform),
        partial(joined, api, spec.platform, known),
        partial(_access_entry, api, spec, known),
    ]
    groups, templates, cluster, observed = api.together(calls)
    lost = sorted({group.name for group in spec.groups} - {group["AutoScalingGroupName"] for group in groups})
    if lost:
        groups += named_groups(api, lost)
    templates = [entry for entry in templates if entry["LaunchTemplateName"].endswith(TEMPLATE_OF_SCALING)]
    ids = [entry["LaunchTemplateId"] for entry in templates]
    answers = api.together([partial(launch_templates.versions, api, name, cluster) for name in ids])
    versions = dict(zip(ids, answers, strict=True))
    for entry in [template for template in templates if versions[template["LaunchTemplateId"]]]:
        used = [_version(group)[1] for group in groups if _version(group)[0] == entry["LaunchTemplateId"]]
        numbers = [int(version) for version in used if version.isdigit()]
        template = launch_templates.found(entry, versions[entry["LaunchTemplateId"]], numbers)
        observed[Ref("launch_template", entry["LaunchTemplateName"])] = template
    for group in groups:
        observed[Ref("autoscaling_group", group["AutoScalingGroupName"])] = _found(api, group, versions)
    if spec.absent and spec.delete_volumes:
        observed |= read_volumes(api, spec.platform)
    return dict(observed)


def _version(group: Mapping[str, Any]) -> tuple[str, str]:
    """Id and version of the group's launch template, a number or `$Default`."""
    mixed = group.get("MixedInstancesPolicy", {}).get("LaunchTemplate", {}).get("LaunchTemplateSpecification", {})
    template = mixed or group.get("LaunchTemplate", {})
    return template.get("LaunchTemplateId", ""), template.get("Version") or "$Default"


def _data(versions: Mapping[str, Mapping[int, Any]], template_id: str, version: str) -> Any:
    standing = versions.get(template_id, {})
    if version == "$Latest":
        return standing.get(max(standing, default=0))
    return standing.get(int(version) if version.isdigit() else 0)


def _found(api: Api, group: Mapping[str, Any], versions: Mapping[str, Mapping[int, Any]]) -> Found:
    template_id, version = _version(group)
    policy = group.get("MixedInstancesPolicy", {})
    types = [entry.get("InstanceType", "") for entry in policy.get("LaunchTemplate", {}).get("Overrides", [])]
    distribution = policy.get("InstancesDistribution", {})
    data = _data(versions, template_id, version)
    attributes = {
        "instance_types": types,
        "distribution": {**DEFAULTS, **{key: value for key, value in distribution.items() if value not in (None, "")}},
        "launch_template": template_id if template_id in versions else None,
        "launch_template_data": data,
        "scaling": {
            "min_size": group["MinSize"],
            "max_size": group["MaxSize"],
            "desired_size": group["DesiredCapacity"],
        },
        "subnets": sorted(group.get("VPCZoneIdentifier", "").split(",")),
        "capacity_rebalance": bool(group.get("CapacityRebalance")),
        "termination_policies": group.get("TerminationPolicies", []),
        "metrics_collection": bool(group.get("EnabledMetrics")),
        "instances": len(group.get("Instances", [])),
    }
    outdated = [
        instance
        for instance in group.get("Instances", [])
        if instance.get("InstanceType") not in types
        or _data(versions, template_id, instance.get("LaunchTemplate", {}).get("Version") or version) != data
    ]
    state = "going" if group.get("Status") else "ready"
    if outdated and state == "ready" and last_refresh(api, group["AutoScalingGroupName"]).get("Status") in ROLLING:
        outdated, state = [], "pending"
    tags = _tags.from_list(group.get("Tags"))
    return Found(group["AutoScalingGroupName"], {**attributes, "outdated_instances": len(outdated)}, tags, state=state)

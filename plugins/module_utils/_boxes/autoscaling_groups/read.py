# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What stands of the platform's Auto Scaling groups."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from ..._aws import tags as _tags
from ..._aws.autoscaling.groups import found_group, named_groups, tagged_groups, template_version
from ..._aws.client import Api
from ..._aws.ec2 import launch_templates
from ..._aws.ec2.volumes import read_volumes
from ..._aws.eks.access_entries import describe_access_entry
from ..._aws.eks.nodegroups import nodegroup, nodegroup_names
from ..._aws.eks.nodes.groups import TEMPLATE_OF_SCALING, refuse_other_kind
from ..._aws.eks.nodes.joined import joined
from ..._aws.iam.roles import find_role
from ..._core.known import Known
from ..._core.plan import Found, Ref
from .model import AutoscalingGroups


def _role_arn(api: Api, spec: AutoscalingGroups, known: Known) -> str | None:
    found = known.id(Ref("iam_role", spec.role))
    if found is None and not known.planned(Ref("iam_role", spec.role)):
        role = find_role(api, spec.role)
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
        used = [
            template_version(group)[1] for group in groups if template_version(group)[0] == entry["LaunchTemplateId"]
        ]
        numbers = [int(version) for version in used if version.isdigit()]
        template = launch_templates.found(entry, versions[entry["LaunchTemplateId"]], numbers)
        observed[Ref("launch_template", entry["LaunchTemplateName"])] = template
    for group in groups:
        observed[Ref("autoscaling_group", group["AutoScalingGroupName"])] = found_group(api, group, versions)
    if spec.absent and spec.delete_volumes:
        observed |= read_volumes(api, spec.platform)
    return dict(observed)

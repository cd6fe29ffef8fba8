# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What stands of the managed node groups of a platform."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from ..._aws import tags
from ..._aws.client import Api
from ..._aws.ec2 import launch_templates
from ..._aws.ec2.model import tags_of
from ..._aws.ec2.volumes import read_volumes
from ..._aws.eks.model import BROKEN, generation
from ..._aws.eks.nodegroups import found_nodegroup, nodegroup, nodegroup_names
from ..._aws.eks.nodes.groups import TEMPLATE_OF_SCALING, refuse_other_kind
from ..._core.known import Known
from ..._core.plan import Found, Ref
from .model import EksNodegroups


def read(api: Api, spec: EksNodegroups, known: Known) -> dict[Ref, Found]:
    """Node groups under their declared names, other generations under the name with their number; templates."""
    lists: list[Callable[[], Any]] = [
        partial(nodegroup_names, api, spec.platform),
        partial(launch_templates.templates, api, spec.platform),
    ]
    names, templates = api.together(lists)
    if spec.other_kind_refused:
        of_scaling = [entry for entry in templates if entry["LaunchTemplateName"].endswith(TEMPLATE_OF_SCALING)]
        ours = [entry for entry in of_scaling if tags_of(entry).get(tags.IDENTITY) == spec.platform]
        standing = [entry["LaunchTemplateName"].removesuffix(TEMPLATE_OF_SCALING) for entry in ours]
        refuse_other_kind("Auto Scaling groups", standing)
    templates = [entry for entry in templates if not entry["LaunchTemplateName"].endswith(TEMPLATE_OF_SCALING)]
    each: list[Callable[[], Any]] = [partial(nodegroup, api, spec.platform, name) for name in names]
    each += [partial(launch_templates.versions, api, entry["LaunchTemplateId"]) for entry in templates]
    answers = api.together(each)
    groups = [group for group in answers[: len(names)] if group is not None]
    versions = {
        entry["LaunchTemplateId"]: standing for entry, standing in zip(templates, answers[len(names) :], strict=True)
    }
    observed = {
        Ref("launch_template", entry["LaunchTemplateName"]): launch_templates.found(
            entry, versions[entry["LaunchTemplateId"]], _used(groups, entry["LaunchTemplateId"])
        )
        for entry in templates
        if versions[entry["LaunchTemplateId"]]
    }
    if spec.absent and spec.delete_volumes:
        observed |= read_volumes(api, spec.platform)
    return observed | _by_name(spec, [found_nodegroup(group, versions) for group in groups])


def _used(groups: Iterable[Mapping[str, Any]], template_id: str) -> list[int]:
    used = [group["launchTemplate"] for group in groups if group.get("launchTemplate", {}).get("id") == template_id]
    return [int(template["version"]) for template in used]


def _by_name(spec: EksNodegroups, found: Iterable[Found]) -> dict[Ref, Found]:
    """One generation of each group under the declared name: the newest that is what is declared, else the newest."""
    by_name: dict[str, dict[int, Found]] = {}
    for entry in found:
        name, number = generation(entry.id)
        by_name.setdefault(name, {})[number] = entry
    answer = {}
    for name, generations in by_name.items():
        current = max(generations, key=lambda number: (_fitness(spec, name, generations[number]), number))
        for number, entry in generations.items():
            answer[Ref("eks_nodegroup", name if number == current else f"{name}-{number}")] = entry
    return answer


def _fitness(spec: EksNodegroups, name: str, found: Found) -> tuple[bool, bool, bool]:
    """How well a generation serves: it is not on its way out, has not failed, and is what is declared."""
    attributes = found.attributes
    declared = next((group for group in spec.groups if group.name == name), None)
    fits = declared is None or (
        attributes["instance_types"] == list(declared.instance_types)
        and attributes["ami_type"] == declared.ami_type
        and attributes["capacity_type"] == declared.capacity_type
    )
    return found.state != "going", attributes["status"] not in BROKEN, fits

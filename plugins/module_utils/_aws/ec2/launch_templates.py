# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kind `launch_template`: its calls, one a function, and what stands of it.

A version never changes: what differs becomes a new one, which is made the default. The box whose template it is finds
the number of a version made in this run under `version_of(name)` in `Target.ids`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..._core.box import Kind, Target
from ..._core.plan import Found, Ref
from .. import tags
from ..client import Api
from ..eks.nodes.joined import joined
from ..eks.nodes.user_data import Cluster
from . import common as ec2
from .launch_template_data import planned, request
from .model import tags_of

Versions = Mapping[int, Mapping[str, Any]]
"""Number -> data as plans have it; the default version is also under 0."""


def version_of(name: str) -> Ref:
    """Under which the number of a template's new version is known."""
    return Ref("launch_template_version", name)


def _data(api: Api, template: Target) -> dict[str, Any]:
    data = template.attributes["data"]
    user_data = data.get("UserData")
    cluster: Cluster | None = None
    if isinstance(user_data, dict) and "cluster" in user_data:
        cluster = joined(api, user_data["cluster"])
    return request(data, cluster)


def create_template(api: Api, template: Target) -> str:
    answer = api.ec2.create_launch_template(
        LaunchTemplateName=template.name,
        LaunchTemplateData=_data(api, template),
        TagSpecifications=tags.specification("launch-template", template.tags),
    )
    template.ids[version_of(template.name)] = "1"
    return str(answer["LaunchTemplate"]["LaunchTemplateId"])


def create_version(api: Api, template: Target) -> None:
    answer = api.ec2.create_launch_template_version(
        LaunchTemplateId=template.id, LaunchTemplateData=_data(api, template)
    )
    number = str(answer["LaunchTemplateVersion"]["VersionNumber"])
    set_default_version(api, template, number)
    template.ids[version_of(template.name)] = number
    if template.before["unused"]:
        delete_versions(api, template, [str(old) for old in template.before["unused"]])


def set_default_version(api: Api, template: Target, number: str) -> None:
    api.ec2.modify_launch_template(LaunchTemplateId=template.id, DefaultVersion=number)


def delete_versions(api: Api, template: Target, numbers: list[str]) -> None:
    api.ec2.delete_launch_template_versions(LaunchTemplateId=template.id, Versions=numbers)


def delete_template(api: Api, template: Target) -> None:
    api.ec2.delete_launch_template(LaunchTemplateId=template.id)


def templates(api: Api, platform: str) -> list[dict[str, Any]]:
    """Templates whose names begin with the platform's, tagged or not."""
    answer: list[dict[str, Any]] = api.ec2.pages(
        "describe_launch_templates",
        "LaunchTemplates",
        Filters=[{"Name": "launch-template-name", "Values": [f"{platform}-*"]}],
    )
    return answer


def versions(api: Api, template_id: str, cluster: Cluster | None = None) -> dict[int, dict[str, Any]]:
    """Every version of a template; `{}` for one that is listed for a moment after its deletion."""
    answer: dict[int, dict[str, Any]] = {}
    entries = api.optional(
        lambda: api.ec2.pages(
            "describe_launch_template_versions", "LaunchTemplateVersions", LaunchTemplateId=template_id
        ),
        "InvalidLaunchTemplateId.NotFound",
    )
    for entry in entries or []:
        data = planned(entry["LaunchTemplateData"], cluster)
        answer[entry["VersionNumber"]] = data
        if entry["DefaultVersion"]:
            answer[0] = data
    return answer


def found(entry: Mapping[str, Any], standing: Versions, used: Iterable[int]) -> Found:
    """A template by its default version. `unused` are the versions that can go: neither the default nor `used`."""
    kept = {0, entry["DefaultVersionNumber"], *used}
    attributes = {
        "data": standing.get(0, {}),
        "default_version": entry["DefaultVersionNumber"],
        "unused": sorted(number for number in standing if number not in kept),
    }
    return Found(entry["LaunchTemplateId"], attributes, tags_of(entry))


LAUNCH_TEMPLATE = Kind(
    name="launch_template",
    create=create_template,
    update={"data": create_version},
    delete=delete_template,
    tag=ec2.tag,
    untag=ec2.untag,
)

# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calls that change launch templates, one a function.

A version never changes: what differs becomes a new one, which is made the default. The box whose template it is finds
the number of a version made in this run under `version_of(name)` in `Target.ids`.
"""

from __future__ import annotations

from typing import Any

from ...._core.box import Kind, Target
from ...._core.plan import Ref
from ... import tags
from ...client import Api
from ...nodes.cluster import joined
from ...nodes.user_data import Cluster
from .. import common as ec2
from .data import request


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


KINDS = (
    Kind(
        name="launch_template",
        create=create_template,
        update={"data": create_version},
        delete=delete_template,
        tag=ec2.tag,
        untag=ec2.untag,
    ),
)

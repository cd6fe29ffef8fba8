# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What stands of the launch templates of a platform."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ...._core.plan import Found
from ...client import Api
from ...nodes.user_data import Cluster
from .. import common as ec2
from .data import planned

Versions = Mapping[int, Mapping[str, Any]]
"""Number -> data as plans have it; the default version is also under 0."""


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
    return Found(entry["LaunchTemplateId"], attributes, ec2.tags_of(entry))

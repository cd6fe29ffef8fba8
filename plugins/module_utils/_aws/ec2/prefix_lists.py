# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kind `prefix_list`, which boxes only refer to: AWS's own and those that others made."""

from __future__ import annotations

from collections.abc import Sequence

from ..._core.box import Kind
from ..._core.plan import Found
from ..client import Api


def find_prefix_lists(api: Api, platform: str, names: Sequence[str]) -> dict[str, Found]:
    """Prefix lists by their names, those of AWS among them (`com.amazonaws.<region>.s3`)."""
    entries = api.ec2.pages(
        "describe_managed_prefix_lists",
        "PrefixLists",
        Filters=[{"Name": "prefix-list-name", "Values": sorted(names)}],
    )
    return {entry["PrefixListName"]: Found(entry["PrefixListId"]) for entry in entries}


PREFIX_LIST = Kind(name="prefix_list", find=find_prefix_lists)

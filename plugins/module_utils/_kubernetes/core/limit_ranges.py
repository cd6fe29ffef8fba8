# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Limit ranges: the one that the platform sets in a namespace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..._core.box import Kind
from ..._core.plan import Found
from .. import ownership, quantities
from ..apply import applied_kind
from ..discovery import LIMIT_RANGE

Limit = Mapping[str, Any]
"""One of Kubernetes' LimitRangeItems: `type`, and resource -> quantity for each of PARTS that it has."""

PARTS = ("max", "min", "default", "defaultRequest", "maxLimitRequestRatio")


def manifest(name: str, attributes: Mapping[str, Any]) -> dict[str, Any]:
    namespace, _slash, short = name.rpartition("/")
    metadata = {"name": short, "namespace": namespace, "labels": attributes["labels"]}
    return {"metadata": metadata, "spec": {"limits": attributes["limits"]}}


def order(limit: Limit) -> str:
    """Limits have no order that means anything; each type stands once."""
    return str(limit["type"])


def defaulted(limit: Limit) -> Limit:
    """A limit with what the API server fills in: for containers, limits from the most, requests from limits and least.

    Source: "Limit Ranges", Kubernetes documentation.
    """
    if limit["type"] != "Container":
        return limit
    most, least = limit.get("max", {}), limit.get("min", {})
    default = {**most, **limit.get("default", {})}
    request = {**least, **default, **limit.get("defaultRequest", {})}
    filled = {**limit, "default": default, "defaultRequest": request}
    return {key: value for key, value in filled.items() if value}


def alike(stands: Sequence[Limit], declared: Sequence[Limit]) -> list[dict[str, Any]]:
    """What stands, with quantities that mean the same as the declared ones written as those."""
    by_type = {limit["type"]: limit for limit in declared}
    return [
        {
            part: quantities.alike(value, by_type.get(limit["type"], {}).get(part, {})) if part in PARTS else value
            for part, value in limit.items()
        }
        for limit in sorted(stands, key=order)
    ]


def found(thing: Mapping[str, Any], declared: Mapping[str, Any]) -> Found:
    metadata = thing["metadata"]
    return Found(
        f"{metadata['namespace']}/{metadata['name']}",
        {
            "labels": ownership.identity_of(metadata.get("labels", {})),
            "limits": alike(thing.get("spec", {}).get("limits") or [], declared.get("limits", ())),
            "namespace": metadata["namespace"],
            "uid": metadata["uid"],
        },
        ownership.identity_of(metadata.get("labels", {})),
        state="going" if "deletionTimestamp" in metadata else "ready",
    )


KIND: Kind = applied_kind("limit_range", LIMIT_RANGE, manifest, ("labels", "limits"))

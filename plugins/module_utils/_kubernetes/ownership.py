# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whose an object is: the labels that say so, and the fields that a manager owns. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Set
from typing import Any

from .._core.plan import Found, Impossible, Observed, Ref

PLATFORM = "slipway.platform/platform"
"""Label whose value is the platform's name: what carries it belongs to the platform, nothing else does."""

MANAGED_BY = "app.kubernetes.io/managed-by"
MANAGER = "slipway"
"""Our name as field manager, and the value of the label `app.kubernetes.io/managed-by`."""

RESERVED = (MANAGED_BY, "slipway.platform/")
"""Beginnings of keys that are ours alone."""

HANDS = (
    "kubectl-annotate",
    "kubectl-create",
    "kubectl-edit",
    "kubectl-label",
    "kubectl-patch",
    "kubectl-replace",
    "kubectl-set",
)
"""Field managers of kubectl's imperative commands: what they set is a change by hand, which a run undoes."""


def identity(platform: str) -> dict[str, str]:
    return {MANAGED_BY: MANAGER, PLATFORM: platform}


def identity_of(labels: Mapping[str, str]) -> dict[str, str]:
    """Those of an object's labels that say whose it is."""
    return {key: labels[key] for key in (MANAGED_BY, PLATFORM) if key in labels}


def owned(thing: Mapping[str, Any], *path: str) -> frozenset[str]:
    """Keys below a path of an object whose values we have applied, from its `managedFields`."""
    keys: set[str] = set()
    for entry in thing["metadata"].get("managedFields", []):
        if entry["manager"] == MANAGER and entry["operation"] == "Apply" and not entry.get("subresource"):
            fields: Mapping[str, Any] = entry.get("fieldsV1", {})
            for part in path:
                fields = fields.get(f"f:{part}", {})
            keys |= {key.removeprefix("f:") for key in fields if key.startswith("f:")}
    return frozenset(keys)


def ours(stands: Mapping[str, str], own: Set[str], declared: Collection[str]) -> dict[str, str]:
    """Entries that stand and that we have set or now declare; those of others beside them are left alone."""
    return {key: value for key, value in stands.items() if key in own or key in declared}


def belonging(observed: Observed, declared: Set[Ref], platform: str, *, adopt: bool) -> dict[Ref, Found]:
    """What of `observed` belongs to the platform or is to be taken over; Impossible for what is somebody else's."""
    ours: dict[Ref, Found] = {}
    for ref, found in observed.items():
        owner = (found.tags or {}).get(PLATFORM)
        if owner == platform:
            ours[ref] = found
        elif ref not in declared:
            continue
        elif owner is not None:
            raise Impossible(
                f"{ref.words} belongs to the platform '{owner}' (label {PLATFORM}); choose another name, or delete it "
                "there first."
            )
        elif not adopt:
            raise Impossible(
                f"{ref.words} exists without the label {PLATFORM}={platform}; set adopt to true to take it over, or "
                "delete or rename it."
            )
        else:
            ours[ref] = found
    return ours

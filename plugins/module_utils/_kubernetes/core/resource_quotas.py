# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Resource quotas: the one that the platform sets in a namespace."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..._core.box import Kind
from ..._core.plan import Found
from .. import ownership, quantities
from ..apply import applied_kind
from ..discovery import RESOURCE_QUOTA

STANDARD = frozenset(
    {
        "configmaps",
        "cpu",
        "ephemeral-storage",
        "limits.cpu",
        "limits.ephemeral-storage",
        "limits.memory",
        "memory",
        "persistentvolumeclaims",
        "pods",
        "replicationcontrollers",
        "requests.cpu",
        "requests.ephemeral-storage",
        "requests.memory",
        "requests.storage",
        "resourcequotas",
        "secrets",
        "services",
        "services.loadbalancers",
        "services.nodeports",
    }
)
"""Resources without a domain that a quota may limit. Source: "Resource Quotas", Kubernetes documentation."""

MEASURED = ("cpu", "memory", "storage")
"""Ends of the standard ones that need not be whole numbers."""


def manifest(name: str, attributes: Mapping[str, Any]) -> dict[str, Any]:
    namespace, _slash, short = name.rpartition("/")
    metadata = {"name": short, "namespace": namespace, "labels": attributes["labels"]}
    return {"metadata": metadata, "spec": {"hard": attributes["hard"]}}


def found(thing: Mapping[str, Any], declared: Mapping[str, Any]) -> Found:
    """A quota that stands, with those of its limits that are ours or declared."""
    metadata = thing["metadata"]
    hard = ownership.ours(
        thing.get("spec", {}).get("hard", {}), ownership.owned(thing, "spec", "hard"), declared.get("hard", {})
    )
    return Found(
        f"{metadata['namespace']}/{metadata['name']}",
        {
            "hard": quantities.alike(hard, declared.get("hard", {})),
            "labels": ownership.identity_of(metadata.get("labels", {})),
            "namespace": metadata["namespace"],
            "uid": metadata["uid"],
        },
        ownership.identity_of(metadata.get("labels", {})),
        state="going" if "deletionTimestamp" in metadata else "ready",
    )


KIND: Kind = applied_kind("resource_quota", RESOURCE_QUOTA, manifest, ("hard", "labels"))

# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What stands of a platform's namespaces, and what the API server would make of what is to change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from ..._core.known import Known
from ..._core.plan import Found, Observed, Ref, Resource, differences
from ..._kubernetes import apply, ownership
from ..._kubernetes.connection import Kubernetes
from ..._kubernetes.core import limit_ranges, namespaces, resource_quotas
from ..._kubernetes.discovery import LIMIT_RANGE, NAMESPACE, PERSISTENT_VOLUME_CLAIM, RESOURCE_QUOTA
from .model import Namespaces
from .plan import OBJECT, declare

_MANIFESTS = {
    "namespace": (NAMESPACE, namespaces.manifest),
    "resource_quota": (RESOURCE_QUOTA, resource_quotas.manifest),
    "limit_range": (LIMIT_RANGE, limit_ranges.manifest),
}


def list_namespaces(kubernetes: Kubernetes) -> list[dict[str, Any]]:
    return kubernetes.client.items(NAMESPACE.collection())


def list_quotas(kubernetes: Kubernetes) -> list[dict[str, Any]]:
    """Those of our name in all namespaces: one request, however many there are."""
    return kubernetes.client.items(RESOURCE_QUOTA.collection(), fieldSelector=f"metadata.name={OBJECT}")


def list_limit_ranges(kubernetes: Kubernetes) -> list[dict[str, Any]]:
    return kubernetes.client.items(LIMIT_RANGE.collection(), fieldSelector=f"metadata.name={OBJECT}")


def list_claims(kubernetes: Kubernetes, namespace: str) -> list[str]:
    """Names of the persistent volume claims in a namespace."""
    claims = kubernetes.client.items(PERSISTENT_VOLUME_CLAIM.collection(namespace))
    return [claim["metadata"]["name"] for claim in claims]


def read(kubernetes: Kubernetes, spec: Namespaces, known: Known) -> Observed:
    """Namespaces that are declared or the platform's, their quotas and limit ranges; without an API server nothing."""
    if not kubernetes.reach(spec.platform, known):
        return {}
    spaces, quotas, ranges = kubernetes.aws.together(
        [partial(look, kubernetes) for look in (list_namespaces, list_quotas, list_limit_ranges)]
    )
    declared = {resource.ref: resource.attributes for resource in declare(spec, {})}
    observed: dict[Ref, Found] = {}
    for thing in spaces:
        ref = Ref("namespace", thing["metadata"]["name"])
        found = namespaces.found(thing, declared.get(ref, {}), spec.platform)
        if ref in declared or _ours(found, spec):
            observed[ref] = found
    there = {ref.name for ref, found in observed.items() if found.state == "ready"}
    for kind, things, look in (
        ("resource_quota", quotas, resource_quotas.found),
        ("limit_range", ranges, limit_ranges.found),
    ):
        for thing in things:
            if thing["metadata"]["namespace"] in there:  # of one that is going, all goes
                ref = Ref(kind, f"{thing['metadata']['namespace']}/{OBJECT}")
                observed[ref] = look(thing, declared.get(ref, {}))
    return observed | _with_claims(kubernetes, spec, observed)


def _ours(found: Found, spec: Namespaces) -> bool:
    return (found.tags or {}).get(ownership.PLATFORM) == spec.platform


def _with_claims(kubernetes: Kubernetes, spec: Namespaces, observed: Observed) -> dict[Ref, Found]:
    """Namespaces that are to go, with the persistent volume claims in them."""
    kept = set() if spec.absent else {entry.name for entry in spec.namespaces}
    leaving = {
        ref: found
        for ref, found in observed.items()
        if ref.kind == "namespace" and ref.name not in kept and _ours(found, spec) and found.state == "ready"
    }
    claims = kubernetes.aws.together([partial(list_claims, kubernetes, ref.name) for ref in leaving])
    return {
        ref: replace(found, attributes={**found.attributes, "persistent_volume_claims": names})
        for (ref, found), names in zip(leaving.items(), claims, strict=True)
    }


def complete(kubernetes: Kubernetes, spec: Namespaces, observed: Observed, known: Known) -> Namespaces:
    """With the API server's opinion of every object that is to be made or changed where its namespace stands."""
    if not kubernetes.reached:
        return spec
    objects = {
        resource.ref: _object(resource, observed.get(resource.ref))
        for resource in declare(spec, observed)
        if _is_due(resource, observed, spec)
    }
    return replace(spec, tried=apply.tried(kubernetes, objects, force=spec.force_conflicts))


def _object(resource: Resource, found: Found | None) -> tuple[Any, Mapping[str, Any]]:
    kind, manifest = _MANIFESTS[resource.ref.kind]
    before = {} if found is None else found.attributes
    return kind, manifest(resource.ref.name, {**before, **resource.attributes})


def _is_due(resource: Resource, observed: Observed, spec: Namespaces) -> bool:
    found = observed.get(resource.ref)
    namespace = resource.attributes.get("namespace", resource.ref)
    if namespace is not resource.ref and namespace not in observed:
        return False
    for thing in (found, observed.get(namespace)):
        if thing is not None and not _ours(thing, spec) and not spec.adopt:
            return False  # it is refused as somebody else's
    if found is None:
        return True
    named = {key: value for key, value in resource.attributes.items() if key not in ("cluster", "namespace")}
    return any(differences(found.attributes, named))

# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The cluster and its log group as they are to stand. Pure."""

from __future__ import annotations

from typing import Any

from ..._aws import tags
from ..._aws.eks.model import cluster_ref
from ..._aws.logs.model import log_group
from ..._core.plan import Found, Impossible, Observed, Ref, Refusal, Resource, Value
from .model import EksCluster, minor


def declare(spec: EksCluster, observed: Observed) -> list[Resource]:
    ref = cluster_ref(spec.platform)
    found = observed.get(ref)
    if found is not None:
        _refuse_failed(found, ref)
    version = _version(spec, found, ref)
    attributes: dict[str, Value] = {
        "authentication_mode": "API",
        "deletion_protection": spec.deletion_protection,
        "encryption_key": spec.encryption_key,
        "endpoint": {
            "private": True,
            "public": bool(spec.public_access_cidrs),
            "public_access_cidrs": list(spec.public_access_cidrs),
        },
        "ip_family": "ipv4",
        "log_types": list(spec.log_types),
        "role": spec.role,
        "security_groups": list(spec.security_groups),
        "subnets": [Ref("subnet", name) for name in spec.subnets],
        "support_type": spec.support_type,
        "version": version,
        "vpc": Ref("vpc", spec.platform),
        "zonal_shift": spec.zonal_shift,
    }
    if spec.service_ipv4_cidr is not None:
        attributes["service_ipv4_cidr"] = spec.service_ipv4_cidr
    if found is None:
        attributes |= {"bootstrap_cluster_creator_admin_permissions": False, "bootstrap_self_managed_addons": False}
    cluster = Resource(
        ref,
        attributes,
        tags.of(spec.platform, spec.platform, spec.tags),
        {"version": version},
    )
    group = log_group(
        spec.platform,
        spec.log_group,
        retention_in_days=spec.log_retention_in_days,
        tags=spec.tags,
        kms_key=spec.encryption_key,
    )
    return [group, cluster]


def _refuse_failed(found: Found, ref: Ref) -> None:
    if found.extra.get("status") == "FAILED":
        reason = str(found.extra.get("issues") or "EKS names no reason").rstrip(".")
        raise Impossible(f"{ref.words} is FAILED: {reason}; delete it (eks_state: absent), then run again.")


def _version(spec: EksCluster, found: Found | None, ref: Ref) -> str:
    """The version to stand. Control planes go up one minor at a time, and never down.

    Source: "Update existing cluster to new Kubernetes version", EKS User Guide.
    """
    if found is None:
        if not (spec.version or spec.default_version):
            raise Refusal("version", None, "a new cluster needs one, or default_version")
        return spec.version or spec.default_version or ""
    standing: str = found.attributes["version"]
    wanted = spec.version or standing
    step = minor(wanted) - minor(standing)
    if step < 0:
        raise Impossible(
            f"version of {ref.words} is '{standing}' and cannot become '{wanted}': a control plane does not go back to "
            f"an earlier minor; pin '{standing}' or a later one."
        )
    if step > 1:
        raise Impossible(
            f"version of {ref.words} is '{standing}' and cannot become '{wanted}' at once: a control plane goes up one "
            f"minor at a time; the next is '1.{minor(standing) + 1}'."
        )
    entry = (spec.account.versions or {}).get(wanted, {})
    if spec.support_type == "STANDARD" and entry.get("status") == "EXTENDED_SUPPORT":
        raise Impossible(
            f"{ref.words} runs '{wanted}', whose standard support ended on {entry['standard_until']}; set its version "
            f"to '1.{minor(wanted) + 1}', or support_type to extended, which costs extra."
        )
    return wanted


def answer(spec: EksCluster, observed: Observed) -> dict[str, Any]:
    """The cluster for those who connect to it, `{}` where none stands."""
    found = observed.get(cluster_ref(spec.platform))
    if found is None:
        return {"cluster": {}}
    told = {key: value for key, value in sorted(found.extra.items()) if key != "issues"}
    return {"cluster": {"name": spec.platform, **told}}

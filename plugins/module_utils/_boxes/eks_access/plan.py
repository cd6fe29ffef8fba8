# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The access to the cluster as it is to stand. Pure."""

from __future__ import annotations

from ..._aws import tags
from ..._aws.eks.model import cluster_ref
from ..._core.plan import Observed, Ref, Resource, Value
from .model import AccessEntry, EksAccess

API_PORT = 443


def declare(spec: EksAccess, observed: Observed) -> list[Resource]:
    cluster = cluster_ref(spec.platform)
    provider = Resource(
        Ref("oidc_provider", spec.platform),
        {"cluster": cluster, "client_ids": [f"sts.{spec.account.dns_suffix}"]},
        tags.of(spec.platform, spec.platform, spec.tags),
    )
    return [
        *(_rule(spec, cluster, group) for group in spec.security_groups),
        *(_access_entry(spec, cluster, entry) for entry in spec.entries),
        provider,
    ]


def _rule(spec: EksAccess, cluster: Ref, group: Ref) -> Resource:
    attributes: dict[str, Value] = {"cluster": cluster, "port": API_PORT, "security_group": group}
    name = f"{group.name}-{API_PORT}"
    return Resource(Ref("cluster_security_group_rule", name), attributes, tags.of(spec.platform, name, spec.tags))


def _access_entry(spec: EksAccess, cluster: Ref, entry: AccessEntry) -> Resource:
    attributes: dict[str, Value] = {
        "cluster": cluster,
        "principal": entry.principal,
        "type": entry.type,
    }
    if entry.type == "STANDARD":
        attributes["kubernetes_groups"] = list(entry.kubernetes_groups)
        attributes["policies"] = {
            policy: scope if isinstance(scope, str) else list(scope) for policy, scope in sorted(entry.policies.items())
        }
    if entry.username is not None:
        attributes["username"] = entry.username
    return Resource(Ref("access_entry", entry.name), attributes, tags.of(spec.platform, entry.name, spec.tags))

# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What stands of the access to a platform's cluster."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from ..._aws import tags
from ..._aws.client import Api
from ..._aws.ec2.model import name_of, tags_of
from ..._aws.eks import common as eks
from ..._aws.eks.access_entries import found_access_entry, list_access_entries
from ..._aws.eks.cluster_security_groups import found_rule, security_group_rules
from ..._aws.iam.oidc_providers import get_provider, list_providers, provider_arn
from ..._core.known import Known
from ..._core.plan import Found, Observed, Ref
from .model import EksAccess


def read(api: Api, spec: EksAccess, known: Known) -> Observed:
    """Access entries, rules of EKS's own security group and the OIDC provider.

    A cluster that EKS is still making has none of them yet.
    """
    cluster = eks.standing_cluster(api, spec.platform, known)
    calls = [partial(_provider, api, spec, cluster.get("oidc_issuer", ""))]
    if cluster and cluster["status"] not in ("CREATING", "PENDING", "FAILED"):
        calls += [partial(_access_entries, api, spec), partial(_rules, api, spec, cluster["security_group"])]
    return {ref: found for part in api.together(calls) for ref, found in part.items()}


def _access_entries(api: Api, spec: EksAccess) -> dict[Ref, Found]:
    """Those that are declared or ours; the nodes' entry and those of AWS's own roles are not even looked at."""
    principals = {arn: _declared_name(spec, arn) for arn in list_access_entries(api, spec.platform)}
    principals = {
        arn: name
        for arn, name in principals.items()
        if name or not (arn.endswith(spec.nodes) or ":role/aws-service-role/" in arn)
    }
    answers = api.together([partial(found_access_entry, api, spec.platform, arn) for arn in principals], workers=4)
    return {
        Ref("access_entry", name or arn.rpartition(":")[2]): found
        for (arn, name), found in zip(principals.items(), answers, strict=True)
        if found is not None
    }


def _declared_name(spec: EksAccess, arn: str) -> str | None:
    """A role of the platform is known by its name, which is unique in an account, whatever its path."""
    kind, name = arn.rpartition(":")[2].partition("/")[0], arn.rpartition("/")[2]
    for entry in spec.entries:
        if isinstance(entry.principal, Ref):
            if (kind, name) == ("role", entry.principal.name) and f"::{spec.account.id}:" in arn:
                return entry.name
        elif entry.principal == arn:
            return entry.name
    return None


def _rules(api: Api, spec: EksAccess, group: str) -> dict[Ref, Found]:
    """Rules of EKS's own group that carry a tag of ours; those that EKS made carry none."""
    if not group:
        return {}
    ours = [rule for rule in security_group_rules(api, group) if tags_of(rule).get(tags.IDENTITY) == spec.platform]
    return {Ref("cluster_security_group_rule", name_of(rule)): found_rule(spec.platform, rule) for rule in ours}


def _provider(api: Api, spec: EksAccess, issuer: str) -> dict[Ref, Found]:
    """That of the cluster's issuer, or one that a cluster before it has left behind, known by its tags."""
    ref = Ref("oidc_provider", spec.platform)
    if issuer:
        arn = provider_arn(spec.account, issuer)
        provider = get_provider(api, arn)
        if provider is not None:
            return {ref: _found_provider(arn, provider, spec.platform)}
    beginning = spec.account.arn("iam", f"oidc-provider/oidc.eks.{spec.account.region}.", regional=False)
    for arn in list_providers(api):
        provider = get_provider(api, arn) if arn.startswith(beginning) else None
        if provider is not None and tags.from_list(provider.get("Tags")).get(tags.IDENTITY) == spec.platform:
            return {ref: _found_provider(arn, provider, None)}
    return {}


def _found_provider(arn: str, provider: Mapping[str, Any], cluster: str | None) -> Found:
    attributes = {"client_ids": sorted(provider.get("ClientIDList", [])), "cluster": cluster}
    return Found(arn, attributes, tags.from_list(provider.get("Tags")))


def before_apply(api: Api, spec: EksAccess, known: Known) -> None:
    eks.before_changes(api, spec.platform, known, absent=spec.absent)

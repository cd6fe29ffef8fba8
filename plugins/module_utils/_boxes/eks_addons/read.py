# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What stands of the add-ons of a platform's cluster."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from ..._aws.client import Api
from ..._aws.eks import common as eks
from ..._aws.eks.addons import addon_versions, found_addon, list_addons
from ..._aws.eks.clusters import EKS_CLUSTER
from ..._aws.eks.model import cluster_ref
from ..._core.known import Known
from ..._core.plan import Observed, Ref
from .model import EksAddons
from .plan import chosen


def read(api: Api, spec: EksAddons, known: Known) -> Observed:
    """All add-ons but those of the other phase; a cluster that EKS is still making has none yet."""
    cluster = eks.standing_cluster(api, spec.platform, known)
    if not cluster or cluster["status"] in ("CREATING", "PENDING", "FAILED"):
        return {}
    names = [name for name in list_addons(api, spec.platform) if name not in spec.others]
    answers = api.together([partial(found_addon, api, spec.platform, name) for name in names])
    return {Ref("eks_addon", name): found for name, found in zip(names, answers, strict=True) if found is not None}


def complete(api: Api, spec: EksAddons, observed: Observed, known: Known) -> EksAddons:
    """With the version of each add-on; EKS is asked only about those that are new or to be another version."""
    cluster = known.entry(cluster_ref(spec.platform))
    if cluster.get("state") not in ("found", "planned"):
        raise EKS_CLUSTER.missing(cluster_ref(spec.platform), spec.platform)
    standing = {
        addon.name: str(observed[ref].attributes["version"])
        for addon in spec.addons
        if (ref := Ref("eks_addon", addon.name)) in observed
    }
    asked = [addon for addon in spec.addons if (addon.version or standing.get(addon.name)) != standing.get(addon.name)]
    asked += [addon for addon in spec.addons if addon.version is None and addon.name not in standing]
    offers = api.together([partial(addon_versions, api, addon.name, cluster["version"]) for addon in asked])
    offered = {addon.name: versions for addon, versions in zip(asked, offers, strict=True)}
    addons = tuple(
        replace(addon, version=chosen(addon, standing.get(addon.name), offered.get(addon.name), cluster["version"]))
        for addon in spec.addons
    )
    return replace(spec, addons=addons)


def before_apply(api: Api, spec: EksAddons, known: Known) -> None:
    eks.before_changes(api, spec.platform, known, absent=spec.absent)

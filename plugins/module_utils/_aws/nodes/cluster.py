# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What groups of nodes need of the cluster that their nodes join."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TypeVar

from ..._core.box import Box
from ..._core.known import Known
from ..._core.plan import Observed
from .. import finders
from ..client import Api
from ..eks import clusters as eks
from ..provider import AWS
from .groups import Nodes, instance_types
from .user_data import Cluster

N = TypeVar("N", bound=Nodes)


def joined(api: Api, name: str, known: Known | None = None) -> Cluster | None:
    """The cluster as user data names it, None where there is none with an endpoint yet; told to `known`."""
    cluster = eks.describe_cluster(api, name)
    if cluster is None or not cluster.get("endpoint"):
        return None
    if known is not None and eks.ours(cluster, name):
        eks.tell(known, cluster)
    return {
        "name": name,
        "endpoint": cluster["endpoint"],
        "certificate_authority": cluster["certificateAuthority"]["data"],
        "service_cidr": cluster["kubernetesNetworkConfig"]["serviceIpv4Cidr"],
    }


def complete(api: Api, spec: N, observed: Observed, known: Known) -> N:
    """With the subnets that the nodes go into and the version of the cluster."""
    if not spec.groups:
        return spec
    cluster = eks.standing_cluster(api, spec.platform, known) or known.entry(eks.cluster_ref(spec.platform))
    return replace(
        spec,
        subnets=tuple(finders.private_subnets(api, spec.platform, known)),
        cluster_version=cluster.get("version"),
    )


def before_apply(api: Api, spec: Nodes, known: Known) -> None:
    """Nodes are taken by an ACTIVE cluster only, and are told where it is."""
    if not spec.absent:
        eks.wait_until_active(api, spec.platform, known)


box = partial(
    Box,
    role="nodegroups",
    provider=AWS,
    facts=lambda params: {"zones": (), "offerings": instance_types(params)},
    complete=complete,
    before_apply=before_apply,
)
"""A box of groups of nodes."""

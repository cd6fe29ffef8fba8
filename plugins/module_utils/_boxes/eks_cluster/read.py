# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What stands of a platform's cluster and of its log group."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from ..._aws.client import Api
from ..._aws.ec2.subnets import private_subnets
from ..._aws.eks import common as eks
from ..._aws.eks.clusters import found_cluster
from ..._aws.eks.model import cluster_ref
from ..._aws.logs.log_groups import read_log_groups
from ..._core.known import Known
from ..._core.plan import Found, Observed, Ref
from .model import EksCluster


def read(api: Api, spec: EksCluster, known: Known) -> Observed:
    """Three calls: the cluster has the platform's name, the log group the one that EKS gives it."""
    clusters, groups = api.together(
        [partial(_clusters, api, spec, known), partial(read_log_groups, api, [spec.log_group])]
    )
    return {**groups, **clusters}


def _clusters(api: Api, spec: EksCluster, known: Known) -> dict[Ref, Found]:
    cluster = eks.describe_cluster(api, spec.platform)
    if cluster is None:
        return {}
    eks.tell(known, cluster)
    return {cluster_ref(spec.platform): found_cluster(cluster)}


def complete(api: Api, spec: EksCluster, observed: Observed, known: Known) -> EksCluster:
    """With the names of the platform's private subnets, where none are given."""
    if spec.subnets:
        return spec
    return replace(spec, subnets=tuple(private_subnets(api, spec.platform, known)))

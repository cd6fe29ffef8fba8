# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What groups of nodes need of the cluster that their nodes join."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TypeVar

from ...._core.box import Box
from ...._core.known import Known
from ...._core.plan import Observed
from ...client import Api
from ...ec2.security_groups import SECURITY_GROUP
from ...ec2.subnets import SUBNET, private_subnets
from ...iam.instance_profiles import INSTANCE_PROFILE
from ...iam.roles import IAM_ROLE
from ...kms.keys import KMS_KEY
from ...provider import AWS
from .. import common as eks
from ..clusters import EKS_CLUSTER
from ..model import cluster_ref
from .groups import Nodes, instance_types

N = TypeVar("N", bound=Nodes)


def complete(api: Api, spec: N, observed: Observed, known: Known) -> N:
    """With the subnets that the nodes go into and the version of the cluster."""
    if not spec.groups:
        return spec
    cluster = eks.standing_cluster(api, spec.platform, known) or known.entry(cluster_ref(spec.platform))
    return replace(
        spec,
        subnets=tuple(private_subnets(api, spec.platform, known)),
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
    uses=(SUBNET, SECURITY_GROUP, KMS_KEY, IAM_ROLE, INSTANCE_PROFILE, EKS_CLUSTER),
    facts=lambda params: {"zones": (), "offerings": instance_types(params)},
    complete=complete,
    before_apply=before_apply,
)
"""A box of groups of nodes."""

# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The cluster that nodes join by themselves."""

from __future__ import annotations

from ...._core.known import Known
from ...client import Api
from .. import common as eks
from .user_data import Cluster


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

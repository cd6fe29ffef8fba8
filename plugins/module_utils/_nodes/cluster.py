# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What nodes have to know of the cluster that they join."""

from __future__ import annotations

from .. import _eks
from .._clients import Api
from .._known import Known
from .user_data import Cluster


def joined(api: Api, name: str, known: Known | None = None) -> Cluster | None:
    """The cluster as user data names it, None where there is none with an endpoint yet; told to `known`."""
    cluster = _eks.describe_cluster(api, name)
    if cluster is None or not cluster.get("endpoint"):
        return None
    if known is not None and _eks.ours(cluster, name):
        _eks.tell(known, cluster)
    return {
        "name": name,
        "endpoint": cluster["endpoint"],
        "certificate_authority": cluster["certificateAuthority"]["data"],
        "service_cidr": cluster["kubernetesNetworkConfig"]["serviceIpv4Cidr"],
    }

# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The namespaces of a platform's cluster, with their quotas and limit ranges."""

from __future__ import annotations

from ..._core.box import Box
from ..._core.known import Known
from ..._kubernetes import connection
from ..._kubernetes.connection import Kubernetes
from ..._kubernetes.core import limit_ranges, namespaces, resource_quotas
from ..._kubernetes.provider import KUBERNETES
from .model import OPTIONS, Namespaces, parse
from .plan import declare, guard
from .read import complete, read


def before_apply(kubernetes: Kubernetes, spec: Namespaces, known: Known) -> None:
    connection.before_apply(kubernetes, spec.platform, known)


BOX = Box(
    name="the namespaces",
    role="platform_addons",
    provider=KUBERNETES,
    options=OPTIONS,
    kinds=(namespaces.KIND, resource_quotas.KIND, limit_ranges.KIND),
    uses=(connection.CLUSTER,),
    parse=parse,
    read=read,
    declare=declare,
    complete=complete,
    guard=guard,
    before_apply=before_apply,
)

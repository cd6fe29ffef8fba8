# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""EKS's words for plans. Pure."""

from __future__ import annotations

import re

from ..._core.plan import Ref

LOG_TYPES = ("api", "audit", "authenticator", "controllerManager", "scheduler")
"""Logs of a control plane."""


CLUSTER_SCOPE = "cluster"
"""Where an access policy holds that is not narrowed to namespaces."""


BROKEN = ("CREATE_FAILED", "DELETE_FAILED")
"""Statuses of a node group out of which no update leads."""


_GENERATION = re.compile(r"(?P<name>.+)-(?P<generation>\d+)")


def cluster_ref(platform: str) -> Ref:
    """A platform has one cluster, of its own name."""
    return Ref("eks_cluster", platform)


def eks_name(arn: str) -> str:
    """The name that EKS knows a node group by, from its ARN (`...:nodegroup/<cluster>/<name>/<id>`)."""
    return arn.split("/")[2]


def generation(arn: str) -> tuple[str, int]:
    """Declared name and generation of a node group: the first one has no suffix."""
    name = eks_name(arn)
    match = _GENERATION.fullmatch(name)
    return (match["name"], int(match["generation"])) if match else (name, 1)

# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The connection of a box on Kubernetes: the platform's cluster, entered with the caller's IAM identity."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from .._aws.client import Api, BotoCoreError, ClientError
from .._aws.eks import common as eks
from .._aws.eks.clusters import EKS_CLUSTER, find_clusters
from .._core.known import Known
from .._core.plan import Found
from .client import Client
from .discovery import Discovery
from .errors import KubernetesError
from .token import Token

WITHOUT_API = frozenset({"CREATING", "PENDING", "FAILED"})
"""EKS's status of a cluster whose API server cannot be asked."""


class Kubernetes:
    """The API server of a platform's cluster. Nothing is asked before `reach`.

    :param say: prints one line of progress.
    """

    def __init__(self, aws: Api, say: Callable[[str], None]) -> None:
        self.aws = aws
        self.say = say
        self._client: Client | None = None
        self._discovery: Discovery | None = None

    def reach(self, platform: str, known: Known) -> bool:
        """Whether the platform's cluster has an API server to ask; one that is only planned or being made has none."""
        if self._client is None:
            cluster = eks.standing_cluster(self.aws, platform, known)
            if not cluster or cluster["status"] in WITHOUT_API or not cluster["endpoint"]:
                return False
            token = Token(self.aws, platform)
            self._client = Client(
                platform, cluster["endpoint"], cluster["certificate_authority"], token, self.say, self._advise
            )
            self._discovery = Discovery(self._client)
        return True

    @property
    def reached(self) -> bool:
        return self._client is not None

    @property
    def client(self) -> Client:
        if self._client is None:
            raise AssertionError("a box asks Kubernetes before it has reached the cluster")
        return self._client

    @property
    def discovery(self) -> Discovery:
        if self._discovery is None:
            raise AssertionError("a box asks Kubernetes before it has reached the cluster")
        return self._discovery

    def _advise(self, error: KubernetesError) -> str:
        """What to do where no answer comes, or none to this caller. AWS's own refusal to tell is no second error."""
        try:
            if error.status == 401:
                caller = self.aws.sts.get_caller_identity()["Arn"]
                return (
                    f"Name the IAM role of {caller} in eks_operator_role_arns, or run as one that has an access entry."
                )
            cluster = eks.describe_cluster(self.aws, error.cluster) or {}
        except (ClientError, BotoCoreError):
            return ""
        public = cluster.get("resourcesVpcConfig", {}).get("endpointPublicAccess")
        if public:
            return "Check the network, the proxy, and whether eks_public_access_cidrs holds this machine's address."
        return (
            "Its endpoint is private: run where the VPC is reached (a runner in its private subnets, a VPN), or name "
            "this machine's network in eks_public_access_cidrs."
        )


def before_apply(kubernetes: Kubernetes, platform: str, known: Known) -> None:
    """Waits for a cluster that is being made, and enters it."""
    if not kubernetes.reach(platform, known):
        eks.wait_until_active(kubernetes.aws, platform, known)
        kubernetes.reach(platform, known)


def _find_clusters(kubernetes: Kubernetes, platform: str, names: Sequence[str]) -> Mapping[str, Found]:
    return find_clusters(kubernetes.aws, platform, names)


CLUSTER = replace(EKS_CLUSTER, find=_find_clusters)
"""The cluster, for what refers to it in a box on Kubernetes: AWS knows it."""

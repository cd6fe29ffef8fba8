"""What the sandbox's EKS remembers. ``data`` is always in the shape that the Describe operation answers."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from sandbox.aws.front.call import Call
from sandbox.aws.front.errors import AwsError
from sandbox.aws.front.state import state


@dataclass
class Update:
    """One update; ``scope`` is ("cluster", ""), ("nodegroup", name) or ("addon", name)."""

    data: dict[str, Any]
    scope: tuple[str, str]


@dataclass
class Nodegroup:
    data: dict[str, Any]
    # Id and version of the launch template that EKS makes of the user's.
    template_id: str = ""
    autoscaling_group: str = ""
    image_id: str = ""
    created: float = field(default_factory=time.time)
    # Values that an update still in progress will set.
    pending: dict[str, Any] = field(default_factory=dict)


@dataclass
class AccessEntry:
    data: dict[str, Any]
    policies: dict[str, dict[str, Any]] = field(default_factory=dict)
    made_by_eks: bool = False


@dataclass
class Report:
    """What the agent that runs the control planes last said about a cluster."""

    present: bool = False
    ready: bool = False
    nodes_ready: set[str] = field(default_factory=set)


@dataclass
class Cluster:
    data: dict[str, Any]
    account: str
    region: str
    creator: str
    nodegroups: dict[str, Nodegroup] = field(default_factory=dict)
    addons: dict[str, dict[str, Any]] = field(default_factory=dict)
    access_entries: dict[str, AccessEntry] = field(default_factory=dict)
    associations: dict[str, dict[str, Any]] = field(default_factory=dict)
    updates: dict[str, Update] = field(default_factory=dict)
    network_interfaces: list[str] = field(default_factory=list)
    report: Report = field(default_factory=Report)
    identity: str = field(default_factory=lambda: uuid.uuid4().hex.upper())

    @property
    def issuer(self) -> str:
        """URL of the cluster's OIDC issuer; known from the start here, shown by EKS once the cluster is made."""
        return f"https://oidc.eks.{self.region}.amazonaws.com/id/{self.identity}"

    @property
    def name(self) -> str:
        return str(self.data["name"])

    @property
    def vpc_config(self) -> dict[str, Any]:
        config: dict[str, Any] = self.data["resourcesVpcConfig"]
        return config


def not_found(message: str, **fields: Any) -> AwsError:
    return AwsError("ResourceNotFoundException", message, 404, **fields)


def in_use(message: str, **fields: Any) -> AwsError:
    return AwsError("ResourceInUseException", message, 409, **fields)


def invalid_parameter(message: str, **fields: Any) -> AwsError:
    return AwsError("InvalidParameterException", message, 400, **fields)


def invalid_request(message: str, **fields: Any) -> AwsError:
    return AwsError("InvalidRequestException", message, 400, **fields)


def cluster_of(call: Call) -> Cluster:
    """The cluster that a call names."""
    name = call.parameters.get("clusterName") or call.parameters.get("name") or ""
    cluster = state.clusters(call.account, call.region).get(name)
    if cluster is None:
        raise not_found(f"No cluster found for name: {name}.", clusterName=name)
    return cluster


def active_cluster_of(call: Call) -> Cluster:
    """The cluster that a call names, refused unless it is ACTIVE or UPDATING."""
    cluster = cluster_of(call)
    if cluster.data["status"] not in ("ACTIVE", "UPDATING"):
        raise invalid_request(
            f"Cluster '{cluster.name}' is not in ACTIVE status (it is {cluster.data['status']})",
            clusterName=cluster.name,
        )
    return cluster


def find_cluster(account: str, region: str, name: str) -> Cluster | None:
    return state.clusters(account, region).get(name)


def arn(cluster: Cluster, kind: str, *parts: str) -> str:
    return f"arn:aws:eks:{cluster.region}:{cluster.account}:{kind}/{'/'.join((cluster.name, *parts))}"


def now() -> float:
    return round(time.time(), 3)


def new_id() -> str:
    return str(uuid.uuid4())


def page(call: Call, key: str, items: list[Any], limit: int = 100) -> dict[str, Any]:
    """A page of a list, by the offset that the token holds."""
    size = int(call.parameters.get("maxResults") or limit)
    start = int(call.parameters.get("nextToken") or 0)
    answer: dict[str, Any] = {key: items[start : start + size]}
    if start + size < len(items):
        answer["nextToken"] = str(start + size)
    return answer

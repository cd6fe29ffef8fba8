"""Updates: the record of every change that takes time, one at a time for each cluster, node group or add-on."""

from __future__ import annotations

import json
from typing import Any

from sandbox.aws.front.call import Call
from sandbox.aws.front.state import state, transition
from sandbox.aws.services.eks.model import (
    Cluster,
    Update,
    cluster_of,
    find_cluster,
    in_use,
    invalid_request,
    new_id,
    not_found,
    now,
    page,
)


def text(value: Any) -> str:
    """A parameter of an update as EKS writes it: strings as they are, everything else as JSON."""
    if isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":"))


def refuse_second(cluster: Cluster, scope: tuple[str, str]) -> None:
    """:raises AwsError: ResourceInUseException while an update of the same thing is in progress"""
    for update in cluster.updates.values():
        if update.scope == scope and update.data["status"] == "InProgress":
            what = {"cluster": "Cluster", "nodegroup": "Nodegroup", "addon": "Addon"}[scope[0]]
            fields = {"clusterName": cluster.name}
            if scope[0] != "cluster":
                fields[f"{scope[0]}Name"] = scope[1]
            raise in_use(f"{what} already has an update in progress: {update.data['id']}", **fields)


def start(
    cluster: Cluster,
    scope: tuple[str, str],
    kind: str,
    parameters: list[tuple[str, Any]],
    seconds: str,
    change: dict[str, Any],
) -> dict[str, Any]:
    """Record an update and finish it after its time; ``change`` is handed to the scope's `finish_*` transition."""
    data: dict[str, Any] = {
        "id": new_id(),
        "status": "InProgress",
        "type": kind,
        "params": [{"type": name, "value": text(value)} for name, value in parameters],
        "createdAt": now(),
        "errors": [],
    }
    cluster.updates[data["id"]] = Update(data, scope)
    state.schedule(
        seconds, f"finish_{scope[0]}_update", cluster.account, cluster.region, cluster.name, data["id"], change
    )
    return {"update": dict(data)}


@transition
def finish_cluster_update(account: str, region: str, name: str, identity: str, change: dict[str, Any]) -> None:
    cluster = find_cluster(account, region, name)
    if cluster is None or identity not in cluster.updates:
        return
    cluster.updates[identity].data["status"] = "Successful"
    for key, value in change.items():
        if key == "resourcesVpcConfig":
            cluster.vpc_config.update(value)
        else:
            cluster.data[key] = value
    if cluster.data["status"] == "UPDATING":
        cluster.data["status"] = "ACTIVE"


def _updates(call: Call) -> list[Update]:
    cluster = cluster_of(call)
    parameters = call.parameters
    scope = ("cluster", "")
    if parameters.get("nodegroupName"):
        scope = ("nodegroup", parameters["nodegroupName"])
    elif parameters.get("addonName"):
        scope = ("addon", parameters["addonName"])
    return [update for update in cluster.updates.values() if update.scope == scope]


def list_updates(call: Call) -> dict[str, Any]:
    return page(call, "updateIds", [update.data["id"] for update in _updates(call)])


def describe_update(call: Call) -> dict[str, Any]:
    for update in _updates(call):
        if update.data["id"] == call.parameters["updateId"]:
            return {"update": update.data}
    raise not_found(f"No update found for ID: {call.parameters['updateId']}")


def cancel_update(call: Call) -> dict[str, Any]:
    for update in _updates(call):
        if update.data["id"] == call.parameters["updateId"]:
            raise invalid_request(f"Update {update.data['id']} of type {update.data['type']} cannot be cancelled")
    raise not_found(f"No update found for ID: {call.parameters['updateId']}")

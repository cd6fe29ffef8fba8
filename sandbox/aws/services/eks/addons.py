"""EKS add-ons: create, describe, update, delete."""

from __future__ import annotations

import json
from typing import Any

import yaml

from sandbox.aws.front.call import Call
from sandbox.aws.front.state import state, transition
from sandbox.aws.services.eks import addon_catalogue as catalogue
from sandbox.aws.services.eks import nodes, pod_identity, updates
from sandbox.aws.services.eks.model import (
    Cluster,
    active_cluster_of,
    arn,
    cluster_of,
    find_cluster,
    in_use,
    invalid_parameter,
    new_id,
    not_found,
    now,
    page,
)


def create_addon(call: Call) -> dict[str, Any]:
    cluster = active_cluster_of(call)
    p = call.parameters
    name = p["addonName"]
    fields = {"clusterName": cluster.name, "addonName": name}
    if name not in catalogue.ADDONS:
        raise invalid_parameter(f"Addon {name} specified is not supported", **fields)
    if name in cluster.addons:
        raise in_use("Addon already exists.", **fields)
    version = p.get("addonVersion") or catalogue.default_version(name, cluster.data["version"])
    _check_version(name, version, cluster, fields)
    _check_values(name, p.get("configurationValues"), fields)
    moment = now()
    data: dict[str, Any] = {
        "addonName": name,
        "clusterName": cluster.name,
        "status": "CREATING",
        "addonVersion": version,
        "health": {"issues": []},
        "addonArn": arn(cluster, "addon", name, new_id()),
        "createdAt": moment,
        "modifiedAt": moment,
        "tags": p.get("tags") or {},
    }
    for key in ("serviceAccountRoleArn", "configurationValues"):
        if p.get(key):
            data[key] = p[key]
    wanted = p.get("podIdentityAssociations") or []
    if wanted:
        pod_identity.check_owned(call, name, wanted)
        data["podIdentityAssociations"] = pod_identity.set_owned(call, cluster, data, wanted)
    cluster.addons[name] = data
    conflict = bool(state.facts("self_managed_addons").get(cluster.data["arn"])) and name in catalogue.SELF_MANAGED
    refused = conflict and p.get("resolveConflicts", "NONE") == "NONE"
    state.schedule("addon", "addon_is_active", call.account, call.region, cluster.name, name, refused)
    return {"addon": dict(data)}


@transition
def addon_is_active(account: str, region: str, cluster_name: str, name: str, refused: bool) -> bool | None:
    cluster = find_cluster(account, region, cluster_name)
    data = cluster.addons.get(name) if cluster else None
    if cluster is None or data is None or data["status"] not in ("CREATING", "DEGRADED"):
        return None
    if refused:
        message = "Conflicts found when trying to apply. Will not continue due to resolve conflicts mode."
        data["health"] = {"issues": [{"code": "ConfigurationConflict", "message": message, "resourceIds": []}]}
        data["status"] = "CREATE_FAILED"
        return None
    if catalogue.ADDONS[name].needs_nodes and not nodes.any_ready(cluster):
        message = "The add-on is unhealthy because it doesn't have the desired number of replicas."
        data["health"] = {"issues": [{"code": "InsufficientNumberOfReplicas", "message": message, "resourceIds": []}]}
        data["status"] = "DEGRADED"
        return False
    data["health"] = {"issues": []}
    data["status"] = "ACTIVE"
    return None


def _addon(call: Call) -> tuple[Cluster, dict[str, Any]]:
    cluster = cluster_of(call)
    name = call.parameters["addonName"]
    if name not in cluster.addons:
        raise not_found(f"No addon: {name} found in cluster: {cluster.name}", clusterName=cluster.name, addonName=name)
    return cluster, cluster.addons[name]


def describe_addon(call: Call) -> dict[str, Any]:
    return {"addon": _addon(call)[1]}


def list_addons(call: Call) -> dict[str, Any]:
    return page(call, "addons", sorted(cluster_of(call).addons))


def delete_addon(call: Call) -> dict[str, Any]:
    cluster, data = _addon(call)
    if data["status"] == "UPDATING":
        raise in_use("Addon has an update in progress", clusterName=cluster.name, addonName=data["addonName"])
    if data["status"] != "DELETING":
        data["status"] = "DELETING"
        state.schedule("addon", "addon_is_gone", call.account, call.region, cluster.name, data["addonName"])
    return {"addon": dict(data)}


@transition
def addon_is_gone(account: str, region: str, cluster_name: str, name: str) -> None:
    cluster = find_cluster(account, region, cluster_name)
    data = cluster.addons.pop(name, None) if cluster else None
    if cluster is not None and data is not None:
        pod_identity.remove_owned(cluster, data["addonArn"])


def update_addon(call: Call) -> dict[str, Any]:
    cluster, data = _addon(call)
    p = call.parameters
    name = data["addonName"]
    fields = {"clusterName": cluster.name, "addonName": name}
    scope = ("addon", name)
    updates.refuse_second(cluster, scope)
    if data["status"] in ("CREATING", "DELETING"):
        raise in_use(f"Addon is {data['status']}", **fields)
    change: dict[str, Any] = {}
    parameters: list[tuple[str, Any]] = []
    if p.get("addonVersion"):
        _check_version(name, p["addonVersion"], cluster, fields)
        if name == "vpc-cni" and abs(_minor(p["addonVersion"]) - _minor(data["addonVersion"])) > 1:
            raise invalid_parameter(
                f"Updating vpc-cni from {data['addonVersion']} to {p['addonVersion']} skips a minor version", **fields
            )
        change["addonVersion"] = p["addonVersion"]
        parameters.append(("AddonVersion", p["addonVersion"]))
    if p.get("configurationValues") is not None:
        _check_values(name, p["configurationValues"], fields)
        change["configurationValues"] = p["configurationValues"]
        parameters.append(("ConfigurationValues", p["configurationValues"]))
    if p.get("serviceAccountRoleArn") is not None:
        change["serviceAccountRoleArn"] = p["serviceAccountRoleArn"]
        parameters.append(("ServiceAccountRoleArn", p["serviceAccountRoleArn"]))
    if p.get("resolveConflicts"):
        parameters.append(("ResolveConflicts", p["resolveConflicts"]))
    if p.get("podIdentityAssociations") is not None:
        pod_identity.check_owned(call, name, p["podIdentityAssociations"])
        change["podIdentityAssociations"] = pod_identity.set_owned(call, cluster, data, p["podIdentityAssociations"])
        parameters.append(("PodIdentityAssociations", p["podIdentityAssociations"]))
    data["status"] = "UPDATING"
    return updates.start(cluster, scope, "AddonUpdate", parameters, "addon", change)


@transition
def finish_addon_update(account: str, region: str, cluster_name: str, identity: str, change: dict[str, Any]) -> None:
    cluster = find_cluster(account, region, cluster_name)
    update = cluster.updates.get(identity) if cluster else None
    if cluster is None or update is None:
        return
    update.data["status"] = "Successful"
    data = cluster.addons.get(update.scope[1])
    if data is None:
        return
    data.update(change)
    for key in ("configurationValues", "serviceAccountRoleArn", "podIdentityAssociations"):
        if key in data and not data[key]:
            del data[key]
    data["modifiedAt"] = now()
    data["status"] = "CREATING"
    data["health"] = {"issues": []}
    addon_is_active(account, region, cluster_name, update.scope[1], False)
    if data["status"] == "DEGRADED":
        state.schedule("addon", "addon_is_active", account, region, cluster_name, update.scope[1], False)


def _minor(version: str) -> int:
    return int(version.lstrip("v").split(".")[1])


def _check_version(name: str, version: str, cluster: Cluster, fields: dict[str, Any]) -> None:
    if version not in catalogue.versions(name, cluster.data["version"]):
        raise invalid_parameter(
            f"Addon version specified is not supported: {name} {version} does not fit Kubernetes "
            f"{cluster.data['version']}",
            **fields,
        )


def _check_values(name: str, values: str | None, fields: dict[str, Any]) -> None:
    if not values:
        return
    # Imported late: it would cost a tenth of the emulator's start.
    import jsonschema

    try:
        parsed = yaml.safe_load(values)
        jsonschema.validate(parsed, json.loads(catalogue.schema(name)))
    except yaml.YAMLError as error:
        raise invalid_parameter(
            f"ConfigurationValue provided in request is not valid YAML or JSON: {error}", **fields
        ) from error
    except jsonschema.ValidationError as error:
        raise invalid_parameter(
            "ConfigurationValue provided in request is not supported: Json schema validation failed with error: "
            f"[{error.json_path}: {error.message}]",
            **fields,
        ) from error

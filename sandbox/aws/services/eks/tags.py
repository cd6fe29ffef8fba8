"""Tags of everything that EKS has, and upgrade insights (none: nothing is ever wrong with the sandbox's clusters)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sandbox.aws.front.call import Call
from sandbox.aws.front.state import state
from sandbox.aws.services.eks.model import cluster_of, invalid_parameter, not_found, now, page


def _resources(call: Call) -> Iterator[tuple[str, dict[str, Any]]]:
    for cluster in state.clusters(call.account, call.region).values():
        yield cluster.data["arn"], cluster.data
        for group in cluster.nodegroups.values():
            yield group.data["nodegroupArn"], group.data
        for addon in cluster.addons.values():
            yield addon["addonArn"], addon
        for entry in cluster.access_entries.values():
            yield entry.data["accessEntryArn"], entry.data
        for association in cluster.associations.values():
            yield association["associationArn"], association


def _tags(call: Call) -> dict[str, str]:
    wanted = call.parameters["resourceArn"]
    for arn, data in _resources(call):
        if arn == wanted:
            tags: dict[str, str] = data["tags"]
            return tags
    raise not_found(f"Resource was not found: {wanted}")


def tag_resource(call: Call) -> dict[str, Any]:
    tags, given = _tags(call), call.parameters["tags"]
    if any(key.startswith("aws:") for key in given):
        raise invalid_parameter("Tag keys that begin with aws: are reserved")
    tags.update(given)
    return {}


def untag_resource(call: Call) -> dict[str, Any]:
    tags = _tags(call)
    for key in call.parameters.get("tagKeys") or []:
        tags.pop(key, None)
    return {}


def list_tags_for_resource(call: Call) -> dict[str, Any]:
    return {"tags": _tags(call)}


def list_insights(call: Call) -> dict[str, Any]:
    cluster_of(call)
    return page(call, "insights", [])


def describe_insight(call: Call) -> dict[str, Any]:
    cluster_of(call)
    raise not_found(f"The insight {call.parameters['id']} was not found")


def start_insights_refresh(call: Call) -> dict[str, Any]:
    cluster_of(call)
    return {"message": "Insights refresh has started", "status": "IN_PROGRESS"}


def describe_insights_refresh(call: Call) -> dict[str, Any]:
    cluster_of(call)
    return {"message": "Insights refresh completed", "status": "COMPLETED", "startedAt": now(), "endedAt": now()}


def list_nothing(key: str) -> Any:
    """An answer for kinds of things that the sandbox's clusters never have."""

    def answer(call: Call) -> dict[str, Any]:
        cluster_of(call)
        return {key: []}

    return answer

"""WAFv2: ListResourcesForWebACL, and web ACLs that are in use."""

from __future__ import annotations

from typing import Any

from sandbox.aws.front.call import Call
from sandbox.aws.front.errors import AwsError
from sandbox.aws.front.hooks import before, instead
from sandbox.aws.front.moto_bridge import backend


@instead("wafv2", "ListResourcesForWebACL")
def list_resources_for_web_acl(call: Call) -> dict[str, Any]:
    arn = call.parameters["WebACLArn"]
    acl = backend("wafv2", call.account, call.region).wacls.get(arn)
    if acl is None:
        message = "AWS WAF couldn't perform the operation because your resource doesn't exist."
        raise AwsError("WAFNonexistentItemException", message, 400)
    wanted = call.parameters.get("ResourceType") or "APPLICATION_LOAD_BALANCER"
    part = {"APPLICATION_LOAD_BALANCER": ":elasticloadbalancing:", "API_GATEWAY": ":apigateway:"}.get(wanted, "arn:")
    return {"ResourceArns": [item for item in acl.associated_resources if part in item]}


@before("wafv2", "DeleteWebACL")
def delete_web_acl(call: Call) -> None:
    for acl in backend("wafv2", call.account, call.region).wacls.values():
        if acl.id == call.parameters["Id"] and acl.associated_resources:
            raise AwsError(
                "WAFAssociatedItemException",
                "AWS WAF couldn't perform the operation because your resource is being used by another resource or "
                "it's associated with another resource.",
                400,
            )

"""IAM: access keys that work, service-linked roles by their real names, and new roles that are not seen at once."""

from __future__ import annotations

from typing import Any

import moto.iam.models

from sandbox.aws.front import weather
from sandbox.aws.front.call import Call
from sandbox.aws.front.hooks import after, before, instead
from sandbox.aws.front.moto_bridge import backend
from sandbox.aws.front.protocol import parse_result
from sandbox.aws.front.state import Key, state

models: Any = moto.iam.models
models.SERVICE_NAME_CONVERSION.update(
    {
        "eks": "AmazonEKS",
        "eks-nodegroup": "AmazonEKSNodegroup",
        "eks-fargate": "AmazonEKSForFargate",
        "spot": "EC2Spot",
        "spotfleet": "EC2SpotFleet",
        "elasticloadbalancing": "ElasticLoadBalancing",
        "wafv2": "WAFV2Logging",
    }
)


@after("iam", "CreateAccessKey")
def create_access_key(call: Call) -> None:
    assert call.response is not None
    key = parse_result(call, call.response)["AccessKey"]
    user = backend("iam", call.account, "aws").get_user(key["UserName"])
    state.keys[key["AccessKeyId"]] = Key(key["SecretAccessKey"], user.arn, call.account)


@after("iam", "DeleteAccessKey")
def delete_access_key(call: Call) -> None:
    state.keys.pop(call.parameters["AccessKeyId"], None)


@after("iam", "UpdateAccessKey")
def update_access_key(call: Call) -> None:
    key = state.keys.get(call.parameters["AccessKeyId"])
    if key is not None:
        key.active = call.parameters["Status"] == "Active"


@after("iam", "CreateRole", "CreateServiceLinkedRole")
def create_role(call: Call) -> None:
    assert call.response is not None
    weather.remember_birth("role", parse_result(call, call.response)["Role"]["Arn"])


@before("iam", "CreateServiceLinkedRole")
def create_service_linked_role(call: Call) -> None:
    from sandbox.aws.front.errors import AwsError

    service = call.parameters["AWSServiceName"]
    path = f"/aws-service-role/{service}/"
    if any(role.path == path for role in backend("iam", call.account, "aws").roles.values()):
        raise AwsError(
            "InvalidInput",
            f"Service role name for {service} has been taken in this account, please try a different suffix.",
            400,
        )


@instead("iam", "AddClientIDToOpenIDConnectProvider")
def add_client_id(call: Call) -> dict[str, Any]:
    clients = _provider(call).client_id_list
    if call.parameters["ClientID"] not in clients:
        clients.append(call.parameters["ClientID"])
    return {}


@instead("iam", "RemoveClientIDFromOpenIDConnectProvider")
def remove_client_id(call: Call) -> dict[str, Any]:
    provider = _provider(call)
    provider.client_id_list = [client for client in provider.client_id_list if client != call.parameters["ClientID"]]
    return {}


def _provider(call: Call) -> Any:
    arn = call.parameters["OpenIDConnectProviderArn"]
    return backend("iam", call.account, "aws").get_open_id_connect_provider(arn)

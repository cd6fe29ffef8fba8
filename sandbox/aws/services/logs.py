"""CloudWatch Logs: a group's key must let the service use it; EKS makes the group of a cluster that logs again."""

from __future__ import annotations

from typing import Any

import moto.logs.models

from sandbox.aws.front.call import Call
from sandbox.aws.front.errors import AwsError
from sandbox.aws.front.hooks import after, before, instead
from sandbox.aws.front.moto_bridge import backend
from sandbox.aws.front.state import state
from sandbox.aws.services.kms.keys import usable_by

# How long after a deletion EKS writes again, as a share of a cluster update.
AGAIN_SECONDS = 0.5


LogGroup: Any = moto.logs.models.LogGroup
_describe = LogGroup.to_describe_dict


def _to_describe_dict(self: Any) -> dict[str, Any]:
    return {**_describe(self), "logGroupClass": getattr(self, "log_group_class", "STANDARD")}


LogGroup.to_describe_dict = _to_describe_dict


def _group(call: Call) -> Any:
    group = backend("logs", call.account, call.region).groups.get(call.parameters.get("logGroupName"))
    if group is None:
        raise AwsError("ResourceNotFoundException", "The specified log group does not exist.", 400)
    return group


@after("logs", "CreateLogGroup")
def keep_class(call: Call) -> None:
    _group(call).log_group_class = call.parameters.get("logGroupClass", "STANDARD")


@instead("logs", "AssociateKmsKey")
def associate_kms_key(call: Call) -> dict[str, Any]:
    _group(call).kms_key_id = call.parameters["kmsKeyId"]
    return {}


@instead("logs", "DisassociateKmsKey")
def disassociate_kms_key(call: Call) -> dict[str, Any]:
    _group(call).kms_key_id = None
    return {}


@before("logs", "CreateLogGroup", "AssociateKmsKey")
def check_key(call: Call) -> None:
    key, group = call.parameters.get("kmsKeyId"), call.parameters.get("logGroupName")
    if key and not usable_by(
        call.account, call.region, key, "Service", f"logs.{call.region}.amazonaws.com", "kms:Encrypt"
    ):
        arn = f"arn:aws:logs:{call.region}:{call.account}:log-group:{group}"
        raise AwsError(
            "InvalidParameterException",
            f"The specified KMS key does not exist or is not allowed to be used with Arn '{arn}'",
            400,
        )


@after("logs", "DeleteLogGroup")
def delete_log_group(call: Call) -> None:
    name = call.parameters["logGroupName"]
    for cluster in state.clusters(call.account, call.region).values():
        if name == f"/aws/eks/{cluster.name}/cluster":
            state.schedule_in(AGAIN_SECONDS, "log_group_again", call.account, call.region, cluster.name)

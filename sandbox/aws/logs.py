"""CloudWatch Logs: a group's key must let the service use it; EKS makes the group of a cluster that logs again."""

from __future__ import annotations

from sandbox.aws.call import Call
from sandbox.aws.errors import AwsError
from sandbox.aws.hooks import after, before
from sandbox.aws.kms import usable_by
from sandbox.aws.state import state

# How long after a deletion EKS writes again, as a share of a cluster update.
AGAIN_SECONDS = 0.5


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

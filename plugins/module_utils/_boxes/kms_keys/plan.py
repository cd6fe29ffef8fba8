# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The KMS keys that are to stand. Pure."""

from __future__ import annotations

from typing import Any

from ..._aws import policies, tags
from ..._aws.account import Account
from ..._core.plan import Action, Impossible, Observed, Plan, Ref, Resource
from .model import Key, KmsKeys

SHOWN = 3
"""How many things a message names."""

USE = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]


def declare(spec: KmsKeys, observed: Observed) -> list[Resource]:
    return [
        Resource(
            Ref("kms_key", key.name),
            {
                "description": key.description,
                "policy": policy(key, spec.account),
                "rotation": True,
                "enabled": True,
                "pending_deletion": False,
                "alias": f"alias/{key.name}",
            },
            tags.of(spec.platform, key.name, spec.tags),
        )
        for key in spec.keys
    ]


def policy(key: Key, account: Account) -> dict[str, Any]:
    """A key's policy: IAM of the account decides, and each service gets what its documentation asks for, no more.

    Sources: "Encrypt log data in CloudWatch Logs using AWS KMS" (logs), "Required AWS KMS key policy for use with
    encrypted volumes" (autoscaling), "Key policies in AWS KMS" (the account). EKS and S3 use the caller's rights by
    grants and `kms:ViaService`, so IAM is enough for them.
    """
    statements: list[dict[str, Any]] = [
        {
            "Sid": "Account",
            "Effect": "Allow",
            "Principal": {"AWS": account.arn("iam", "root", regional=False)},
            "Action": "kms:*",
            "Resource": "*",
        }
    ]
    if "autoscaling" in key.services:
        role = account.arn(
            "iam", "role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling", regional=False
        )
        statements += [
            {"Sid": "AutoScaling", "Effect": "Allow", "Principal": {"AWS": role}, "Action": USE, "Resource": "*"},
            {
                "Sid": "AutoScalingGrants",
                "Effect": "Allow",
                "Principal": {"AWS": role},
                "Action": "kms:CreateGrant",
                "Resource": "*",
                "Condition": {"Bool": {"kms:GrantIsForAWSResource": "true"}},
            },
        ]
    if "logs" in key.services:
        context = {"kms:EncryptionContext:aws:logs:arn": account.arn("logs", "log-group:*")}
        statements.append(
            {
                "Sid": "Logs",
                "Effect": "Allow",
                "Principal": {"Service": f"logs.{account.region}.{account.dns_suffix}"},
                "Action": USE,
                "Resource": "*",
                "Condition": {"ArnLike": context},
            }
        )
    return policies.canonical({"Version": policies.VERSION, "Statement": statements}, account.partition)


def guard(spec: KmsKeys, observed: Observed, plan: Plan) -> None:
    """A key is not deleted while something stands that may hold what is encrypted with it."""
    for change in sorted(plan.changes, key=lambda change: change.ref):
        things = observed[change.ref].attributes.get("users") if change.action is Action.DELETE else None
        if things:
            shown = ", ".join(things[:SHOWN]) + (f" and {len(things) - SHOWN} more" if len(things) > SHOWN else "")
            raise Impossible(
                f"{change.ref.words} cannot be deleted while {shown} may hold what is encrypted with it; "
                "delete that first."
            )

# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Policies of the VPC endpoints and of the role that writes flow logs. Pure."""

from __future__ import annotations

from ..._aws import policies
from ..._aws.account import Account
from ..._core.plan import Value


def account_policy(service: str, account: Account) -> dict[str, Value]:
    """Through an interface endpoint only principals of the account may go; which of them may do what is IAM's matter.

    AssumeRoleWithWebIdentity is not signed and has no principal yet, so STS admits it by the role that it asks for.
    """
    statements: list[dict[str, Value]] = [_principals_of(account)]
    if service == "sts":
        statements.append(
            {
                "Sid": "WebIdentity",
                "Effect": "Allow",
                "Principal": "*",
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Resource": account.arn("iam", "role/*", regional=False),
            }
        )
    return policies.canonical(policies.document(*statements), account.partition)


def gateway_policy(service: str, account: Account) -> dict[str, Value]:
    """The same for a gateway. AWS's own buckets of image layers and of AL2023's packages are read without a principal
    of the account: ECR hands out presigned addresses. Sources: "Amazon ECR interface VPC endpoints", ECR User Guide;
    "Deterministic upgrades through versioned repositories", AL2023 User Guide."""
    statements: list[dict[str, Value]] = [_principals_of(account)]
    if service == "s3":
        buckets = (f"prod-{account.region}-starport-layer-bucket", f"al2023-repos-{account.region}-de612dc2")
        arns = [f"arn:{account.partition}:s3:::{bucket}/*" for bucket in buckets]
        statements.append(
            {"Sid": "Images", "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": arns}
        )
    return policies.canonical(policies.document(*statements), account.partition)


def _principals_of(account: Account) -> dict[str, Value]:
    return {
        "Sid": "Account",
        "Effect": "Allow",
        "Principal": "*",
        "Action": "*",
        "Resource": "*",
        "Condition": {"StringEquals": {"aws:PrincipalAccount": account.id}},
    }


def flow_logs_policy(account: Account, log_group: str) -> dict[str, Value]:
    """What writes flow logs may write into their log group, but not make it anew after its deletion.

    Source: "IAM role for publishing flow logs to CloudWatch Logs", VPC User Guide.
    """
    return policies.document(
        {
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
            "Resource": account.arn("logs", f"log-group:{log_group}:*"),
        },
        {"Effect": "Allow", "Action": "logs:DescribeLogGroups", "Resource": "*"},
    )

# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the roles may do: as little as their step of the pipeline needs. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..._aws import policies as _policies
from ..._aws.account import Account
from ..._core.plan import Ref, Value


@dataclass(frozen=True)
class Scope:
    """What the permissions are for.

    :param kms_key: key of the bucket.
    :param images: names of repositories of ECR.
    :param signing_key: ARN of the key that signs images, or None.
    """

    platform: str
    account: Account
    application: str
    bucket: str
    kms_key: Ref | str
    images: tuple[str, ...]
    signing_key: str | None

    @property
    def bucket_arn(self) -> str:
        return f"arn:{self.account.partition}:s3:::{self.bucket}"

    def objects(self, pattern: str) -> str:
        """ARN of objects of all versions of the application."""
        return f"{self.bucket_arn}/applications/{self.application}/*/{pattern}"


def _allow(
    sid: str, actions: list[str], resources: Value, condition: dict[str, Value] | None = None
) -> dict[str, Value]:
    statement: dict[str, Value] = {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources}
    return {**statement, "Condition": condition} if condition else statement


def _bucket(scope: Scope, writable: list[str]) -> list[dict[str, Value]]:
    """Reading what stands of the application; writing what does not stand yet, since a version never changes.

    Without the right to list, S3 answers 403 for an object that does not exist.
    """
    service = f"s3.{scope.account.region}.{scope.account.dns_suffix}"
    return [
        _allow("Bucket", ["s3:ListBucket"], scope.bucket_arn),
        _allow("Read", ["s3:GetObject"], f"{scope.bucket_arn}/applications/{scope.application}/*"),
        _allow("WriteOnce", ["s3:PutObject"], writable, {"Null": {"s3:if-none-match": "false"}}),
        _allow(
            "Key",
            ["kms:Decrypt", "kms:GenerateDataKey"],
            scope.kms_key,
            {"StringEquals": {"kms:ViaService": service}},
        ),
    ]


def artifacts(scope: Scope) -> list[dict[str, Value]]:
    """Claims and artifacts of versions into the bucket."""
    patterns = ("claim.json", "*.tar.gz", "*.tar.gz.sha256")
    return _bucket(scope, [scope.objects(pattern) for pattern in patterns])


def images(scope: Scope) -> list[dict[str, Value]]:
    """Images and signatures to ECR; bills of materials, release manifests and records of scans into the bucket."""
    account = scope.account
    patterns = ("release*.json", "*.spdx.json", "*.cdx.json", "scans/*.json")
    statements = _bucket(scope, [scope.objects(pattern) for pattern in patterns])
    if scope.images:
        statements += [
            _allow("Login", ["ecr:GetAuthorizationToken"], "*"),  # AWS knows no resource for it
            _allow("Repositories", ["ecr:DescribeRepositories"], account.arn("ecr", "repository/*")),
            _allow("Images", list(ECR_ACTIONS), [account.arn("ecr", f"repository/{name}") for name in scope.images]),
        ]
    if scope.signing_key is not None:
        actions = ["kms:DescribeKey", "kms:GetPublicKey", "kms:Sign", "kms:Verify"]
        statements.append(_allow("Sign", actions, scope.signing_key))
    return statements


def scan(scope: Scope) -> list[dict[str, Value]]:
    """Reading releases and images, and records of scans into the bucket. It pushes and signs nothing."""
    statements = _bucket(scope, [scope.objects("scans/*.json")])
    if scope.images:
        repositories = [scope.account.arn("ecr", f"repository/{name}") for name in scope.images]
        statements += [
            _allow("Login", ["ecr:GetAuthorizationToken"], "*"),  # AWS knows no resource for it
            _allow("Images", ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"], repositories),
        ]
    return statements


ECR_ACTIONS = (
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:CompleteLayerUpload",
    "ecr:DescribeImages",
    "ecr:GetDownloadUrlForLayer",
    "ecr:GetLifecyclePolicy",
    "ecr:GetRepositoryPolicy",
    "ecr:InitiateLayerUpload",
    "ecr:ListImages",
    "ecr:ListTagsForResource",
    "ecr:PutImage",
    "ecr:UploadLayerPart",
)
"""Pushing, and reading what stands. Repositories are made and changed by who runs the platform."""

PLAN_ACTIONS = (
    "autoscaling:Describe*",
    "ec2:Describe*",
    "ec2:GetSubnetCidrReservations",
    "ecr:DescribeRepositories",
    "ecr:GetLifecyclePolicy",
    "ecr:GetRepositoryPolicy",
    "ecr:ListImages",
    "ecr:ListTagsForResource",
    "eks:Describe*",
    "eks:List*",
    "iam:GetInstanceProfile",
    "iam:GetOpenIDConnectProvider",
    "iam:GetRole",
    "iam:GetRolePolicy",
    "iam:ListAttachedRolePolicies",
    "iam:ListInstanceProfiles",
    "iam:ListOpenIDConnectProviders",
    "iam:ListRolePolicies",
    "iam:ListRoles",
    "kms:DescribeKey",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:ListResourceTags",
    "logs:DescribeLogGroups",
    "logs:ListTagsForResource",
    "s3:GetBucketLogging",
    "s3:GetBucketOwnershipControls",
    "s3:GetBucketPolicy",
    "s3:GetBucketPublicAccessBlock",
    "s3:GetBucketTagging",
    "s3:GetBucketVersioning",
    "s3:GetEncryptionConfiguration",
    "s3:GetLifecycleConfiguration",
    "s3:ListAllMyBuckets",
    "s3:ListBucket",
    "tag:GetResources",
)
"""What the modules of the collection read in a check run: settings, never the content of objects, logs or secrets."""


def plan(scope: Scope) -> list[dict[str, Value]]:
    """Reading the settings of the platform's resources, and AWS's own public parameters."""
    parameters = f"arn:{scope.account.partition}:ssm:{scope.account.region}::parameter/aws/service/*"
    return [
        _allow("Settings", list(PLAN_ACTIONS), "*"),
        _allow("PublicParameters", ["ssm:GetParameter", "ssm:GetParameters"], parameters),
    ]


PERMISSIONS: dict[str, Callable[[Scope], list[dict[str, Value]]]] = {
    "artifacts": artifacts,
    "images": images,
    "plan": plan,
    "scan": scan,
}


def policies(names: tuple[str, ...], scope: Scope) -> dict[str, dict[str, Value]]:
    """An inline policy for each permission."""
    return {name: _policies.document(*PERMISSIONS[name](scope)) for name in names}

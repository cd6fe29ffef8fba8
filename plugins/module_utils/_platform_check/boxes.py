# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every box of the collection by the name of its module. Written by scripts/registers.py."""

from __future__ import annotations

from .._boxes.autoscaling_groups.box import BOX as AUTOSCALING_GROUPS
from .._boxes.ecr_repositories.box import BOX as ECR_REPOSITORIES
from .._boxes.eks_access.box import BOX as EKS_ACCESS
from .._boxes.eks_addons.box import BOX as EKS_ADDONS
from .._boxes.eks_cluster.box import BOX as EKS_CLUSTER
from .._boxes.eks_nodegroups.box import BOX as EKS_NODEGROUPS
from .._boxes.github_actions_roles.box import BOX as GITHUB_ACTIONS_ROLES
from .._boxes.github_repository.box import BOX as GITHUB_REPOSITORY
from .._boxes.iam_roles.box import BOX as IAM_ROLES
from .._boxes.kms_keys.box import BOX as KMS_KEYS
from .._boxes.namespaces.box import BOX as NAMESPACES
from .._boxes.network.box import BOX as NETWORK
from .._boxes.s3_buckets.box import BOX as S3_BUCKETS
from .._boxes.security_groups.box import BOX as SECURITY_GROUPS
from .._core.box import Box

BOXES: dict[str, Box] = {
    "autoscaling_groups": AUTOSCALING_GROUPS,
    "ecr_repositories": ECR_REPOSITORIES,
    "eks_access": EKS_ACCESS,
    "eks_addons": EKS_ADDONS,
    "eks_cluster": EKS_CLUSTER,
    "eks_nodegroups": EKS_NODEGROUPS,
    "github_actions_roles": GITHUB_ACTIONS_ROLES,
    "github_repository": GITHUB_REPOSITORY,
    "iam_roles": IAM_ROLES,
    "kms_keys": KMS_KEYS,
    "namespaces": NAMESPACES,
    "network": NETWORK,
    "s3_buckets": S3_BUCKETS,
    "security_groups": SECURITY_GROUPS,
}

#!/usr/bin/python
# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_access
short_description: Access to the EKS cluster of a platform
version_added: 0.1.0
description:
  - Makes access entries with their access policies, the IAM OIDC provider of the cluster's issuer, and the rules
    that admit
    security groups to the security group that EKS itself made with the cluster.
  - Entries that EKS made for nodes and for its own roles, and entries of others, are left alone.
  - Waits for the cluster to be active where there is something to change.
author:
  - Contributors to slipway.platform (@slipway-platform)
options:
  operator_roles:
    description:
      - IAM roles of the platform that administer the cluster, without C(<platform_name>-).
    type: list
    elements: str
    default: []
  operator_role_arns:
    description:
      - ARNs of other IAM roles that administer the cluster, with their paths. The ARN of a session is refused.
      - At least one operator, or an access entry with groups or policies, is required.
    type: list
    elements: str
    default: []
  access_entries:
    description:
      - Who else may enter the cluster.
    type: list
    elements: dict
    default: []
    suboptions:
      principal_arn:
        description:
          - ARN of an IAM role or user.
        type: str
        required: true
      type:
        description:
          - Type of the entry. All but V(STANDARD) are for nodes and take neither user name, groups nor policies.
        type: str
        choices: [STANDARD, EC2_LINUX, EC2_WINDOWS, FARGATE_LINUX, HYBRID_LINUX]
        default: STANDARD
      username:
        description:
          - User name in Kubernetes. Without it EKS chooses one.
        type: str
      kubernetes_groups:
        description:
          - Groups in Kubernetes.
        type: list
        elements: str
        default: []
      policies:
        description:
          - EKS access policies, all of them.
        type: list
        elements: dict
        default: []
        suboptions:
          policy:
            description:
              - Name of the policy, such as V(AmazonEKSViewPolicy).
            type: str
            required: true
          namespaces:
            description:
              - Namespaces in which it holds. Without any, it holds in the whole cluster.
            type: list
            elements: str
            default: []
  security_groups:
    description:
      - Security groups that reach the Kubernetes API through the security group that EKS made, without
        C(<platform_name>-).
    type: list
    elements: str
    default: [nodes]
notes:
  - No module of C(amazon.aws) or C(community.aws) knows access entries, access policies or OIDC providers.
extends_documentation_fragment:
  - slipway.platform._box
  - slipway.platform._attributes
  - slipway.platform._attributes.action_group
  - amazon.aws.common.modules
  - amazon.aws.region.modules
"""

EXAMPLES = r"""
- name: Operators, and viewers of one namespace
  slipway.platform.eks_access:
    platform_name: demo
    operator_role_arns:
      - arn:aws:iam::123456789012:role/operator
    access_entries:
      - principal_arn: arn:aws:iam::123456789012:role/viewer
        policies:
          - policy: AmazonEKSViewPolicy
            namespaces: [web]
"""

RETURN = r"""
extends_documentation_fragment:
  - slipway.platform._box
  - slipway.platform._plan
"""

from ansible_collections.slipway.platform.plugins.module_utils._boxes.eks_access.box import BOX
from ansible_collections.slipway.platform.plugins.module_utils._core.run import run


def main() -> None:
    run(BOX)


if __name__ == "__main__":
    main()

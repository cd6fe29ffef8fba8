#!/usr/bin/python
# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: iam_roles
short_description: IAM roles of a platform
version_added: 0.1.0
description:
  - Makes the IAM roles of a platform with their trust, managed and inline policies, and where asked for their
    instance profiles.
  - What is attached to a role or written into it beside what is declared is removed.
  - Also makes the service-linked roles that an empty account lacks. Those belong to the account, so they are never
    changed or deleted.
author:
  - Contributors to slipway.platform (@slipway-platform)
options:
  roles:
    description:
      - The roles.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description:
          - Last part of the role's name, which is C(<platform_name>-<name>).
        type: str
        required: true
      description:
        description:
          - Description of the role, at most 1000 characters.
        type: str
        default: ''
      trust_services:
        description:
          - AWS services that may assume the role, such as V(ec2.amazonaws.com). The condition C(aws:SourceAccount) is
            set for those that support it.
          - This, O(roles[].trust_account), O(roles[].trust_pod_identity) or O(roles[].trust_policy) is required.
        type: list
        elements: str
        default: []
      trust_account:
        description:
          - Whether those principals of the account may assume the role whom IAM allows to.
        type: bool
        default: false
      trust_pod_identity:
        description:
          - The pods that may assume the role by EKS Pod Identity, those of one service account.
        type: dict
        suboptions:
          cluster:
            description:
              - Name of the cluster.
            type: str
            required: true
          namespace:
            description:
              - Namespace of the service account.
            type: str
            required: true
          service_account:
            description:
              - Name of the service account.
            type: str
            required: true
      trust_policy:
        description:
          - Policy document that says who may assume the role.
        type: dict
      managed_policies:
        description:
          - Managed policies. Those of AWS by name, with their path if they have one
            (V(service-role/AmazonEBSCSIDriverPolicy)), others by ARN.
        type: list
        elements: str
        default: []
      policies:
        description:
          - Inline policies, name to policy document.
        type: dict
        default: {}
      instance_profile:
        description:
          - Whether the role has an instance profile of the same name.
        type: bool
        default: false
      max_session_duration:
        description:
          - Longest session in seconds, 3600 to 43200.
        type: int
        default: 3600
  service_linked_roles:
    description:
      - AWS services whose service-linked roles have to exist, such as V(autoscaling.amazonaws.com).
    type: list
    elements: str
    default: []
  component:
    description:
      - Part of the platform that the roles belong to, kept in the tag C(slipway:component).
      - If set, roles of this component that are not declared any more are deleted. Otherwise only declared roles are
        looked at.
    type: str
  path:
    description:
      - Path of the roles and instance profiles. AWS fixes it at creation.
    type: str
    default: /
  permissions_boundary:
    description:
      - ARN of the policy that bounds what the roles can be allowed.
    type: str
notes:
  - C(amazon.aws.iam_role) makes one role a task, has no diff, and writes inline policies by another module. A
    service-linked role can be made by no module of amazon.aws or community.aws.
extends_documentation_fragment:
  - slipway.platform._box
  - slipway.platform._attributes
  - slipway.platform._attributes.action_group
  - amazon.aws.common.modules
  - amazon.aws.region.modules
"""

EXAMPLES = r"""
- name: Roles of the control plane and of the nodes
  slipway.platform.iam_roles:
    platform_name: demo
    component: eks
    roles:
      - name: cluster
        description: Control plane of the cluster demo
        trust_services: [eks.amazonaws.com]
        managed_policies: [AmazonEKSClusterPolicy]
      - name: nodes
        description: Nodes of the cluster demo
        trust_services: [ec2.amazonaws.com]
        managed_policies: [AmazonEKSWorkerNodePolicy, AmazonEC2ContainerRegistryPullOnly]
        instance_profile: true
    service_linked_roles: [eks.amazonaws.com, autoscaling.amazonaws.com]
"""

RETURN = r"""
roles:
  description: ARNs of the declared roles by their names, in check mode too.
  returned: success
  type: dict
  sample: {demo-cluster: 'arn:aws:iam::123456789012:role/demo-cluster'}
extends_documentation_fragment:
  - slipway.platform._box
  - slipway.platform._plan
"""

from ansible_collections.slipway.platform.plugins.module_utils._boxes.iam_roles.box import BOX
from ansible_collections.slipway.platform.plugins.module_utils._core.run import run


def main() -> None:
    run(BOX)


if __name__ == "__main__":
    main()

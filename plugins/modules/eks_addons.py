#!/usr/bin/python
# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_addons
short_description: Add-ons of the EKS cluster of a platform that EKS manages
version_added: 0.1.0
description:
  - Installs, updates and deletes add-ons with their versions, configuration values and EKS pod identities.
  - A version that does not fit the cluster's Kubernetes version is refused with those that do.
  - Add-ons that do not carry the tag C(slipway:platform) are left alone.
  - Waits for the cluster to be active where there is something to change, and for the add-ons. One that lacks nodes
    is waited for
    only if the cluster has nodes.
author:
  - Contributors to slipway.platform (@slipway-platform)
options:
  addons:
    description:
      - All add-ons of the cluster, those of both phases.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description:
          - Name of the add-on.
        type: str
        required: true
      before_nodes:
        description:
          - Whether the add-on belongs to the phase V(before_nodes).
        type: bool
        default: false
      version:
        description:
          - Version. Without it that of O(versions), else what stands is kept, and a new add-on takes EKS's default
            for the
            cluster's Kubernetes version.
        type: str
      configuration:
        description:
          - Configuration values, all of them.
        type: dict
        default: {}
      service_account:
        description:
          - Service account of the add-on that takes the IAM role by EKS pod identity.
        type: str
      role:
        description:
          - IAM role without C(<platform_name>-).
        type: str
  versions:
    description:
      - Versions by the names of add-ons. A null counts as no version.
    type: dict
    default: {}
  phase:
    description:
      - Which of the add-ons are made, changed or deleted. Those of the other phase are left alone.
    type: str
    choices: [all, before_nodes, after_nodes]
    default: all
  wait:
    description:
      - Whether the add-ons are waited for.
    type: bool
    default: true
notes:
  - No module of C(amazon.aws) or C(community.aws) knows EKS add-ons.
  - What somebody changed in the cluster itself is overwritten when an add-on is installed, and kept when it is
    updated.
extends_documentation_fragment:
  - slipway.platform._box
  - slipway.platform._attributes
  - slipway.platform._attributes.action_group
  - amazon.aws.common.modules
  - amazon.aws.region.modules
"""

EXAMPLES = r"""
- name: What nodes need
  slipway.platform.eks_addons:
    platform_name: demo
    addons:
      - name: vpc-cni
        before_nodes: true
        service_account: aws-node
        role: vpc-cni
        configuration:
          enableNetworkPolicy: "true"
      - name: kube-proxy
        before_nodes: true
      - name: coredns
    phase: before_nodes
"""

RETURN = r"""
extends_documentation_fragment:
  - slipway.platform._box
  - slipway.platform._plan
"""

from ansible_collections.slipway.platform.plugins.module_utils._boxes.eks_addons.box import BOX
from ansible_collections.slipway.platform.plugins.module_utils._core.run import run


def main() -> None:
    run(BOX)


if __name__ == "__main__":
    main()

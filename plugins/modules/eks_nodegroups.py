#!/usr/bin/python
# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_nodegroups
short_description: Managed node groups of an EKS cluster
version_added: 0.1.0
description:
  - Makes the managed node groups of a platform's cluster over its private subnets, with a launch template each that
    requires IMDSv2 with one hop, encrypts the disks, gives no public address, and tags instances, volumes and network
    interfaces.
  - Labels, taints, bounds, update settings and node repair change in place. Version, release and launch template, so
    also tags and the size of the disk, roll the nodes within O(groups[].max_unavailable).
  - What EKS fixes when it makes a group, so instance types, AMI type, capacity type, zones and role, is changed by a
    second group under the same name with a generation (C(demo-spot-2)). Once its nodes are Ready, the old one is
    drained and deleted. An interrupted replacement is finished, or taken back, by the next run.
  - Node groups that are not declared, but belong to the platform, are deleted.
author:
  - Contributors to slipway.platform (@slipway-platform)
notes:
  - C(community.aws.eks_nodegroup) refuses the AMI types of Amazon Linux 2023, does not see changed values of labels,
    cannot change taints, tags and version, and neither replaces what EKS fixes nor makes the launch template.
extends_documentation_fragment:
  - slipway.platform._nodes
  - slipway.platform._box
  - slipway.platform._attributes
  - slipway.platform._attributes.action_group
  - amazon.aws.common.modules
  - amazon.aws.region.modules
"""

EXAMPLES = r"""
- name: An on-demand and a spot group
  slipway.platform.eks_nodegroups:
    platform_name: demo
    version: "1.35"
    groups:
      - name: on-demand
        instance_types: [m6i.large]
        min_size: 3
        max_size: 6
      - name: spot
        capacity_type: SPOT
        instance_types: [m6i.large, m5.large, m6a.large, m5a.large]
        max_size: 10
        labels:
          interruptible: "true"
"""

RETURN = r"""
architectures:
  description: Processor architectures of the groups in the words of Kubernetes, V(amd64) and V(arm64).
  returned: success
  type: list
  elements: str
nodegroups:
  description: What stands, by declared name.
  returned: success
  type: dict
  contains:
    name:
      description: The name that EKS knows, with the generation if it is not the first.
      type: str
    version:
      description: Kubernetes minor.
      type: str
    status:
      description: Status in the words of EKS.
      type: str
extends_documentation_fragment:
  - slipway.platform._box
  - slipway.platform._plan
"""

from ansible_collections.slipway.platform.plugins.module_utils._boxes.eks_nodegroups.box import BOX
from ansible_collections.slipway.platform.plugins.module_utils._core.run import run


def main() -> None:
    run(BOX)


if __name__ == "__main__":
    main()

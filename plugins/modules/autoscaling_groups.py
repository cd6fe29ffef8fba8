#!/usr/bin/python
# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: autoscaling_groups
short_description: Auto Scaling groups of self-managed nodes of an EKS cluster
version_added: 0.1.0
description:
  - Makes Auto Scaling groups of nodes that join the platform's cluster by themselves, over its private subnets, with
    a launch template each that requires IMDSv2 with one hop, encrypts the disks, gives no public address, and tags
    instances, volumes and network interfaces.
  - The machine image is EKS's own for the version and architecture, named by its public parameter in the launch
    template.
  - The nodes get in by an access entry for their role.
  - What is in the launch template, so also version, labels, taints and tags, and the instance types roll the nodes by
    an instance refresh within O(groups[].max_unavailable), which is waited for.
  - Auto Scaling groups that are not declared, but belong to the platform, are deleted with their instances.
author:
  - Contributors to slipway.platform (@slipway-platform)
notes:
  - C(amazon.aws.autoscaling_group) says changed on a converged group, sleeps between steps, and knows neither
    instance refreshes that are to be waited for nor the user data and the access entry that nodes of a cluster need.
  - Nothing drains self-managed nodes before they go. Run the AWS Node Termination Handler for that.
extends_documentation_fragment:
  - slipway.platform._nodes.self_managed
  - slipway.platform._box
  - slipway.platform._attributes
  - slipway.platform._attributes.action_group
  - amazon.aws.common.modules
  - amazon.aws.region.modules
"""

EXAMPLES = r"""
- name: An on-demand and a spot group
  slipway.platform.autoscaling_groups:
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
"""

RETURN = r"""
architectures:
  description: Processor architectures of the groups in the words of Kubernetes, V(amd64) and V(arm64).
  returned: success
  type: list
  elements: str
autoscaling_groups:
  description: What stands, by name.
  returned: success
  type: dict
  contains:
    instances:
      description: How many instances the group has.
      type: int
    version:
      description: Kubernetes minor.
      type: str
extends_documentation_fragment:
  - slipway.platform._box
  - slipway.platform._plan
"""

from ansible_collections.slipway.platform.plugins.module_utils._boxes.autoscaling_groups.box import BOX
from ansible_collections.slipway.platform.plugins.module_utils._core.run import run


def main() -> None:
    run(BOX)


if __name__ == "__main__":
    main()

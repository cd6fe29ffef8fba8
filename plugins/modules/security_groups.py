#!/usr/bin/python
# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: security_groups
short_description: Security groups of a platform and the rules between them
version_added: 0.1.0
description:
  - Makes security groups in the platform's VPC with exactly the declared rules. The rule that AWS puts into a new
    group, all outbound traffic to anywhere, is removed unless it is declared.
  - Rules may refer to any of the declared groups, to each other and to themselves as well.
  - A new rule is added before an obsolete one is removed, and a new description changes nothing else.
author:
  - Contributors to slipway.platform (@slipway-platform)
options:
  component:
    description:
      - Whose groups these are, the value of their tag C(slipway:component).
      - Groups of the same component that are not declared are deleted, groups of other components are left alone.
    type: str
    default: eks
  groups:
    description:
      - All security groups of the component.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description:
          - Last part of the group's name C(<platform_name>-<name>).
        type: str
        required: true
      description:
        description:
          - Description of the group. AWS fixes it when the group is made, so another one is refused.
        type: str
        required: true
      tags:
        description:
          - Tags of this group beside O(tags).
        type: dict
        default: {}
      rules:
        description:
          - All rules of the group.
        type: dict
        default: {}
        suboptions:
          ingress:
            description:
              - What may come in.
            type: list
            elements: dict
            default: []
            suboptions: &rule
              description:
                description:
                  - What the rule is for.
                type: str
                required: true
              protocol:
                description:
                  - The protocol, V(all) for all of them with all ports.
                type: str
                choices: [all, icmp, icmpv6, tcp, udp]
                default: tcp
              ports:
                description:
                  - Ports (V(443)) and ranges (V(1025-65535)), required for V(tcp) and V(udp) and for nothing else.
                type: list
                elements: str
                default: []
              security_groups:
                description:
                  - Declared groups on the other side, by O(groups[].name).
                type: list
                elements: str
                default: []
              cluster_security_group:
                description:
                  - Whether the group that EKS makes for the platform's cluster is on the other side.
                type: bool
                default: false
              cidr_blocks:
                description:
                  - IPv4 and IPv6 blocks on the other side.
                type: list
                elements: str
                default: []
              prefix_lists:
                description:
                  - Prefix lists on the other side, by name (C(com.amazonaws.eu-west-1.s3)) or identifier.
                type: list
                elements: str
                default: []
          egress:
            description:
              - What may go out.
            type: list
            elements: dict
            default: []
            suboptions: *rule
notes:
  - C(amazon.aws.ec2_security_group) makes one group a task, sleeps three seconds after each change, cannot make groups
    that refer to each other without a second round, and shows no difference for descriptions of rules.
  - Groups that refer to each other are deleted in two steps, first their rules, then the groups.
extends_documentation_fragment:
  - slipway.platform._box
  - slipway.platform._attributes
  - slipway.platform._attributes.action_group
  - amazon.aws.common.modules
  - amazon.aws.region.modules
"""

EXAMPLES = r"""
- name: Nodes and the pods that they talk to
  slipway.platform.security_groups:
    platform_name: demo
    groups:
      - name: nodes
        description: Nodes of demo
        rules:
          ingress:
            - description: kubelet
              ports: [10250]
              security_groups: [control-plane]
          egress:
            - description: Everything
              protocol: all
              cidr_blocks: [0.0.0.0/0]
      - name: control-plane
        description: Control plane of demo
        rules:
          ingress:
            - description: Kubernetes API
              ports: [443]
              security_groups: [nodes]
"""

RETURN = r"""
extends_documentation_fragment:
  - slipway.platform._box
  - slipway.platform._plan
"""

from ansible_collections.slipway.platform.plugins.module_utils._boxes.security_groups.box import BOX
from ansible_collections.slipway.platform.plugins.module_utils._core.run import run


def main() -> None:
    run(BOX)


if __name__ == "__main__":
    main()

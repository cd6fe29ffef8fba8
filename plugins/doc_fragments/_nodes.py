# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation that the modules with groups of nodes share."""

from __future__ import annotations

_EACH = """\
      name:
        description:
          - Last part of the group's name, which is C(<platform_name>-<name>).
          - At most 32 lower-case letters, digits and single hyphens, beginning with a letter. Names that end in a
            hyphen and a number, or in C(-self-managed), are reserved.
        type: str
        required: true
      capacity_type:
        description:
          - Whether the nodes are on-demand or spot capacity.
        type: str
        choices: [ON_DEMAND, SPOT]
        default: ON_DEMAND
      instance_types:
        description:
          - 1 to 20 instance types of one processor architecture, which every zone of the group must offer.
          - On-demand capacity takes the first that can be had. Spot capacity should have several of a similar size.
            One alone is allowed with a warning.
        type: list
        elements: str
        required: true
      ami_type:
        description:
          - Kind of EKS's machine image, for instance V(AL2023_x86_64_STANDARD), V(AL2023_ARM_64_STANDARD),
            V(BOTTLEROCKET_x86_64) or V(BOTTLEROCKET_ARM_64). It must fit the processors of the instance types. Amazon
            Linux 2 and Windows are refused.
        type: str
        default: AL2023_x86_64_STANDARD
      version:
        description:
          - Kubernetes minor of the nodes, default O(version). At most that of the cluster, and at most three below
            it.
          - A lower one than the group has is refused.
        type: str
      availability_zones:
        description:
          - Zones of the group, default O(availability_zones).
        type: list
        elements: str
        default: []
      min_size:
        description:
          - The fewest nodes.
        type: int
        default: 1
      max_size:
        description:
          - The most nodes.
        type: int
        required: true
      desired_size:
        description:
          - Nodes when the group is made, O(groups[].min_size) if it is not set. Later the number belongs to the
            autoscaler, and is only brought inside the bounds.
        type: int
      max_unavailable:
        description:
          - How many nodes may be replaced at once, 1 to 100. V(1) if neither this nor
            O(groups[].max_unavailable_percentage) is set.
        type: int
      max_unavailable_percentage:
        description:
          - How many of the nodes may be replaced at once, in percent, 1 to 100.
        type: int
      labels:
        description:
          - Labels of the nodes. Keys in the domains C(kubernetes.io), C(k8s.io) and C(eks.amazonaws.com) are
            reserved.
        type: dict
        default: {}
      taints:
        description:
          - Taints of the nodes, at most 50.
        type: list
        elements: dict
        default: []
        suboptions:
          key:
            description:
              - Key of the taint.
            type: str
            required: true
          value:
            description:
              - Value of the taint.
            type: str
            default: ''
          effect:
            description:
              - What it does to pods that do not tolerate it.
            type: str
            choices: [NO_SCHEDULE, NO_EXECUTE, PREFER_NO_SCHEDULE]
            required: true
      disk_size:
        description:
          - Size of the encrypted gp3 disk of a node in GiB. With Bottlerocket it is the second disk, beside one of 4
            GiB for the system.
        type: int
        default: 50
      detailed_monitoring:
        description:
          - Whether EC2 reports the nodes' metrics every minute, which costs extra, instead of every five minutes.
        type: bool
        default: false
"""

_MANAGED = """\
      release_version:
        description:
          - Release of the machine image, such as V(1.35.4-20261113), or V(1.62.0-5f3a9c1d) for Bottlerocket.
          - If it is not set, a new group gets the newest, a new version gets the newest of it, and otherwise what
            stands is kept.
        type: str
      max_pods:
        description:
          - The most pods a node, 8 to 250.
          - If it is not set, EKS reckons the number from the instance type, prefix delegation included.
        type: int
      update_strategy:
        description:
          - V(DEFAULT) starts new nodes before old ones go, V(MINIMAL) lets old ones go first, which needs no more
            capacity.
        type: str
        choices: [DEFAULT, MINIMAL]
        default: DEFAULT
      node_repair:
        description:
          - Whether EKS replaces nodes that stay unhealthy.
        type: bool
        default: true
"""

_SELF_MANAGED = """\
      release_version:
        description:
          - Release of the machine image, such as V(1.35.4-20261113), or V(1.62.0-5f3a9c1d) for Bottlerocket.
          - If it is not set, new nodes get the release that EKS recommends at the time.
        type: str
      max_pods:
        description:
          - The most pods a node, 8 to 250.
          - The number that fits prefix delegation on instances with less than 30 processors.
        type: int
        default: 110
      on_demand_base_capacity:
        description:
          - How many nodes of a spot group are on-demand all the same.
        type: int
        default: 0
"""

_ALL = """\
  version:
    description:
      - Kubernetes minor of groups that name none, such as V(1.35). If it is not set, a new group gets that of the
        cluster and a standing one keeps its own.
    type: str
  availability_zones:
    description:
      - Zones of groups that name none. If it is empty, those of all private subnets of the platform.
    type: list
    elements: str
    default: []
  role:
    description:
      - Last part of the name of the nodes' IAM role.
    type: str
    default: nodes
  key:
    description:
      - Last part of the name of the KMS key for the nodes' disks. Its policy must admit Auto Scaling.
    type: str
    default: nodes
  security_groups:
    description:
      - Last parts of the names of the nodes' security groups.
    type: list
    elements: str
    default: [nodes]
  other_kind:
    description:
      - Whether groups of the other kind, managed ones and Auto Scaling groups of their own, may stand beside these.
        Where they share the role of their nodes, EKS takes its access back with the last managed node group.
    type: str
    choices: [allowed, refused]
    default: allowed
  delete_volumes:
    description:
      - Whether O(state=absent) also deletes the volumes that the EBS CSI driver made for pods of the cluster, with
        all data on them.
    type: bool
    default: false
"""


def _options(what: str, own: str) -> str:
    """The options of one module.

    :param own: what only its groups have.
    """
    head = f"""
options:
  groups:
    description:
      - All {what} of the platform.
    type: list
    elements: dict
    default: []
    suboptions:
"""
    return head + _EACH + own + _ALL


class ModuleDocFragment:
    """Annotated, since ansible-test takes what is plainly assigned here for a text."""

    DOCUMENTATION: str = _options("managed node groups", _MANAGED)
    SELF_MANAGED: str = _options("Auto Scaling groups", _SELF_MANAGED)

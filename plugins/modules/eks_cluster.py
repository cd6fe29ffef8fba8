#!/usr/bin/python
# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_cluster
short_description: EKS cluster of a platform, with the log group of its control plane
version_added: 0.1.0
description:
  - Makes the cluster C(<platform_name>) in the platform's VPC, with a private endpoint, access by access entries
    only, no
    administrator from the credentials in use, and none of the add-ons that EKS would put into it unasked.
  - Everything that EKS can change is changed in place, one update after the other, each waited for. What it cannot
    change
    is refused with the reason.
  - Makes the log group of the control plane with the same KMS key, and deletes it after the cluster.
author:
  - Contributors to slipway.platform (@slipway-platform)
options:
  version:
    description:
      - Kubernetes minor of the control plane, in quotes.
      - Without it what stands is kept. A control plane goes up one minor at a time.
    type: str
  default_version:
    description:
      - Kubernetes minor of a new cluster whose O(version) is not set.
    type: str
  support_type:
    description:
      - What EKS does at the end of a version's standard support, V(standard) upgrades the control plane,
        V(extended) keeps it at
        extra cost. Only V(extended) allows a version in extended support.
    type: str
    choices: [standard, extended]
    default: standard
  role:
    description:
      - IAM role of the control plane, without C(<platform_name>-). EKS fixes it when the cluster is made.
    type: str
    default: cluster
  subnets:
    description:
      - Subnets of the control plane's network interfaces, without C(<platform_name>-), in at least two availability
        zones.
      - Without any, all private subnets of the platform.
    type: list
    elements: str
    default: []
  security_groups:
    description:
      - Security groups of the control plane's network interfaces beside the one that EKS makes, without
        C(<platform_name>-).
    type: list
    elements: str
    default: [control-plane]
  encryption_key:
    description:
      - KMS key of Kubernetes's secrets and of the log group, without C(<platform_name>-). A first one can be set
        later, but no other.
    type: str
    default: eks
  public_access_cidrs:
    description:
      - Public networks that reach the public endpoint, at most 40. Without any there is no public endpoint.
    type: list
    elements: str
    default: []
  service_ipv4_cidr:
    description:
      - Network of Kubernetes services, /12 to /24 in a private range outside of the VPC. EKS fixes it when the
        cluster is made.
      - Without it EKS chooses one.
    type: str
  vpc_cidr_blocks:
    description:
      - Networks of the VPC, which O(service_ipv4_cidr) must not overlap.
    type: list
    elements: str
    default: []
  log_types:
    description:
      - Logs of the control plane.
    type: list
    elements: str
    choices: [api, audit, authenticator, controllerManager, scheduler]
    default: [api, audit, authenticator, controllerManager, scheduler]
  log_retention_in_days:
    description:
      - Days that the log group keeps them.
    type: int
    default: 90
  zonal_shift:
    description:
      - Whether traffic inside the cluster may be shifted away from an impaired zone.
    type: bool
    default: true
  deletion_protection:
    description:
      - Whether EKS refuses to delete the cluster. O(state=absent) lifts it first.
    type: bool
    default: true
  wait:
    description:
      - Whether a new cluster is waited for. The modules that need it to be active wait for it themselves. Updates
        are always
        waited for, since EKS takes one at a time.
    type: bool
    default: true
notes:
  - C(community.aws.eks_cluster) cannot change a cluster, ignores changes of its tags, and knows neither encryption
    nor endpoints,
    logging, access, upgrade policy or deletion protection.
extends_documentation_fragment:
  - slipway.platform._box
  - slipway.platform._attributes
  - slipway.platform._attributes.action_group
  - amazon.aws.common.modules
  - amazon.aws.region.modules
"""

EXAMPLES = r"""
- name: Cluster
  slipway.platform.eks_cluster:
    platform_name: demo
    version: "1.35"
    public_access_cidrs:
      - 203.0.113.0/24
"""

RETURN = r"""
cluster:
  description: The cluster for those who connect to it. An empty text for what EKS has not made yet, empty where
    none stands.
  returned: success
  type: dict
  contains:
    name:
      description: Its name.
      type: str
    arn:
      description: Its ARN.
      type: str
    version:
      description: Its Kubernetes minor.
      type: str
    status:
      description: AWS's word for its state.
      type: str
    endpoint:
      description: URL of the Kubernetes API.
      type: str
    certificate_authority:
      description: Certificate of the API's authority, base64 of its PEM text.
      type: str
    oidc_issuer:
      description: URL of the issuer of the service accounts' tokens.
      type: str
    security_group:
      description: ID of the security group that EKS made with the cluster.
      type: str
extends_documentation_fragment:
  - slipway.platform._box
  - slipway.platform._plan
"""

from ansible_collections.slipway.platform.plugins.module_utils._boxes.eks_cluster.box import BOX
from ansible_collections.slipway.platform.plugins.module_utils._core.run import run


def main() -> None:
    run(BOX)


if __name__ == "__main__":
    main()

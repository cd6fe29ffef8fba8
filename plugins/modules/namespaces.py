#!/usr/bin/python
# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: namespaces
short_description: Namespaces of a platform's EKS cluster
version_added: 0.1.0
description:
  - Makes the namespaces of a platform's cluster, each with labels, annotations, Pod Security levels, one resource quota
    and one limit range, by server-side apply with the field manager C(slipway).
  - Namespaces of the platform that are not declared any more are deleted with all that is in them. C(default),
    C(kube-system), C(kube-public) and C(kube-node-lease) are never deleted.
  - What is to change is first tried as a dry run, so that what the API server or an admission policy refuses is known
    before the first write, in check mode too. A caller who may only read gets the plan without that.
  - The API server is reached at the endpoint that EKS names for the cluster O(platform_name), with a token of the
    caller's IAM identity, which needs an access entry. A cluster that is being made is waited for.
author:
  - Contributors to slipway.platform (@slipway-platform)
options:
  namespaces:
    description:
      - All namespaces of the platform.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description:
          - Name of the namespace, 1 to 63 lower-case letters, digits and hyphens.
        type: str
        required: true
      labels:
        description:
          - Labels of the namespace. Those that were declared once and are not any more are removed, those of others are
            left alone. If this is not set, all labels are left alone.
        type: dict
      annotations:
        description:
          - Annotations of the namespace, handled as O(namespaces[].labels) are.
        type: dict
      pod_security:
        description:
          - Levels of Pod Security Admission. If this is not set, they are left alone.
        type: dict
        suboptions:
          enforce:
            description:
              - Level that pods must keep to.
            type: str
            choices: [privileged, baseline, restricted]
          enforce_version:
            description:
              - Kubernetes minor whose rules count, such as V(v1.35), or V(latest).
            type: str
          audit:
            description:
              - Level whose violations stand in the audit log.
            type: str
            choices: [privileged, baseline, restricted]
          audit_version:
            description:
              - Kubernetes minor whose rules count, such as V(v1.35), or V(latest).
            type: str
          warn:
            description:
              - Level whose violations the user is warned of.
            type: str
            choices: [privileged, baseline, restricted]
          warn_version:
            description:
              - Kubernetes minor whose rules count, such as V(v1.35), or V(latest).
            type: str
      quota:
        description:
          - What the namespace may use in all, as a ResourceQuota C(slipway). Without it there is none.
        type: dict
        suboptions:
          hard:
            description:
              - Resource to quantity, such as C(requests.cpu), C(limits.memory), C(pods) or
                C(count/deployments.apps). Quantities are compared by what they mean, so V(1000m) is V(1).
            type: dict
            required: true
      limit_range:
        description:
          - Bounds and defaults of single containers, pods and volume claims, as a LimitRange C(slipway). Without it
            there is none.
        type: dict
        suboptions:
          limits:
            description:
              - The limits, each type once.
            type: list
            elements: dict
            required: true
            suboptions:
              type:
                description:
                  - What is limited.
                type: str
                choices: [Container, Pod, PersistentVolumeClaim]
                required: true
              max:
                description:
                  - The most of each resource.
                type: dict
                default: {}
              min:
                description:
                  - The least of each resource.
                type: dict
                default: {}
              default:
                description:
                  - Limit of containers that name none.
                type: dict
                default: {}
              default_request:
                description:
                  - Request of containers that name none.
                type: dict
                default: {}
              max_limit_request_ratio:
                description:
                  - How many times its request a limit may be, 1 or more.
                type: dict
                default: {}
  delete_volumes:
    description:
      - Whether a namespace that holds persistent volume claims is deleted. If V(false), it is refused.
    type: bool
    default: false
notes:
  - C(kubernetes.core.k8s) takes one manifest a task, keeps what is no longer declared, and knows neither a plan nor
    other field managers by name.
extends_documentation_fragment:
  - slipway.platform._box.kubernetes
  - slipway.platform._attributes
  - slipway.platform._attributes.action_group
  - amazon.aws.common.modules
  - amazon.aws.region.modules
"""

EXAMPLES = r"""
- name: A namespace for each team
  slipway.platform.namespaces:
    platform_name: demo
    namespaces:
      - name: team-a
        labels:
          team: a
        pod_security:
          enforce: restricted
          enforce_version: v1.35
        quota:
          hard:
            requests.cpu: "8"
            limits.memory: 32Gi
            pods: 50
        limit_range:
          limits:
            - type: Container
              default: {cpu: 500m, memory: 512Mi}
              default_request: {cpu: 100m, memory: 128Mi}

- name: None any more
  slipway.platform.namespaces:
    platform_name: demo
    state: absent
    namespaces: []
"""

RETURN = r"""
extends_documentation_fragment:
  - slipway.platform._box
  - slipway.platform._plan
"""

from ansible_collections.slipway.platform.plugins.module_utils._boxes.namespaces.box import BOX
from ansible_collections.slipway.platform.plugins.module_utils._core.run import run


def main() -> None:
    run(BOX)


if __name__ == "__main__":
    main()

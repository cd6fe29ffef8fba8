#!/usr/bin/python
# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: platform_check
short_description: Validates a whole platform before anything of it is written
version_added: 0.1.0
description:
  - The first task of every play. It refuses a wrong value of any selected role with one sentence that names the
    variable, the value and what is allowed, so that a run stops before its first write.
  - It starts at C(tasks/main.yml) of each selected role, follows what is included, templates the options of every
    module call with the variables of the host, and runs the validation that the module itself will run. Variables
    that begin with the prefix of a role and that no role knows are refused.
  - A role is selected if the tags of the run select it and if its variable C(<role>_enabled), where it has one, is
    true.
  - Identity, availability zones, instance offerings and Kubernetes versions are read in at most four calls, and
    carried on to the modules.
  - It writes nothing, and does the same in check mode.
author:
  - Contributors to slipway.platform (@slipway-platform)
options:
  roles:
    description:
      - Roles of the play, without the name of the collection.
    type: list
    elements: str
    default: []
  platform_name:
    description:
      - Name of the platform. Filled in from the variable of the same name.
    type: str
  account_id:
    description:
      - The AWS account that the platform belongs to. Credentials of any other are refused.
    type: str
  confirmation:
    description:
      - The name of the platform that is to be destroyed, as the user confirmed it. Where this is set, even to an empty
        text, nothing but O(platform_name) is allowed.
    type: str
  declared:
    description:
      - Module calls of the selected roles. Filled in from their task files.
    type: list
    elements: dict
    default: []
    suboptions:
      module:
        description: Name of the module without that of the collection.
        type: str
        required: true
        choices:
          - autoscaling_groups
          - ecr_repositories
          - eks_access
          - eks_addons
          - eks_cluster
          - eks_nodegroups
          - github_actions_roles
          - iam_roles
          - kms_keys
          - network
          - s3_buckets
          - security_groups
      options:
        description: Options of the call.
        type: dict
        required: true
      sources:
        description: Paths inside the options, and the variables that feed them.
        type: dict
        default: {}
  known:
    description:
      - Names and identifiers of earlier tasks. Filled in on a local connection.
    type: dict
    default: {}
notes:
  - Argument specifications of roles are checked one role at a time, when the ones before it have written already, and
    know nothing of CIDR blocks, zones or the support of versions.
extends_documentation_fragment:
  - slipway.platform._attributes
  - slipway.platform._attributes.action_group
  - amazon.aws.common.modules
  - amazon.aws.region.modules
"""

EXAMPLES = r"""
- name: Platform
  hosts: all
  gather_facts: false
  tasks:
    - name: Validate the whole platform
      slipway.platform.platform_check:
        roles: [vpc, eks]
        account_id: "123456789012"

    - name: Network
      ansible.builtin.import_role:
        name: slipway.platform.vpc
"""

RETURN = r"""
extends_documentation_fragment:
  - slipway.platform._box
"""

from ansible_collections.slipway.platform.plugins.module_utils._platform_check.run import run


def main() -> None:
    run()


if __name__ == "__main__":
    main()

#!/usr/bin/python
# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: kms_keys
short_description: Customer managed KMS keys of a platform
version_added: 0.1.0
description:
  - Makes the symmetric KMS keys of a platform, each with its alias, its policy, yearly rotation and tags.
  - A key is not deleted while a bucket, a log group, an EKS cluster, an EBS volume or an EBS snapshot stands that may
    hold what is encrypted with it. A key that is open to S3 also waits for all buckets of the platform.
  - A key is found by its alias C(alias/<platform_name>-<use>), or by its tags if an interrupted run left it without
    alias.
author:
  - Contributors to slipway.platform (@slipway-platform)
options:
  keys:
    description:
      - The keys.
    type: list
    elements: dict
    required: true
    suboptions:
      use:
        description:
          - What the key is for, the last part of its alias.
        type: str
        required: true
      description:
        description:
          - Description of the key.
        type: str
        required: true
      services:
        description:
          - AWS services that the key's policy admits beside the account.
        type: list
        elements: str
        choices: [autoscaling, eks, logs, s3]
        default: []
  deletion_window_in_days:
    description:
      - Days that AWS keeps a deleted key, 7 to 30.
    type: int
    default: 30
notes:
  - C(amazon.aws.kms_key) makes one key a task, compares policies by text and is blind to a key whose alias is missing.
extends_documentation_fragment:
  - slipway.platform._box
  - slipway.platform._attributes
  - slipway.platform._attributes.action_group
  - amazon.aws.common.modules
  - amazon.aws.region.modules
"""

EXAMPLES = r"""
- name: Keys for the cluster's secrets and for log groups
  slipway.platform.kms_keys:
    platform_name: demo
    keys:
      - use: eks
        description: Secrets of the cluster demo
        services: [eks, logs]
"""

RETURN = r"""
extends_documentation_fragment:
  - slipway.platform._box
  - slipway.platform._plan
"""

from ansible_collections.slipway.platform.plugins.module_utils._boxes.kms_keys.box import BOX
from ansible_collections.slipway.platform.plugins.module_utils._core.run import run


def main() -> None:
    run(BOX)


if __name__ == "__main__":
    main()

#!/usr/bin/python
# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: s3_buckets
short_description: S3 buckets of a platform
version_added: 0.1.0
description:
  - Makes the S3 buckets of a platform. Their names are C(<platform_name>-<account>-<region>-<use>).
  - Every bucket is versioned (unless told otherwise), encrypted, closed to the public, owned by the account alone (no
    ACLs), and refuses requests without TLS. Old versions and unfinished uploads are removed after some days.
  - Buckets of the platform that are not declared any more are deleted. One that holds objects, old versions or delete
    markers is refused unless its use is named in O(delete_objects) or it is declared with O(buckets[].log_delivery).
author:
  - Contributors to slipway.platform (@slipway-platform)
options:
  buckets:
    description:
      - The buckets.
    type: list
    elements: dict
    required: true
    suboptions:
      use:
        description:
          - What the bucket is for, the last part of its name.
        type: str
        required: true
      encryption:
        description:
          - V(kms) encrypts with O(buckets[].kms_key) and a bucket key, V(sse-s3) with keys of S3's.
        type: str
        choices: [kms, sse-s3]
        default: kms
      kms_key:
        description:
          - Use of a key of M(slipway.platform.kms_keys), or the ARN of another key.
          - Required with O(buckets[].encryption=kms).
        type: str
      versioning:
        description:
          - Whether S3 keeps old versions of objects.
        type: bool
        default: true
      logging_target:
        description:
          - Use of the bucket that takes this bucket's access logs, under C(s3/<use>/). It is declared with
            O(buckets[].log_delivery).
        type: str
      log_delivery:
        description:
          - Whether S3 and load balancers of this account may deliver their logs here, load balancers under
            C(load-balancers/).
          - Such a bucket takes V(sse-s3) only, logs to no other, and is emptied when it is deleted.
        type: bool
        default: false
      terraform_backend:
        description:
          - Whether Terraform keeps its state here. Objects that end in C(.tflock) can then be written conditionally
            only, so that nobody overwrites a lock. RV(backend) is the block to paste.
        type: bool
        default: false
      lifecycle:
        description:
          - When S3 removes what is not needed any more.
        type: dict
        default: {}
        suboptions:
          noncurrent_version_days:
            description:
              - Days after which an old version is removed.
            type: int
            default: 90
          incomplete_upload_days:
            description:
              - Days after which the parts of an unfinished upload are removed.
            type: int
            default: 7
          expiration_days:
            description:
              - Days after which objects expire. Never, if not set.
            type: int
  minimum_tls_version:
    description:
      - Oldest version of TLS that is accepted.
    type: str
    choices: ['1.2', '1.3']
    default: '1.2'
  delete_objects:
    description:
      - Uses of buckets that may be deleted with what they hold, all versions of it.
    type: list
    elements: str
    default: []
notes:
  - C(amazon.aws.s3_bucket) makes one bucket a task, has no check mode and no diff, and leaves logging and lifecycle
    to other modules, of which C(community.aws.s3_lifecycle) has no check mode either. None empties versions before a
    deletion.
extends_documentation_fragment:
  - slipway.platform._box
  - slipway.platform._attributes
  - slipway.platform._attributes.action_group
  - amazon.aws.common.modules
  - amazon.aws.region.modules
"""

EXAMPLES = r"""
- name: A bucket for the application, one for Terraform's state, and one for their logs
  slipway.platform.s3_buckets:
    platform_name: demo
    buckets:
      - use: logs
        encryption: sse-s3
        log_delivery: true
        lifecycle:
          expiration_days: 365
      - use: application
        kms_key: buckets
        logging_target: logs
      - use: terraform
        kms_key: buckets
        logging_target: logs
        terraform_backend: true
  register: buckets

- name: What to paste into Terraform's configuration
  ansible.builtin.debug:
    msg: "{{ buckets.backend }}"
"""

RETURN = r"""
buckets:
  description: Name and ARN of each declared bucket by its use, in check mode too.
  returned: success
  type: dict
  sample:
    application:
      name: demo-123456789012-eu-west-1-application
      arn: arn:aws:s3:::demo-123456789012-eu-west-1-application
backend:
  description: Terraform's C(backend) block for the bucket with O(buckets[].terraform_backend), in check mode too.
  returned: success
  type: str
extends_documentation_fragment:
  - slipway.platform._box
  - slipway.platform._plan
"""

from ansible_collections.slipway.platform.plugins.module_utils._boxes.s3_buckets.box import BOX
from ansible_collections.slipway.platform.plugins.module_utils._core.run import run


def main() -> None:
    run(BOX)


if __name__ == "__main__":
    main()

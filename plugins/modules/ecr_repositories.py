#!/usr/bin/python
# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ecr_repositories
short_description: ECR repositories of a platform
version_added: 0.1.0
description:
  - Makes the private ECR repositories of a platform. Their names are C(<platform_name>/<name>).
  - Tags never move, except C(sha256-*), under which cosign keeps signatures and attestations.
  - The lifecycle rules expire tags that begin with C(scratch-) and, only if told so, what has no tag. A tag with two
    dots, as every version has, is kept for ever. So no digest that a release manifest names ever expires.
  - Repositories of the platform that are not declared any more are deleted. One that holds images is refused unless it
    is named in O(delete_images).
author:
  - Contributors to slipway.platform (@slipway-platform)
options:
  repositories:
    description:
      - The repositories.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description:
          - Name of the repository, without the platform's.
        type: str
        required: true
      encryption:
        description:
          - V(kms) encrypts with O(repositories[].kms_key), V(aes256) with keys of S3's. AWS fixes it at creation.
        type: str
        choices: [kms, aes256]
        default: kms
      kms_key:
        description:
          - Use of a key of M(slipway.platform.kms_keys), or the ARN of another key.
          - Required with O(repositories[].encryption=kms).
        type: str
      scan_on_push:
        description:
          - Whether ECR scans what is pushed. Where the account's registry is set to enhanced scanning, that counts.
        type: bool
        default: true
      scratch_days:
        description:
          - Days after which images with a tag that begins with C(scratch-) expire, 1 to 3650. Images of releases stay
            even if they have such a tag.
        type: int
        default: 14
      untagged_days:
        description:
          - Days after which images without tag expire, 1 to 3650. By default they stay, since signatures and
            attestations can be among them.
        type: int
      pull_principals:
        description:
          - Accounts, by their ids, and roles and users, by their ARNs, that may pull. Those of the platform's own
            account need no mention if their IAM policies allow it.
        type: list
        elements: str
        default: []
      push_principals:
        description:
          - Those that may push and pull.
        type: list
        elements: str
        default: []
  delete_images:
    description:
      - Names of repositories that may be deleted with the images in them.
    type: list
    elements: str
    default: []
notes:
  - C(community.aws.ecs_ecr) makes one repository a task, fails in check mode for a new one, and knows no exclusions
    from immutable tags.
extends_documentation_fragment:
  - slipway.platform._box
  - slipway.platform._attributes
  - slipway.platform._attributes.action_group
  - amazon.aws.common.modules
  - amazon.aws.region.modules
"""

EXAMPLES = r"""
- name: A repository for the application's images
  slipway.platform.ecr_repositories:
    platform_name: demo
    repositories:
      - name: app
        kms_key: images
        pull_principals: ["210987654321"]
"""

RETURN = r"""
repositories:
  description:
    - Name of each declared repository to what M(slipway.platform.image_release) takes as registry, the same before it
      is made.
  returned: success
  type: dict
  contains:
    kind:
      description: V(ecr).
      type: str
    host:
      description: Host of the registry.
      type: str
    repository:
      description: Path of the repository.
      type: str
extends_documentation_fragment:
  - slipway.platform._box
  - slipway.platform._plan
"""

from ansible_collections.slipway.platform.plugins.module_utils._boxes.ecr_repositories.box import BOX
from ansible_collections.slipway.platform.plugins.module_utils._core.run import run


def main() -> None:
    run(BOX)


if __name__ == "__main__":
    main()

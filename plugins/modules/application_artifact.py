#!/usr/bin/python
# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: application_artifact
short_description: Claims a version of an application and puts its artifact into a bucket
version_added: 0.1.0
description:
  - Claims a version for a commit and puts the compiled application beside the claim, each by a conditional write. Of
    two commits that want one version, exactly one gets it.
  - Nothing is ever written over. A second run for the same commit and the same bytes is unchanged, and what an
    interrupted run left out is written.
  - Keys begin with C(applications/<application>/<version>/). The claim is C(claim.json), the artifact
    C(<application>-<version>-linux-<architecture>.tar.gz), and C(<artifact>.sha256) holds its checksum.
author:
  - Contributors to slipway.platform (@slipway-platform)
requirements:
  - semver >= 3.0 (Python)
options:
  application:
    description:
      - Name of the application, 1 to 40 lower-case letters, digits and single hyphens, beginning with a letter.
    type: str
    required: true
  version:
    description:
      - Semantic version that is claimed, at most 100 characters.
    type: str
    required: true
  commit:
    description:
      - Full hash of the commit that the artifact was compiled from.
    type: str
    required: true
  artifacts:
    description:
      - The artifacts, one for each architecture. Either this or O(directory) is needed.
    type: list
    elements: dict
    default: []
    suboptions:
      architecture:
        description:
          - Architecture of the programs in it.
        type: str
        choices: [amd64, arm64]
        default: amd64
      path:
        description:
          - A tar archive compressed by gzip, with what belongs below C(/opt/<application>/). It holds files, folders
            and symbolic links, none of them setuid or leading out of it.
          - The same commit must always give the same bytes (sorted entries, time of the commit, owner 0).
        type: path
        required: true
  directory:
    description:
      - Folder that holds an artifact for each of O(architectures), under the name that it has in the bucket.
    type: path
  architectures:
    description:
      - Architectures of the artifacts in O(directory).
    type: list
    elements: str
    choices: [amd64, arm64]
    default: [amd64]
attributes:
  idempotent:
    description: A second run with the same commit and the same bytes writes nothing.
    support: full
seealso:
  - module: slipway.platform.semver_tag
extends_documentation_fragment:
  - slipway.platform._application_bucket
  - slipway.platform._attributes
  - amazon.aws.common.modules
  - amazon.aws.region.modules
"""

EXAMPLES = r"""
- name: Claim the version and keep what was compiled
  slipway.platform.application_artifact:
    platform_name: demo
    application: app
    version: "{{ version.version }}"
    commit: "{{ version.commit }}"
    artifacts:
      - path: dist/app-linux-amd64.tar.gz
      - architecture: arm64
        path: dist/app-linux-arm64.tar.gz
"""

RETURN = r"""
bucket:
  description: Name of the bucket.
  returned: success
  type: str
application:
  description: Name of the application.
  returned: success
  type: str
version:
  description: The version.
  returned: success
  type: str
commit:
  description: The commit that has the version.
  returned: success
  type: str
claim:
  description: Key of the claim.
  returned: success
  type: str
  sample: applications/app/1.3.0/claim.json
artifacts:
  description: The artifacts, the same before they are written.
  returned: success
  type: list
  elements: dict
  contains:
    architecture:
      description: Architecture.
      type: str
    key:
      description: Key in the bucket.
      type: str
    sha256:
      description: Checksum, in hexadecimal digits.
      type: str
    size:
      description: Bytes.
      type: int
extends_documentation_fragment:
  - slipway.platform._plan
"""

from typing import Any

from ansible_collections.slipway.platform.plugins.module_utils._aws.client import Api
from ansible_collections.slipway.platform.plugins.module_utils._aws.provider import AWS
from ansible_collections.slipway.platform.plugins.module_utils._core.main import run_on
from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Outcome
from ansible_collections.slipway.platform.plugins.module_utils._pipeline.application_artifact.options import OPTIONS
from ansible_collections.slipway.platform.plugins.module_utils._pipeline.application_artifact.run import Runner
from ansible_collections.slipway.platform.plugins.module_utils._pipeline.application_bucket import named
from ansible_collections.slipway.platform.plugins.module_utils._pipeline.semver_tag.versions import Version


def step(module: Any, options: dict[str, Any], api: Api) -> Outcome:
    return Runner(named(options, api), api, check_mode=module.check_mode).run()


def main() -> None:
    run_on(AWS, OPTIONS, step, "Putting version {version} of '{application}'".format_map, semver=Version)


if __name__ == "__main__":
    main()

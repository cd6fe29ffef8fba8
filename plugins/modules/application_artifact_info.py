#!/usr/bin/python
# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: application_artifact_info
short_description: Versions of an application that commits have claimed in a bucket
version_added: 0.1.0
description:
  - Reads the claims that M(slipway.platform.application_artifact) has written. A version that another commit has
    claimed without a tag has to be passed over, see O(slipway.platform.semver_tag#module:claimed_versions).
  - A bucket that does not exist yet holds no claim.
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
  after:
    description:
      - Only claims of versions with a higher precedence are returned. By default all are.
    type: str
  except_commit:
    description:
      - Full hash of a commit whose own claims are left out.
    type: str
attributes:
  check_mode:
    description: Nothing is ever written.
    support: full
  diff_mode:
    description: Nothing is ever written.
    support: none
  idempotent:
    description: Nothing is ever written.
    support: full
seealso:
  - module: slipway.platform.application_artifact
  - module: slipway.platform.semver_tag
extends_documentation_fragment:
  - slipway.platform._application_bucket
  - slipway.platform._attributes
  - amazon.aws.common.modules
  - amazon.aws.region.modules
"""

EXAMPLES = r"""
- name: Versions that are claimed and not tagged yet
  slipway.platform.application_artifact_info:
    bucket: demo-123456789012-eu-west-1-application
    application: app
    after: 1.2.4
  register: claimed
"""

RETURN = r"""
versions:
  description: The claimed versions alone.
  returned: success
  type: list
  elements: str
claims:
  description: The claims, in the order of their keys.
  returned: success
  type: list
  elements: dict
  contains:
    version:
      description: The version.
      type: str
    commit:
      description: Full hash of the commit that has it.
      type: str
"""

from typing import Any

from ansible_collections.slipway.platform.plugins.module_utils._aws.client import Api
from ansible_collections.slipway.platform.plugins.module_utils._aws.provider import AWS
from ansible_collections.slipway.platform.plugins.module_utils._core.main import run_on
from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Outcome, Plan
from ansible_collections.slipway.platform.plugins.module_utils._pipeline.application_artifact.claims import (
    OPTIONS,
    read,
)
from ansible_collections.slipway.platform.plugins.module_utils._pipeline.application_bucket import named
from ansible_collections.slipway.platform.plugins.module_utils._pipeline.semver_tag.versions import Version


def step(module: Any, options: dict[str, Any], api: Api) -> Outcome:
    claims = read(named(options, api), api)
    return Outcome(Plan(), {"claims": claims, "versions": [claim["version"] for claim in claims]})


def main() -> None:
    run_on(AWS, OPTIONS, step, "Reading claims of '{application}' in the bucket".format_map, semver=Version)


if __name__ == "__main__":
    main()

# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation that every module of a box shares. Private."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  state:
    description:
      - V(present) makes what is declared stand, V(absent) deletes all of it.
    type: str
    choices: [present, absent]
    default: present
  platform_name:
    description:
      - Name of the platform, 2 to 20 lower-case letters, digits and single hyphens, beginning with a letter.
      - Everything that is made carries it as the value of the tag C(slipway:platform). What carries it belongs to the
        platform, and nothing else is ever changed or deleted.
    type: str
    required: true
  account_id:
    description:
      - The AWS account that the platform belongs to, 12 digits in quotes. Credentials of any other account are refused.
    type: str
  confirmation:
    description:
      - The name of the platform that is to be destroyed, as the user confirmed it. Where this is set, even to an empty
        text, nothing but O(platform_name) is allowed.
    type: str
  environment:
    description:
      - Value of the tag C(Environment) of everything that is made.
    type: str
  owner:
    description:
      - Value of the tag C(Owner) of everything that is made.
    type: str
  cost_center:
    description:
      - Value of the tag C(CostCenter) of everything that is made.
    type: str
  tags:
    description:
      - Descriptive tags of everything that is made, at most 40.
    type: dict
    default: {}
  ignore_tags:
    description:
      - Beginnings of keys of tags that somebody else sets. Tags with such keys, and those that AWS and Kubernetes
        controllers set, are left alone; other tags that are not declared are removed.
    type: list
    elements: str
    default: []
  adopt:
    description:
      - Whether a resource that carries a declared name, but not the tag C(slipway:platform), is taken over.
        If V(false), it is refused.
    type: bool
    default: false
  known:
    description:
      - Names and identifiers that earlier tasks of the same run returned as RV(ignore:known).
      - On a local connection this is filled in and carried on by itself. Elsewhere, pass on what the task before
        returned.
    type: dict
    default: {}
"""

    RETURN = r"""
known:
  description:
    - Names and identifiers for later tasks, see O(known).
  returned: success
  type: dict
"""

# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation that every module of a box shares. Private."""

from __future__ import annotations

_STATE = """
options:
  state:
    description:
      - V(present) makes what is declared stand, V(absent) deletes all of it.
    type: str
    choices: [present, absent]
    default: present
  account_id:
    description:
      - The AWS account that the platform belongs to, 12 digits in quotes. Credentials of any other account are refused.
    type: str
  confirmation:
    description:
      - The name of the platform that is to be destroyed, as the user confirmed it. Where this is set, even to an empty
        text, nothing but O(platform_name) is allowed.
    type: str
  known:
    description:
      - Names and identifiers that earlier tasks of the same run returned as RV(ignore:known).
      - On a local connection this is filled in and carried on by itself. Elsewhere, pass on what the task before
        returned.
    type: dict
    default: {}
"""

_TAGS = """\
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
"""

_FORCE = """\
  force_conflicts:
    description:
      - Whether fields that another field manager has applied are taken over. If V(false), the manager and the field are
        named and nothing is written.
      - What was set by hand, with C(kubectl edit), C(label), C(annotate) or C(patch), is undone in any case.
    type: bool
    default: false
"""


def _identity(mark: str) -> str:
    """How it is known whose a resource is.

    :param mark: the tag or label.
    """
    return f"""\
  platform_name:
    description:
      - Name of the platform, 2 to 20 lower-case letters, digits and single hyphens, beginning with a letter.
      - Everything that is made carries it as the value of the {mark}. What carries it belongs to the
        platform, and nothing else is ever changed or deleted.
    type: str
    required: true
  adopt:
    description:
      - Whether a resource that carries a declared name, but not the {mark}, is taken over.
        If V(false), it is refused.
    type: bool
    default: false
"""


class ModuleDocFragment:
    """Annotated, since ansible-test takes what is plainly assigned here for a text."""

    DOCUMENTATION: str = _STATE + _identity("tag C(slipway:platform)") + _TAGS
    KUBERNETES: str = _STATE + _identity("label C(slipway.platform/platform)") + _FORCE

    RETURN = r"""
known:
  description:
    - Names and identifiers for later tasks, see O(known).
  returned: success
  type: dict
"""

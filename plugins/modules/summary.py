#!/usr/bin/python
# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: summary
short_description: Says what a run did to a platform
version_added: 0.1.0
description:
  - The last task of every play, also of one that failed. It prints a few lines for each host, how much was created,
    updated, replaced and deleted, what rolled nodes or interrupted what runs, and the seconds of each layer. A check
    run says what a run would do.
  - It counts what the tasks before it returned as RV(ignore:changes), reads nothing and writes nothing.
author:
  - Contributors to slipway.platform (@slipway-platform)
options:
  tasks:
    description:
      - What the tasks before it did. Filled in on a local connection.
    type: list
    elements: dict
    default: []
    suboptions:
      layer:
        description: The role of the task, or C(validation).
        type: str
        required: true
      seconds:
        description: How long it took.
        type: float
        required: true
      changes:
        description: Its changes, each with C(kind), C(name), C(action) and C(effect).
        type: list
        elements: dict
        default: []
      left:
        description: How many changes a failure left undone.
        type: int
        default: 0
attributes:
  check_mode:
    description: It counts what the tasks of the check run planned.
    support: full
  diff_mode:
    description: It changes nothing.
    support: none
  idempotent:
    description: It changes nothing.
    support: full
extends_documentation_fragment:
  - slipway.platform._attributes
"""

EXAMPLES = r"""
- name: Platform
  hosts: all
  gather_facts: false
  tasks:
    - name: Layers
      block:
        - name: Network
          ansible.builtin.import_role:
            name: slipway.platform.vpc
      always:
        - name: Summary
          slipway.platform.summary:
          tags: [always]
"""

RETURN = r"""
created:
  description: How many resources were created.
  returned: success
  type: int
replaced:
  description: How many resources were replaced by new ones.
  returned: success
  type: int
deleted:
  description: How many resources were deleted.
  returned: success
  type: int
updated:
  description: How many resources were changed in place.
  returned: success
  type: int
left:
  description: How many changes a failure left undone.
  returned: success
  type: int
rolls_nodes:
  description: What rolls nodes, in words.
  returned: success
  type: list
  elements: str
interrupts:
  description: What interrupts what runs, in words.
  returned: success
  type: list
  elements: str
seconds:
  description: Seconds of each layer.
  returned: success
  type: dict
  sample: {validation: 0.4, vpc: 2.1}
"""

from typing import Any

from ansible_collections.slipway.platform.plugins.module_utils._core.main import run
from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Outcome, Plan
from ansible_collections.slipway.platform.plugins.module_utils._core.report import OPTIONS, summary


def step(module: Any, options: dict[str, Any]) -> Outcome:
    return Outcome(Plan(), summary(options["tasks"]))


def main() -> None:
    run(OPTIONS, step)


if __name__ == "__main__":
    main()

# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every module that plans returns. Private."""

from __future__ import annotations


class ModuleDocFragment:
    RETURN = r"""
changes:
  description:
    - The planned changes, the same in check mode as in the run that makes them. Resources and references stand by their
      declared names.
  returned: success
  type: list
  elements: dict
  contains:
    kind:
      description: Kind of the resource.
      type: str
    name:
      description: Declared name of the resource.
      type: str
    action:
      description: V(create), V(update), V(replace) or V(delete).
      type: str
    effect:
      description: What the change does to what runs, V(none), V(rolls_nodes) or V(interrupts).
      type: str
    fields:
      description: Attributes that change, each with C(path), C(before) and C(after).
      type: list
      elements: dict
changes_done:
  description:
    - Changes that were made before the one that failed.
  returned: when a change failed
  type: list
  elements: dict
changes_left:
  description:
    - Changes that are left, the failed one first.
  returned: when a change failed
  type: list
  elements: dict
"""

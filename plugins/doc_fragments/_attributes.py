# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every module of the collection promises. Private."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
attributes:
  check_mode:
    description: The plan is made and returned, nothing is written.
    support: full
  diff_mode:
    description: The plan is returned in words, a line for each resource and for each attribute that changes.
    support: full
  idempotent:
    description: A second run with the same options has an empty plan and writes nothing.
    support: full
"""

    ACTION_GROUP = r"""
attributes:
  action_group:
    description: Options that all modules of the group share can be given once by C(module_defaults).
    support: full
    membership:
      - slipway.platform.platform
"""

# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from ansible_collections.slipway.platform.plugins.module_utils._core.report import summary_lines
from ansible_collections.slipway.platform.plugins.plugin_utils._in_process import DONE, StepAction, speak


class ActionModule(StepAction):
    """Runs the module of the same name on what the tasks before it did, and prints its answer.

    Coloured where Ansible colours, plain in AWX and in files.
    """

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result = super().run(tmp, task_vars)
        if not result.get("failed"):
            name = str((task_vars or {}).get("inventory_hostname"))
            color = "red" if result["left"] else "yellow" if result["rolls_nodes"] or result["interrupts"] else "green"
            for line in summary_lines(name, result, check_mode=self._task.check_mode):
                speak(line, color)
        return result

    def _arguments(self, variables: dict[str, Any]) -> dict[str, Any]:
        return {"tasks": variables.get(DONE, []), **super()._arguments(variables)}

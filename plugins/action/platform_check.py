# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from importlib import import_module
from typing import Any

from ansible_collections.slipway.platform.plugins.module_utils._core.options import checked
from ansible_collections.slipway.platform.plugins.module_utils._platform_check import steps
from ansible_collections.slipway.platform.plugins.module_utils._platform_check import variables as names
from ansible_collections.slipway.platform.plugins.plugin_utils._in_process import BoxAction
from ansible_collections.slipway.platform.plugins.plugin_utils._role import Roles

import_module("ansible_collections.slipway.platform.plugins.modules.platform_check")  # before workers are forked


class ActionModule(BoxAction):
    """Collects what the selected roles declare and runs the module of the same name on it.

    Of a role that is not enabled nothing counts but its switch, of one that is to be absent what its tasks name.
    """

    def _arguments(self, variables: dict[str, Any]) -> dict[str, Any]:
        roles = Roles(self._loader, self._templar, variables, self._task.module_defaults or ())
        options = {name: roles.options(name) for name in roles.names}
        known = {*names.SHARED, *(key for each in options.values() for key in each)}
        names.refuse_unknown(variables, known, roles.names)
        selected = [name for name in self._task.args["roles"] if name in options and self._selected(name, variables)]
        checked(names.SHARED, roles.values(names.SHARED))
        switches = {key: options[name][key] for name in selected if (key := f"{name}_enabled") in options[name]}
        on = checked(switches, roles.values(switches))
        enabled = [name for name in selected if on.get(f"{name}_enabled", True)]
        states = {key: options[name][key] for name in enabled if (key := f"{name}_state") in options[name]}
        state = checked(states, roles.values(states))
        absent = {name: list(roles.calls(name)) for name in enabled if state.get(f"{name}_state") == "absent"}
        named = {variable for calls in absent.values() for call in calls for variable in call["sources"].values()}
        wanted = {
            **names.SHARED,
            **{
                key: option
                for name in enabled
                for key, option in options[name].items()
                if name not in absent or key in named
            },
        }
        values = checked(wanted, roles.values(wanted))
        calls = [call for name in enabled for call in (absent[name] if name in absent else roles.calls(name))]
        steps.check([call for call in calls if call["module"] in steps.STEPS])
        boxes = [call for call in calls if call["module"] not in steps.STEPS]
        return {**super()._arguments(variables), "platform_name": values.get("platform_name"), "declared": boxes}

    @staticmethod
    def _selected(role: str, variables: dict[str, Any]) -> bool:
        """Whether the run's tags select a role: its own tag, one of its parts (`dns_records`), or no tags at all."""
        wanted, skipped = variables.get("ansible_run_tags", ["all"]), variables.get("ansible_skip_tags", [])
        named = any(tag in ("all", "tagged", role) or tag.startswith(f"{role}_") for tag in wanted)
        return named and role not in skipped

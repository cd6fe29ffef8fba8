# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs our modules inside the controller's worker on local connections, and carries `known` from task to task."""

from __future__ import annotations

import gc
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import Any

from ansible import constants as C  # noqa: N812 - as Ansible itself has it
from ansible.module_utils import basic
from ansible.module_utils.common.json import Direction, get_module_encoder
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.slipway.platform.plugins.module_utils._aws.client import warm
from ansible_collections.slipway.platform.plugins.module_utils._core import main as _main
from ansible_collections.slipway.platform.plugins.module_utils._core import parent, report
from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Refusal

KNOWN = "__slipway_known"
"""Host variable that carries names and identifiers from task to task; gone when the run ends, never a cached fact."""

DONE = "__slipway_done"
"""Host variable that carries what each task did to the module `summary`."""

gc.disable()  # the collector would look through what is being loaded again and again
warm()
for name in ("_aws.provider", "_core.run"):  # what every box imports
    import_module(f"ansible_collections.slipway.platform.plugins.module_utils.{name}")
gc.freeze()  # and in forked workers it would copy the pages of all that
gc.enable()


def speak(text: str, color: str | None = None) -> None:
    """A line between the callback's own; on standard error where the callback writes JSON, which others parse."""
    Display().display(text, color=color, stderr="json" in C.DEFAULT_STDOUT_CALLBACK)


class StepAction(ActionBase):
    """Action of every module of ours."""

    _supports_check_mode = True
    _supports_diff = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        parent.hold()
        variables = task_vars or {}
        super().run(tmp, variables)
        try:
            arguments = self._arguments(variables)
        except Refusal as refusal:
            return {"failed": True, "msg": str(refusal)}
        started = time.monotonic()
        if self._in_process(variables):
            result = self._run_here(arguments, variables)
        else:
            result = self._execute_module(module_args=arguments, task_vars=variables)
        layer = self._task._role.get_name(include_role_fqcn=False) if self._task._role else "validation"
        done = report.entry(layer, time.monotonic() - started, result)
        carried = {KNOWN: result["known"]} if isinstance(result.get("known"), dict) else {}
        self.register_host_variables({**carried, DONE: [*variables.get(DONE, []), done]})
        return result

    def _arguments(self, variables: dict[str, Any]) -> dict[str, Any]:
        """The module's options; Refusal for an input that is wrong."""
        return dict(self._task.args)

    def _in_process(self, variables: dict[str, Any]) -> bool:
        wanted = self._templar.template(variables.get("slipway_in_process", True))
        return (
            boolean(wanted)
            and self._connection.transport == "local"
            and not self._task.async_val
            and not self._play_context.become
            and hasattr(basic.AnsibleModule, "_record_module_result")
        )

    def _run_here(self, arguments: dict[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
        name = self._task.resolved_action
        self._update_module_args(name, arguments, variables)
        encoder = get_module_encoder("legacy", Direction.CONTROLLER_TO_MODULE)
        payload = json.dumps({"ANSIBLE_MODULE_ARGS": arguments}, cls=encoder).encode()
        namespace, collection, short = name.split(".")
        module = import_module(f"ansible_collections.{namespace}.{collection}.plugins.modules.{short}")
        results: list[dict[str, Any]] = []
        host = str(variables.get("inventory_hostname"))
        with self._as_module(payload, results, host), self._environment(), suppress(SystemExit):
            module.main()
        return results[0]

    @contextmanager
    def _as_module(self, payload: bytes, results: list[dict[str, Any]], host: str) -> Iterator[None]:
        """AnsibleModule takes its arguments from here and leaves its result here; all is put back afterwards."""
        saved = (basic._ANSIBLE_ARGS, basic._ANSIBLE_PROFILE, basic.AnsibleModule._record_module_result, _main.say)
        basic._ANSIBLE_ARGS, basic._ANSIBLE_PROFILE = payload, "legacy"
        basic.AnsibleModule._record_module_result = lambda module, result: results.append(result)
        _main.say = lambda text: speak(f"[{host}] {text}")
        try:
            yield
        finally:
            basic._ANSIBLE_ARGS, basic._ANSIBLE_PROFILE, basic.AnsibleModule._record_module_result, _main.say = saved

    @contextmanager
    def _environment(self) -> Iterator[None]:
        """The task's `environment`, for as long as the module runs."""
        saved = dict(os.environ)
        for entry in self._task.environment or []:
            os.environ.update({key: str(value) for key, value in (self._templar.template(entry) or {}).items()})
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(saved)


class BoxAction(StepAction):
    """Action of every module of a box: it takes and returns what is known."""

    def _arguments(self, variables: dict[str, Any]) -> dict[str, Any]:
        return {"known": variables.get(KNOWN, {}), **super()._arguments(variables)}

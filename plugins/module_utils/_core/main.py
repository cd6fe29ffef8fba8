# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A module's `main()`: options in; `changed`, `changes`, `diff` and an answer, or one sentence, out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from . import report
from .apply import ApplyFailure
from .known import Known
from .options import Options
from .plan import Impossible, Outcome, Plan, Refusal
from .provider import Connection, Failure, Provider
from .wait import WaitFailed


def say(text: str) -> None:
    """Prints a line of progress; the action plugin puts Ansible's display here."""


def run(options: Options, step: Callable[[Any, dict[str, Any]], Outcome], **libraries: object) -> None:
    """The `main()` of a module that asks no API of a provider's.

    :param step: takes the AnsibleModule and its options.
    :param libraries: Python packages that are needed -> something that is None or False where they are missing.
    """
    _run(AnsibleModule(argument_spec=options, supports_check_mode=True), options, step, libraries)


def run_on(
    provider: Provider,
    options: Options,
    step: Callable[[Any, dict[str, Any], Connection], Outcome],
    doing: Callable[[dict[str, Any]], str],
    **libraries: object,
) -> None:
    """The `main()` of a module that asks the API of a provider.

    :param step: takes the AnsibleModule, the options and the connection.
    :param doing: (options) -> what an error of the API's interrupts, such as "Releasing version 1.2.3".
    """

    def asked(module: Any, values: dict[str, Any]) -> Outcome:
        try:
            return step(module, values, provider.connect(module, say))
        except provider.errors as error:
            raise provider.failure(doing(values), error, Known()) from error

    _run(provider.module(options), options, asked, {**provider.libraries, **libraries})


def _run(
    module: Any, options: Options, step: Callable[[Any, dict[str, Any]], Outcome], libraries: dict[str, object]
) -> None:
    for name, found in libraries.items():
        if not found:
            module.fail_json(msg=missing_required_lib(name))
    try:
        outcome = step(module, {name: module.params[name] for name in options})
    except Impossible as error:
        module.fail_json(msg=str(error), **error.answer)
    except (Refusal, Failure, WaitFailed) as error:
        module.fail_json(msg=str(error))
    except ApplyFailure as error:
        done, left = (Plan(tuple(changes)).as_list() for changes in (error.done, error.left))
        module.fail_json(msg=str(error), changes_done=done, changes_left=left)
    for warning in outcome.warnings:
        module.warn(warning)
    plan = outcome.plan
    known = {} if outcome.known is None else {"known": outcome.known}
    answer = {"changed": bool(plan), "changes": plan.as_list(), "diff": report.diff(plan), **known, **outcome.answer}
    if outcome.failure is not None:
        module.fail_json(msg=outcome.failure, **answer)
    module.exit_json(**answer)

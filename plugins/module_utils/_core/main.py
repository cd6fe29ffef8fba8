# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A module's `main()`: options in; `changed`, `changes`, `diff` and an answer, or one sentence, out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from .._aws.client import Api, AwsFailure, BotoCoreError, ClientError, failure
from . import report
from .apply import ApplyFailure
from .options import Options
from .plan import Impossible, Outcome, Plan, Refusal
from .wait import WaitFailed


def run(options: Options, step: Callable[[Any, dict[str, Any]], Outcome], **libraries: object) -> None:
    """The `main()` of a module that does not ask AWS.

    :param step: takes the AnsibleModule and its options.
    :param libraries: Python packages that are needed -> something that is None or False where they are missing.
    """
    module = AnsibleModule(argument_spec=options, supports_check_mode=True)
    _run(module, options, partial(step, module), libraries)


def run_on_aws(
    options: Options,
    step: Callable[[Any, dict[str, Any], Api], Outcome],
    doing: str,
    speak: Callable[[str], None] = lambda text: None,
    **libraries: object,
) -> None:
    """The `main()` of a module that asks AWS.

    :param step: takes the AnsibleAWSModule, the options and AWS.
    :param doing: what an error of AWS's interrupts, such as "Releasing version {version}"; options stand in braces.
    :param speak: prints a line of progress.
    """
    module = AnsibleAWSModule(argument_spec=options, supports_check_mode=True)

    def asked(values: dict[str, Any]) -> Outcome:
        try:
            return step(module, values, Api.of(module, speak))
        except (ClientError, BotoCoreError) as error:
            raise failure(doing.format_map(values), error) from error

    _run(module, options, asked, libraries)


def _run(
    module: Any, options: Options, step: Callable[[dict[str, Any]], Outcome], libraries: Mapping[str, object]
) -> None:
    for name, found in libraries.items():
        if not found:
            module.fail_json(msg=missing_required_lib(name))
    try:
        outcome = step({name: module.params[name] for name in options})
    except Impossible as error:
        module.fail_json(msg=str(error), **error.answer)
    except (Refusal, AwsFailure, WaitFailed) as error:
        module.fail_json(msg=str(error))
    except ApplyFailure as error:
        done, left = (Plan(tuple(changes)).as_list() for changes in (error.done, error.left))
        module.fail_json(msg=str(error), changes_done=done, changes_left=left)
    for warning in outcome.warnings:
        module.warn(warning)
    plan = outcome.plan
    answer = {"changed": bool(plan), "changes": plan.as_list(), "diff": report.diff(plan), **outcome.answer}
    if outcome.failure is not None:
        module.fail_json(msg=outcome.failure, **answer)
    module.exit_json(**answer)

# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module's `main()`: options in, facts of the account out."""

from __future__ import annotations

import os

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from .._aws.client import Api
from .._core.known import Known
from .._core.plan import Impossible, Refusal
from .._core.provider import Failure
from . import model
from .check import check


def run() -> None:
    module = AnsibleAWSModule(argument_spec=model.OPTIONS, supports_check_mode=True)
    options = {name: module.params[name] for name in model.OPTIONS}
    given = module.params.get("region")
    from_environment = given and given in (os.environ.get("AWS_REGION"), os.environ.get("AWS_DEFAULT_REGION"))
    region_option = "AWS_REGION" if from_environment else "platform_region"
    try:
        account = check(options, lambda: Api.of(module, print), region_option)
    except (Refusal, Impossible, Failure) as error:
        module.fail_json(msg=str(error))
    known = Known(options["known"])
    known.account = account.as_dict()
    module.exit_json(changed=False, known=known.as_dict())

# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""AWS as the engine sees it: whose resources are whose, facts of the account, names, errors in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Set
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from .._core.known import Known
from .._core.options import Options, check_confirmation
from .._core.plan import Found, Observed, Ref, Value
from .._core.provider import Failure, Provider
from . import account, client, patience, tags
from .account import Account
from .client import Api
from .names import platform_name

OPTIONS: dict[str, dict[str, Any]] = {
    "platform_name": {"type": "str", "required": True},
    "account_id": {"type": "str"},
    "confirmation": {"type": "str"},
    "environment": {"type": "str"},
    "owner": {"type": "str"},
    "cost_center": {"type": "str"},
    "tags": {"type": "dict", "default": {}},
    "ignore_tags": {"type": "list", "elements": "str", "default": []},
    "adopt": {"type": "bool", "default": False},
}
"""Options of every box on AWS (doc fragment `slipway.platform._box`)."""


def check_platform(params: Mapping[str, Value]) -> None:
    """Refusal for what cannot be the platform's name or account, or for another confirmation."""
    platform = platform_name("platform_name", params["platform_name"])
    account.check_id("account_id", params["account_id"])
    check_confirmation("confirmation", params["confirmation"], platform)


class _Aws(Provider):
    name = "AWS"
    options: Options = OPTIONS
    errors = (client.ClientError, client.BotoCoreError)

    def module(self, options: Options) -> Any:
        return AnsibleAWSModule(argument_spec=options, supports_check_mode=True)

    def connect(self, module: Any, say: Callable[[str], None]) -> Api:
        return Api.of(module, say)

    def subject(self, name: str, params: Mapping[str, Value]) -> str:
        return f"{name} of platform '{params['platform_name']}'"

    def prepared(self, params: Mapping[str, Value]) -> dict[str, Value]:
        """The platform's name, the account and the confirmation are checked; `tags` become all descriptive tags."""
        check_platform(params)
        return {**params, "tags": tags.described(params)}

    def facts(
        self, connection: Api, known: Known, params: Mapping[str, Value], wanted: Mapping[str, Iterable[str]]
    ) -> Account:
        """Refusal where the credentials belong to another account than `account_id`."""
        connection.reached = connection.reached or bool(known.account)
        found = account.read(connection, known.account, wanted)
        account.check_owner("account_id", params.get("account_id"), found)
        known.account = found.as_dict()
        return found

    def belonging(self, observed: Observed, declared: Set[Ref], params: Mapping[str, Value]) -> dict[Ref, Found]:
        return tags.belonging(observed, declared, params["platform_name"], adopt=params["adopt"])

    def ignored(self, params: Mapping[str, Value]) -> tuple[str, ...]:
        return (*tags.FOREIGN, *params["ignore_tags"])

    def failure(self, doing: str, error: Exception, known: Known) -> Failure:
        return client.failure(doing, error, str(known.account.get("caller", "the caller")))

    def unseen(self, error: Exception) -> bool:
        return client.unseen(error)

    def in_use(self, error: Exception) -> bool:
        return patience.in_use(error)


AWS = _Aws()

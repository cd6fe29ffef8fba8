# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads the account and has every box validate what the roles declare; nothing is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .._aws import account as _account
from .._aws.account import Account
from .._aws.client import Api, BotoCoreError, ClientError, failure
from .._aws.names import platform_name
from .._core.options import check_confirmation, checked
from .._core.plan import Refusal
from . import model
from .region import check_region, not_enabled
from .rules import RULES, Specs


def check(params: Mapping[str, Any], api: Callable[[], Api], region_option: str) -> Account:
    """The account's facts, or Refusal, Impossible or AwsFailure for the first thing that is wrong.

    :param params: options of the module `platform_check`.
    :param api: opens the connection, once all that needs none has passed.
    :param region_option: the name under which the user knows the region.
    """
    params = checked(model.OPTIONS, params)
    calls = model.declared(params["declared"])
    platform = platform_name("platform_name", params["platform_name"])
    _account.check_id("platform_account_id", params["account_id"])
    check_confirmation("destroy_confirm", params["confirmation"], platform)
    connection = api()
    check_region(region_option, connection.region)
    facts = {fact for call in calls for fact in call.box.facts}
    types = {name for call in calls for name in call.box.instance_types(call.options)}
    try:
        account = _account.read(connection, params["known"].get("account", {}), facts, types)
    except (ClientError, BotoCoreError) as error:
        refusal = not_enabled(region_option, connection.region, error)
        raise refusal or failure(f"Reading the account of platform '{platform}'", error) from error
    _account.check_owner("platform_account_id", params["account_id"], account)
    specs = []
    for call in calls:
        try:
            specs.append((call, call.box.parse(call.options, account)))
        except Refusal as refusal:
            raise call.renamed(refusal) from refusal
    for rule in RULES:
        rule(Specs(specs, account))
    return account

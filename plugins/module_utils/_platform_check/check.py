# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads the account and has every box validate what the roles declare; nothing is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .._aws import account as _account
from .._aws.account import Account
from .._aws.client import Api
from .._aws.names import platform_name
from .._aws.provider import AWS
from .._core.known import Known
from .._core.options import check_confirmation, checked
from .._core.plan import Refusal
from . import model
from .region import check_region, not_enabled
from .rules import RULES, Specs


def check(params: Mapping[str, Any], api: Callable[[], Api], region_option: str) -> Account:
    """The account's facts, or Refusal, Impossible or Failure for the first thing that is wrong.

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
    wanted: dict[str, set[str]] = {}
    for call in calls:
        for fact, asked in call.box.facts(call.options).items():
            wanted.setdefault(fact, set()).update(asked)
    known = Known(params["known"])
    try:
        account = AWS.facts(connection, known, {}, wanted)
    except AWS.errors as error:
        refusal = not_enabled(region_option, connection.region, error)
        raise refusal or AWS.failure(f"Reading the account of platform '{platform}'", error, known) from error
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

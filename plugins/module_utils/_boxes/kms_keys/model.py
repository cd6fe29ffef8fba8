# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of `kms_keys` and what they declare. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..._aws.account import Account
from ..._core.plan import Refusal, Value

_USE = re.compile(r"[A-Za-z0-9/_-]{1,200}")
USERS = ("autoscaling", "eks", "logs", "s3")
"""AWS services that a key can be opened to."""

OPTIONS: dict[str, dict[str, Any]] = {
    "keys": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "no_log": False,
        "options": {
            "use": {"type": "str", "required": True},
            "description": {"type": "str", "required": True},
            "services": {"type": "list", "elements": "str", "choices": list(USERS), "default": []},
        },
    },
    "deletion_window_in_days": {"type": "int", "default": 30},
}


@dataclass(frozen=True)
class Key:
    """:param name: alias without `alias/`: `<platform>-<use>`."""

    name: str
    description: str
    services: tuple[str, ...]


@dataclass(frozen=True)
class KmsKeys:
    platform: str
    tags: Mapping[str, str]
    account: Account
    keys: tuple[Key, ...]
    deletion_window_in_days: int
    absent: bool


def parse(params: Mapping[str, Value], account: Account) -> KmsKeys:
    platform = params["platform_name"]
    keys: list[Key] = []
    for position, entry in enumerate(params["keys"]):
        name = f"{platform}-{entry['use']}"
        if not _USE.fullmatch(entry["use"]):
            raise Refusal(f"keys[{position}].use", entry["use"], "1 to 200 letters, digits and /_- are allowed")
        if len(entry["description"]) > 8192:
            raise Refusal(f"keys[{position}].description", entry["description"], "at most 8192 characters are allowed")
        if name in (key.name for key in keys):
            raise Refusal(f"keys[{position}].use", entry["use"], "each use is allowed once")
        keys.append(Key(name, entry["description"], tuple(sorted(set(entry["services"])))))
    window = params["deletion_window_in_days"]
    if not 7 <= window <= 30:
        raise Refusal("deletion_window_in_days", window, "7 to 30 days are allowed")
    return KmsKeys(platform, params["tags"], account, tuple(keys), window, params["state"] == "absent")

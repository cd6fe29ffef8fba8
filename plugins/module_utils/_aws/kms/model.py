# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How options name a key: by its use, the last part of its alias, or by its ARN. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..._core.plan import Ref, Refusal, Value

ARN = re.compile(r"arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/[A-Za-z0-9-]+")
_USE = re.compile(r"[A-Za-z0-9/_-]{1,200}")


def key(option: str, platform: str, value: str) -> Ref | str:
    """A key of the platform by its use, or one of others by its ARN, or Refusal."""
    if ARN.fullmatch(value):
        return value
    if not _USE.fullmatch(value):
        raise Refusal(option, value, "the use of a key of kms_keys or the ARN of a key is allowed")
    return Ref("kms_key", f"{platform}-{value}")


def encryption_key(path: str, platform: str, entry: Mapping[str, Value]) -> Ref | str | None:
    """The key of an entry with the options `encryption` and `kms_key`; None where AWS's own one encrypts."""
    given = entry["kms_key"] or None
    if entry["encryption"] != "kms":
        if given is not None:
            raise Refusal(f"{path}.kms_key", given, "a key is allowed with encryption 'kms' only")
        return None
    if given is None:
        raise Refusal(f"{path}.kms_key", None, "encryption 'kms' needs the use of a key of kms_keys, or a key's ARN")
    return key(f"{path}.kms_key", platform, str(given))

# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of `platform_check` and what the roles declare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .._aws.provider import AWS
from .._core.box import Box
from .._core.options import checked
from .._core.plan import Refusal, Value
from .boxes import BOXES
from .variables import in_words, name_of

ON_AWS = sorted(name for name, box in BOXES.items() if box.provider is AWS)

OPTIONS: dict[str, dict[str, Any]] = {
    "roles": {"type": "list", "elements": "str", "default": []},
    "platform_name": {"type": "str"},
    "account_id": {"type": "str"},
    "confirmation": {"type": "str"},
    "declared": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "module": {
                "type": "str",
                "required": True,
                "choices": ON_AWS,
            },
            "options": {"type": "dict", "required": True},
            "sources": {"type": "dict", "default": {}},
        },
    },
    "known": {"type": "dict", "default": {}},
}


@dataclass(frozen=True)
class Declared:
    """One call of a module in the task files of a role.

    :param options: checked and cast.
    :param sources: path inside the options -> the variable that feeds it.
    """

    module: str
    box: Box
    options: Mapping[str, Value]
    sources: Mapping[str, str]

    def renamed(self, refusal: Refusal) -> Refusal:
        """The refusal of an option as one of the variable that feeds it, other options in its words likewise."""
        allowed = in_words(refusal.allowed, self.sources)
        return Refusal(name_of(refusal.option, self.sources), refusal.value, allowed)


def declared(entries: Sequence[Mapping[str, Any]]) -> list[Declared]:
    """Checks what can be checked of each call without the account; Refusal names the variable."""
    answer = []
    for entry in entries:
        box = BOXES[entry["module"]]
        call = Declared(entry["module"], box, entry["options"], entry["sources"])
        try:
            options = box.provider.prepared(checked(box.specification, call.options))
        except Refusal as refusal:
            raise call.renamed(refusal) from refusal
        answer.append(Declared(call.module, box, options, call.sources))
    return answer

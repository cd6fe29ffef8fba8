# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What boxes with EC2's resources share: tags, names, and deletions that wait until a resource is free."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..._core.box import Target
from ..._core.plan import Ref
from ..._core.wait import Status, Wait, until
from .. import tags as _tags
from ..client import Api, ClientError, code_of

IN_USE = ("DependencyViolation", "InvalidIPAddress.InUse", "InvalidNetworkInterface.InUse")
"""Codes that EC2 answers to the deletion of what something else still uses."""

RELEASE = Wait(usual=20, timeout=600)

VISIBLE = Wait(usual=1, timeout=120, interval=2)


def tag(api: Api, target: Target, tags: Mapping[str, str]) -> None:
    api.ec2.create_tags(Resources=[target.id], Tags=_tags.to_list(tags))


def untag(api: Api, target: Target, keys: Sequence[str]) -> None:
    api.ec2.delete_tags(Resources=[target.id], Tags=[{"Key": key} for key in keys])


def tags_of(entry: Mapping[str, Any]) -> dict[str, str]:
    return _tags.from_list(entry.get("Tags"))


def name_of(entry: Mapping[str, Any]) -> str:
    """The Name tag, or AWS's own identifier text where somebody removed it: an empty text."""
    return tags_of(entry).get("Name", "")


def filters(**values: Sequence[str] | str) -> list[dict[str, Any]]:
    """EC2's filters; an underscore stands for a hyphen (`vpc_id` for `vpc-id`)."""
    return [
        {"Name": name.replace("_", "-"), "Values": [value] if isinstance(value, str) else sorted(value)}
        for name, value in values.items()
    ]


def seen(api: Api, look: Callable[[], list[dict[str, Any]]], ref: Ref) -> list[dict[str, Any]]:
    """What AWS makes beside a resource of this run, as soon as its answers show it: `look` returns `[]` until then."""
    entries: list[dict[str, Any]] = []

    def status() -> Status:
        entries[:] = look()
        return Status(bool(entries), "not seen yet")

    until(status, f"what AWS makes beside {ref.words}", VISIBLE, api.say)
    return entries


def when_free(api: Api, call: Callable[[], object], ref: Ref, wait: Wait = RELEASE) -> None:
    """Makes a deletion, again and again while AWS answers that something still uses the resource (an interface that is
    being released, for instance); the error of the last try is raised when the time is over."""
    last: list[ClientError] = []

    def look() -> Status:
        try:
            call()
        except ClientError as error:
            if code_of(error) not in IN_USE:
                raise
            last[:] = [error]
            return Status(False, "still in use")
        return Status(True, "deleted")

    try:
        until(look, f"{ref.words} to be free", wait, api.say)
    except Exception:
        if last:
            raise last[0] from None
        raise

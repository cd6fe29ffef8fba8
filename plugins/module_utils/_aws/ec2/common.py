# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What EC2's kinds share: tags, names, reads by filters, and deletions that wait until a resource is free."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..._core.box import Target
from ..._core.plan import Ref
from ..._core.wait import Status, Wait, until
from .. import tags as _tags
from ..client import Api, ClientError, code_of
from ..tags import IDENTITY, shared
from .model import name_of, tags_of

IN_USE = ("DependencyViolation", "InvalidIPAddress.InUse", "InvalidNetworkInterface.InUse")
"""Codes that EC2 answers to the deletion of what something else still uses."""

RELEASE = Wait(usual=20, timeout=600)

VISIBLE = Wait(usual=1, timeout=120, interval=2)


def tag(api: Api, target: Target, tags: Mapping[str, str]) -> None:
    api.ec2.create_tags(Resources=[target.id], Tags=_tags.to_list(tags))


def untag(api: Api, target: Target, keys: Sequence[str]) -> None:
    api.ec2.delete_tags(Resources=[target.id], Tags=[{"Key": key} for key in keys])


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


def all_taken(answer: dict[str, Any], operation: str, *, gone: bool = False) -> None:
    """These calls answer 200 with a list of what they did not do; that is an error like any other.

    :param gone: whether it is none that something is not there.
    """
    for item in answer.get("Unsuccessful") or []:
        if not (gone and item["Error"]["Code"].endswith("NotFound")):
            raise ClientError({"Error": item["Error"]}, operation)


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


def of_platform(platform_name: str, names: Sequence[str]) -> list[dict[str, object]]:
    """EC2 filters for resources of the platform by their Name tags."""
    return [
        {"Name": f"tag:{IDENTITY}", "Values": [platform_name]},
        {"Name": "tag:Name", "Values": sorted(names)},
    ]


def own_or_shared(
    api: Api, operation: str, key: str, platform_name: str, names: Sequence[str]
) -> dict[str, dict[str, Any]]:
    """Parts of the network by the platform's name for them: its own ones, else those of others that it uses."""
    own = api.ec2.pages(operation, key, Filters=of_platform(platform_name, names))
    if own:
        return {name_of(entry): entry for entry in own}
    name = shared(platform_name)
    used = api.ec2.pages(operation, key, Filters=[{"Name": f"tag:{name}", "Values": sorted(names)}])
    return {tags_of(entry).get(name, ""): entry for entry in used}


def described(api: Api, operation: str, key: str, **by: str) -> list[dict[str, Any]]:
    """All entries of one EC2 operation with these filters; `Filter` is how NAT gateways and flow logs call them."""
    member = "Filter" if operation in ("describe_nat_gateways", "describe_flow_logs") else "Filters"
    answer: list[dict[str, Any]]
    if operation == "describe_addresses":
        answer = api.ec2.describe_addresses(Filters=filters(**by))[key]
    else:
        answer = api.ec2.pages(operation, key, **{member: filters(**by)})
    return answer


def ref(kind: str, entry: Mapping[str, Any], identifier: str) -> Ref:
    """By the Name tag; what lost it goes by its identifier, so that it is seen and made anew."""
    return Ref(kind, name_of(entry) or entry[identifier])


def state(entry: Mapping[str, Any]) -> str:
    """AWS's state of a NAT gateway or an endpoint in the words of `Found`."""
    return {"pending": "pending", "deleting": "going"}.get(entry["State"].lower(), "ready")

"""EC2's filters and tags, for answers that moto does not give."""

from __future__ import annotations

import fnmatch
from typing import Any

from sandbox.aws.front.call import Call


def matches(call: Call, values: dict[str, Any], tags: dict[str, str], member: str = "Filters") -> bool:
    """Whether an item passes the filters of a call; ``values`` by filter name, each one or a list."""
    for item in call.parameters.get(member) or []:
        name, wanted = item["Name"], item.get("Values") or []
        if name.startswith("tag:"):
            present = [tags[name[4:]]] if name[4:] in tags else []
        elif name == "tag-key":
            present = list(tags)
        else:
            value = values.get(name)
            present = [str(one) for one in value] if isinstance(value, list | tuple | set) else [str(value)]
        if not any(fnmatch.fnmatchcase(one, pattern) for one in present for pattern in wanted):
            return False
    return True


def specified_tags(call: Call, kind: str) -> dict[str, str]:
    """The tags that a create call gives to the resource it makes."""
    return {
        tag["Key"]: tag["Value"]
        for specification in call.parameters.get("TagSpecifications") or []
        if specification.get("ResourceType") == kind
        for tag in specification.get("Tags") or []
    }


def tag_list(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]

# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tags: the identity of a platform's resources, and what describes them. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Set

from .._core.plan import Found, Impossible, Observed, Ref, Refusal, Value

IDENTITY = "slipway:platform"
"""Key of the tag whose value is the platform's name: what carries it belongs to the platform, nothing else does."""

COMPONENT = "slipway:component"
"""Key of the tag that tells what one role made of a kind from what another role made of it."""

DESCRIPTIVE = {"environment": "Environment", "owner": "Owner", "cost_center": "CostCenter"}
"""Option of every module -> key of the tag that it gives."""

FOREIGN = (
    "aws:",
    "eks:",
    "kubernetes.io/",
    "k8s.io/",
    "karpenter.",
    "elbv2.k8s.aws/",
    "ebs.csi.aws.com/",
    "cluster.k8s.amazonaws.com/",
)
"""Keys that begin so are set by AWS or by controllers and are left alone where they are not declared."""

DISCOVERY = "karpenter.sh/discovery"
"""Key of the tag by whose value, the platform's name, Karpenter finds its subnets."""

_KEY = re.compile(r"[\w \t.:/=+\-@]{1,128}")
_VALUE = re.compile(r"[\w \t.:/=+\-@]{0,256}")


def check(option: str, tags: Mapping[str, str]) -> dict[str, str]:
    """Tags that every AWS service of the platform accepts, or Refusal.

    Keys of 1 to 128 and values of 0 to 256 letters, digits, spaces and `_.:/=+-@`, at most 40 (AWS allows 50; the rest
    is kept for the platform and for controllers). Source: "Tag naming limits and requirements", AWS Tagging User Guide.
    """
    if len(tags) > 40:
        raise Refusal(option, f"{len(tags)} tags", "at most 40 tags are allowed")
    for key, value in tags.items():
        if key.lower().startswith(("aws:", "slipway:")):
            raise Refusal(f"{option}.{key}", value, "a key that begins with 'aws:' or 'slipway:' is reserved")
        if not _KEY.fullmatch(key):
            raise Refusal(f"{option}.{key}", value, "a key has 1 to 128 letters, digits, spaces or _.:/=+-@")
        if not isinstance(value, str) or not _VALUE.fullmatch(value):
            raise Refusal(f"{option}.{key}", value, "a value has at most 256 letters, digits, spaces or _.:/=+-@")
    return dict(tags)


def described(options: Mapping[str, Value]) -> dict[str, str]:
    """The descriptive tags that the common options of a module give, `tags` last, or Refusal."""
    tags = {}
    for option, key in DESCRIPTIVE.items():
        value = options[option]
        if value is not None:
            if not value or not _VALUE.fullmatch(value):
                raise Refusal(option, value, "1 to 256 letters, digits, spaces or _.:/=+-@ are allowed")
            tags[key] = value
    return tags | check("tags", options["tags"])


def of(platform_name: str, name: str, tags: Mapping[str, str], **special: str) -> dict[str, str]:
    """All tags of one resource: the user's, the special ones of its kind, `Name`, and the identity, which wins."""
    return {**tags, **special, "Name": name, IDENTITY: platform_name}


def shared(platform_name: str) -> str:
    """Key of the tag that a VPC and subnets of others get; its value is the name under which the platform uses them."""
    return f"slipway:shared/{platform_name}"


def belonging(observed: Observed, declared: Set[Ref], platform_name: str, *, adopt: bool) -> dict[Ref, Found]:
    """What of `observed` belongs to the platform or is to be taken over; Impossible for what is somebody else's."""
    ours: dict[Ref, Found] = {}
    for ref, found in observed.items():
        owner = None if found.tags is None else found.tags.get(IDENTITY)
        if found.tags is None or owner == platform_name:
            ours[ref] = found
        elif ref not in declared:
            continue
        elif owner is not None:
            raise Impossible(
                f"{ref.words} belongs to the platform '{owner}' (tag {IDENTITY}); choose another name than "
                f"'{platform_name}' or delete that platform first."
            )
        elif not adopt:
            raise Impossible(
                f"{ref.words} exists without the tag {IDENTITY}={platform_name}; set platform_adopt to true "
                "to take it over, or delete or rename it."
            )
        else:
            ours[ref] = found
    return ours


def from_list(pairs: list[dict[str, str]] | None, key: str = "Key", value: str = "Value") -> dict[str, str]:
    """AWS's list of pairs as a dict (IAM and EC2: Key/Value; KMS: TagKey/TagValue)."""
    return {pair[key]: pair[value] for pair in pairs or []}


def to_list(tags: Mapping[str, str], key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
    """A dict as AWS's list of pairs, sorted by key."""
    return [{key: name, value: tags[name]} for name in sorted(tags)]


def specification(resource_type: str, tags: Mapping[str, str]) -> list[dict[str, object]]:
    """EC2's TagSpecifications for one resource type."""
    return [{"ResourceType": resource_type, "Tags": to_list(tags)}]

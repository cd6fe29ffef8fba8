# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of `ecr_repositories` and what they declare. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..._aws.account import Account
from ..._aws.kms.model import encryption_key
from ..._core.plan import Ref, Refusal, Value

OPTIONS: dict[str, dict[str, Any]] = {
    "repositories": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "name": {"type": "str", "required": True},
            "encryption": {"type": "str", "choices": ["kms", "aes256"], "default": "kms"},
            "kms_key": {"type": "str", "no_log": False},
            "scan_on_push": {"type": "bool", "default": True},
            "scratch_days": {"type": "int", "default": 14},
            "untagged_days": {"type": "int"},
            "pull_principals": {"type": "list", "elements": "str", "default": []},
            "push_principals": {"type": "list", "elements": "str", "default": []},
        },
    },
    "delete_images": {"type": "list", "elements": "str", "default": []},
}

_NAME = re.compile(r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*")
_PRINCIPAL = re.compile(r"\d{12}|arn:aws[a-z-]*:iam::\d{12}:(root|(role|user)/[\w+=,.@/-]{1,576})")
LONGEST = 256
"""Characters of a repository's name. Source: CreateRepository, Amazon ECR API Reference."""


@dataclass(frozen=True)
class Repository:
    """A repository.

    :param name: `<platform>/<declared name>`.
    :param kms_key: reference to a key of the platform, or the ARN of another one; None: AES-256 by S3's keys.
    :param scratch_days: days after which tags that begin with `scratch-` expire.
    :param untagged_days: days after which what has no tag expires; None: never.
    :param pull_principals: account ids and ARNs that may pull; `push_principals`: that may push and pull.
    """

    name: str
    kms_key: Ref | str | None
    scan_on_push: bool
    scratch_days: int
    untagged_days: int | None
    pull_principals: tuple[str, ...]
    push_principals: tuple[str, ...]


@dataclass(frozen=True)
class EcrRepositories:
    platform: str
    tags: Mapping[str, str]
    account: Account
    repositories: tuple[Repository, ...]
    delete_images: frozenset[str]
    absent: bool

    @property
    def prefix(self) -> str:
        """What the names of all repositories of the platform begin with."""
        return f"{self.platform}/"


def parse(params: Mapping[str, Value], account: Account) -> EcrRepositories:
    platform = params["platform_name"]
    repositories: list[Repository] = []
    for position, entry in enumerate(params["repositories"]):
        path = f"repositories[{position}]"
        name = _name(f"{path}.name", platform, entry["name"])
        if name in (repository.name for repository in repositories):
            raise Refusal(f"{path}.name", entry["name"], "each name is allowed once")
        principals = {
            option: tuple(_principal(f"{path}.{option}[{n}]", text) for n, text in enumerate(entry[option]))
            for option in ("pull_principals", "push_principals")
        }
        repositories.append(
            Repository(
                name=name,
                kms_key=encryption_key(path, platform, entry),
                scan_on_push=entry["scan_on_push"],
                scratch_days=_days(f"{path}.scratch_days", entry["scratch_days"]),
                untagged_days=None
                if entry["untagged_days"] is None
                else _days(f"{path}.untagged_days", entry["untagged_days"]),
                **principals,
            )
        )
    for position, text in enumerate(params["delete_images"]):
        _name(f"delete_images[{position}]", platform, text)
    return EcrRepositories(
        platform=platform,
        tags=params["tags"],
        account=account,
        repositories=tuple(sorted(repositories, key=lambda repository: repository.name)),
        delete_images=frozenset(f"{platform}/{name}" for name in params["delete_images"]),
        absent=params["state"] == "absent",
    )


def _name(path: str, platform: str, text: str) -> str:
    name = f"{platform}/{text}"
    if not _NAME.fullmatch(text) or len(name) > LONGEST:
        words = (
            f"1 to {LONGEST - len(platform) - 1} lower-case letters and digits are allowed, with single . _ - and / "
        )
        raise Refusal(path, text, f"{words}between them")
    return name


def _days(path: str, days: int) -> int:
    if not 1 <= days <= 3650:
        raise Refusal(path, days, "1 to 3650 days are allowed")
    return days


def _principal(path: str, text: str) -> str:
    if not _PRINCIPAL.fullmatch(text):
        raise Refusal(path, text, "the id of an account, or the ARN of a role or user, is allowed")
    return text

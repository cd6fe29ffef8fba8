# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names of people, teams, apps and roles to GitHub's identifiers, and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from .._core.plan import Impossible

if TYPE_CHECKING:
    from .client import Github

ROLE_IDS = {"read": 1, "maintain": 2, "triage": 3, "write": 4, "admin": 5}
"""Identifiers of GitHub's base roles, the same everywhere; the API names them nowhere."""

ACTOR_TYPES = {
    "team": "Team",
    "user": "User",
    "app": "Integration",
    "repository_role": "RepositoryRole",
    "organization_admin": "OrganizationAdmin",
    "deploy_key": "DeployKey",
}
_WHERE = {"user": "users", "app": "apps"}


@dataclass(frozen=True, order=True)
class Actor:
    """Somebody by name: a team (slug), a user (login), an app (slug), a role, or a whole group without name."""

    type: str
    name: str = ""

    @property
    def words(self) -> str:
        return f"{self.type.replace('_', ' ')} '{self.name}'" if self.name else f"{self.type.replace('_', ' ')}s"


class Directory:
    """Who is who: the named ones, looked up once, and those that GitHub's answers name."""

    def __init__(self, github: Github, owner: str) -> None:
        self._github = github
        self._owner = owner
        self._ids: dict[Actor, int] = {}

    def id(self, actor: Actor) -> int:
        """The identifier of a named one; Impossible where GitHub knows nobody of that name."""
        if actor.type == "repository_role":
            return ROLE_IDS[actor.name]
        if actor not in self._ids:
            self._ids[actor] = int(self._found(actor)["id"])
        return self._ids[actor]

    def _found(self, actor: Actor) -> Any:
        if actor.type == "team":
            found = self._github.optional("orgs", self._owner, "teams", actor.name)
        else:
            found = self._github.optional(_WHERE[actor.type], actor.name)
        if found is None:
            where = f"the organization '{self._owner}'" if actor.type == "team" else "GitHub"
            raise Impossible(f"The {actor.words} is not known to {where}, or the token may not see it.")
        return found

    def met(self, actor: Actor, number: int) -> None:
        """An answer of GitHub's named somebody, so that nobody has to ask."""
        self._ids.setdefault(actor, number)

    def look_up(self, actors: Iterable[Actor]) -> None:
        for actor in actors:
            self.id(actor)

    def name(self, kind: str, number: int) -> str:
        """The name behind an identifier; the identifier itself where it belongs to nobody who is declared."""
        known = {**{Actor("repository_role", name): role for name, role in ROLE_IDS.items()}, **self._ids}
        return next(
            (actor.name for actor, known_id in known.items() if (actor.type, known_id) == (kind, number)), str(number)
        )


def directory_of(github: Github, owner: str) -> Directory:
    """The directory of an owner, one for each connection."""
    return cast("Directory", github.directories.setdefault(owner, Directory(github, owner)))


def bypass_actor(directory: Directory, entry: Mapping[str, Any]) -> str:
    """One who may go round a ruleset, as it stands in a plan: `team platform: pull_request`."""
    kind = next((word for word, name in ACTOR_TYPES.items() if name == entry["actor_type"]), entry["actor_type"])
    mode = entry.get("bypass_mode", "always")
    if kind in ("organization_admin", "deploy_key") or entry.get("actor_id") is None:
        return f"{kind}: {mode}"
    return f"{kind} {directory.name(kind, int(entry['actor_id']))}: {mode}"

# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Commit messages as Conventional Commits 1.0.0 has them. Pure.

Numbers in comments are those of the specification's list.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

_HEADER = re.compile(  # 1, 4, 5, 13
    r"(?P<type>[^\W\d_][\w-]*)(?:\((?P<scope>[^()\n]+)\))?(?P<mark>!)?: +(?P<description>\S.*)"
)
_TOKEN = re.compile(r"(?P<token>BREAKING CHANGE(?=: )|[^\W\d_][\w-]*)(?:: | #)(?P<value>.*\S.*)")  # 8, 9, 12
_BREAKING = ("BREAKING CHANGE", "BREAKING-CHANGE")  # 16
_GIT_REVERT = re.compile(r'(?:Revert|Reapply) ".*"')
_REVERTED = re.compile(r"This reverts commit (?P<commit>[0-9a-f]{7,64})\b")
_COMMIT = re.compile(r"\b[0-9a-f]{7,64}\b")
_MERGE_HEADING = re.compile(r"Merge (?:(?:remote-tracking )?branch(?:es)?|pull request|tags?|commits?) \S")
_LISTED = re.compile(r"[*-] +(?=\S)")
_GIT_SQUASH = "Squashed commit of the following:"


@dataclass(frozen=True)
class Commit:
    """A commit as git holds it.

    :param id: its full hash.
    :param inside: whether it changes something inside the paths that count.
    """

    id: str
    parents: tuple[str, ...]
    message: str
    inside: bool = True

    @property
    def header(self) -> str:
        return self.message.strip().split("\n", 1)[0].strip()

    @property
    def short(self) -> str:
        return self.id[:12]


@dataclass(frozen=True)
class Change:
    """What one commit, or one line of a squashed one, says of itself.

    :param type: in lower case (15), also "revert" for git's own `Revert "..."`; None for what is not conventional.
    :param breaking: the text that says what breaks, None if nothing does.
    :param reverts: beginnings of hashes that a revert names.
    """

    type: str | None
    description: str
    scope: str | None = None
    breaking: str | None = None
    reverts: tuple[str, ...] = ()


def parsed(message: str) -> Change:
    """A message by the text of the specification."""
    lines = [line.rstrip() for line in message.strip().split("\n")]
    header = _HEADER.fullmatch(lines[0])
    if header is None:
        reverts = tuple(match["commit"] for match in _REVERTED.finditer(message))
        is_revert = _GIT_REVERT.fullmatch(lines[0]) is not None
        return Change("revert" if is_revert else None, lines[0], reverts=reverts if is_revert else ())
    footers = list(_footers(lines))
    breaking = next((value for token, value in footers if token in _BREAKING), None)
    if breaking is None and header["mark"]:
        breaking = header["description"]  # 13
    kind = header["type"].lower()
    reverts = _named(message, footers) if kind == "revert" else ()
    return Change(kind, header["description"], header["scope"], breaking, reverts)


def _footers(lines: list[str]) -> Iterator[tuple[str, str]]:
    """Token and value of each footer. The first follows a blank line (8), a value goes on until the next token (10)."""
    token, value = "", ""
    for before, line in pairwise(lines):
        match = _TOKEN.fullmatch(line) if token or not before else None
        if match is None:
            value += f"\n{line}"
            continue
        if token:
            yield token, value.strip()
        token, value = match["token"], match["value"]
    if token:
        yield token, value.strip()


def _named(message: str, footers: list[tuple[str, str]]) -> tuple[str, ...]:
    """Hashes that a commit of type revert names, in a footer Refs (as the specification's FAQ) or in git's words."""
    references = [found for token, value in footers if token.lower() == "refs" for found in _COMMIT.findall(value)]
    return tuple(dict.fromkeys([*references, *(match["commit"] for match in _REVERTED.finditer(message))]))


def mentions_breaking(message: str) -> bool:
    """Whether a message looks as if it meant a breaking change."""
    return any(words in message for words in _BREAKING)


def without_merge_heading(message: str) -> str:
    """A merge commit's message without the line that git or a forge writes over it; empty if nothing else is there."""
    heading, _newline, rest = message.strip().partition("\n")
    return rest.strip() if _MERGE_HEADING.match(heading) else message


def listed(message: str) -> list[str]:
    """The messages that a squashed commit lists in its body, as forges (`* feat: ...`) or `git merge --squash` do."""
    heading, _newline, body = message.strip().replace("\r\n", "\n").partition("\n")
    if heading == _GIT_SQUASH or body.lstrip().startswith(_GIT_SQUASH):
        return _from_git(body)
    entries: list[str] = []
    for line in body.split("\n"):
        bullet = _LISTED.match(line)
        if bullet and _HEADER.fullmatch(line[bullet.end() :].rstrip()):
            entries.append(line[bullet.end() :])
        elif entries:
            entries[-1] += f"\n{line.strip()}"
    return entries


def _from_git(body: str) -> list[str]:
    entries: list[list[str]] = []
    for line in body.split("\n"):
        if line.startswith("commit "):
            entries.append([])
        elif entries and (line.startswith("    ") or not line):
            entries[-1].append(line[4:])
    return ["\n".join(entry).strip() for entry in entries]

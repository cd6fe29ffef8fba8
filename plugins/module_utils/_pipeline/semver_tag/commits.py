# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Commit messages as Conventional Commits 1.0.0 has them. Pure.

Numbers in comments are those of the specification's list.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from . import forges

_HEADER = re.compile(  # 1, 4, 5, 13
    r"(?P<type>[^\W\d_][\w-]*)(?:\((?P<scope>[^()\n]+)\))?(?P<mark>!)?: +(?P<description>\S.*)"
)
_TOKEN = re.compile(r"(?P<token>BREAKING CHANGE(?=: )|[^\W\d_][\w-]*)(?:: | #)(?P<value>.*\S.*)")  # 8, 9, 12
_BREAKING = ("BREAKING CHANGE", "BREAKING-CHANGE")  # 16
_GIT_REVERT = re.compile(r'(?P<verb>Revert|Reapply) "(?P<title>.*)"')
_REVERTED = re.compile(r"(?:This reverts|Reverted) commit `?(?P<commit>[0-9a-f]{7,64})\b")
_KEPT = re.compile(r"\breversing\s+changes made to (?P<commit>[0-9a-f]{7,64})\b")
_REQUEST = re.compile(r"\b[Rr]everts (?:(?:pull|merge) request )?[\w./-]*[#!](?P<number>\d+)\b")
_COMMIT = re.compile(r"\b[0-9a-f]{7,64}\b")
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
class Reverted:
    """What a revert says that it takes back, in the words of git or a forge.

    :param commits: beginnings of hashes.
    :param kept: beginnings of the hash of the parent that the revert of a merge goes back to.
    :param numbers: numbers of the requests that brought it.
    :param title: its first line, without numbers that were appended; empty if none is quoted.
    """

    commits: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    title: str = ""


@dataclass(frozen=True)
class Change:
    """What one commit, or one line of a squashed one, says of itself.

    :param type: in lower case (15), also "revert" for git's own `Revert "..."`; None for what is not conventional.
    :param breaking: the text that says what breaks, None if nothing does.
    :param reverts: what a revert takes back, None for what is no revert.
    """

    type: str | None
    description: str
    scope: str | None = None
    breaking: str | None = None
    reverts: Reverted | None = None


def parsed(message: str) -> Change:
    """A message by the text of the specification."""
    lines = [line.rstrip() for line in message.strip().split("\n")]
    header = _HEADER.fullmatch(lines[0])
    if header is None:
        quoted = _GIT_REVERT.fullmatch(forges.plain(lines[0]))
        if quoted is None:
            return Change(None, lines[0])
        title = quoted["title"] if quoted["verb"] == "Revert" else f'Revert "{quoted["title"]}"'
        return Change("revert", lines[0], reverts=_reverted(message, title, numbered=quoted["verb"] == "Revert"))
    footers = list(_footers(lines))
    breaking = next((value for token, value in footers if token in _BREAKING), None)
    if breaking is None and header["mark"]:
        breaking = header["description"]  # 13
    kind = header["type"].lower()
    reverts = _reverted(message, header["description"], footers) if kind == "revert" else None
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


def _reverted(message: str, title: str, footers: Iterable[tuple[str, str]] = (), *, numbered: bool = False) -> Reverted:
    """What a revert names: hashes in a footer Refs (as the specification's FAQ) or in git's words, else in a forge's.

    :param numbered: whether a number behind the title is the title's own, not that of the revert's request.
    """
    references = [found for token, value in footers if token.lower() == "refs" for found in _COMMIT.findall(value)]
    commits = [*references, *(match["commit"] for match in _REVERTED.finditer(message))]
    requests = [match["number"] for match in _REQUEST.finditer(message)]
    requests = requests or list(forges.numbers(title) if numbered else ())
    return Reverted(
        tuple(dict.fromkeys(commits)),
        tuple(match["commit"] for match in _KEPT.finditer(message)),
        tuple(dict.fromkeys(requests)),
        forges.plain(title),
    )


def mentions_breaking(message: str) -> bool:
    """Whether a message looks as if it meant a breaking change."""
    return any(words in message for words in _BREAKING)


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

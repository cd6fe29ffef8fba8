# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What reverts take back of what is not released. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from . import forges
from .commits import Change, Commit, Reverted


@dataclass(frozen=True)
class _Target:
    """What a revert is about.

    :param commits: what it takes back.
    :param released: whether something that it names is not among the commits, so it is released.
    :param doubt: why nothing can be said for sure, empty if that is not so.
    """

    commits: frozenset[str] = frozenset()
    released: bool = False
    doubt: str = ""


def history(commits: Iterable[str], parents: Mapping[str, tuple[str, ...]]) -> set[str]:
    """Commits and all before them, as far as `parents` goes."""
    seen: set[str] = set()
    left = list(commits)
    while left:
        one = left.pop()
        if one in parents and one not in seen:
            seen.add(one)
            left.extend(parents[one])
    return seen


def without_reverted(
    changes: Sequence[tuple[Commit, Change]], commits: Sequence[Commit]
) -> tuple[list[tuple[Commit, Change]], list[str]]:
    """Changes, newest first, without those that a later one takes back and without reverts whose targets are all here;
    and a sentence for each revert that may be about more than one thing.

    A revert that is itself reverted takes nothing back.

    :param commits: all that is not released, newest first; among them merges, which may be no change themselves.
    """
    parents = {commit.id: commit.parents for commit in commits}
    older = _Older(commits, parents)
    gone: set[str] = set()
    kept, doubts = [], []
    for commit, change in changes:
        if commit.id in gone:
            continue
        if change.reverts is None:
            kept.append((commit, change))
            continue
        target = older.target(commit, change.reverts)
        gone.update(target.commits)
        if target.doubt:
            doubts.append(f"Commit {commit.short} ('{commit.header}') reverts what cannot be told: {target.doubt}")
        if target.released or not target.commits or change.breaking is not None:
            kept.append((commit, change))
    return kept, doubts


class _Older:
    """What a revert can be about: the commits that it comes after."""

    def __init__(self, commits: Sequence[Commit], parents: Mapping[str, tuple[str, ...]]) -> None:
        self._commits = commits
        self._parents = parents

    def target(self, commit: Commit, reverted: Reverted) -> _Target:
        before = history(self._parents[commit.id], self._parents)
        known = [one for one in self._commits if one.id in before]
        named = [[one for one in known if one.id.startswith(beginning)] for beginning in reverted.commits]
        found = [one for matches in named for one in matches]
        if found:
            return self._taken(found, reverted, released=not all(named))
        return self._by_words(known, reverted)

    def _by_words(self, known: Sequence[Commit], reverted: Reverted) -> _Target:
        """By the number of the request, else by the title: no hash is there, or it is of a commit that was squashed."""
        by_number = self._outer([one for one in known if set(_numbers(one)).intersection(reverted.numbers)])
        by_title = self._outer([one for one in known if reverted.title and reverted.title in _titles(one)])
        matches = by_number if reverted.numbers else by_title
        if len(matches) == 1 and (reverted.numbers or not reverted.commits):
            return self._taken(matches, reverted, released=False)
        if not matches and not by_title:
            return _Target(released=True)
        names = ", ".join(one.short for one in matches or by_title)
        if len(matches) > 1:
            return _Target(doubt=f"it may be any of the commits {names}, so name the hash in its body.")
        what = f"commit {reverted.commits[0][:12]}" if reverted.commits else f"number {reverted.numbers[0]}"
        return _Target(doubt=f"it names {what}, which is not among the unreleased ones, and the title of {names}.")

    def _outer(self, matches: Sequence[Commit]) -> list[Commit]:
        """Matches without what another one of them, a merge, brought."""
        inner = {name for one in matches for name in self._brought(one, ()) if name != one.id}
        return [one for one in matches if one.id not in inner]

    def _taken(self, found: Sequence[Commit], reverted: Reverted, *, released: bool) -> _Target:
        taken = {name for one in found for name in self._brought(one, reverted.kept)}
        ends = [parent for one in found for parent in self._sides(one, reverted.kept)[1]]
        return _Target(frozenset(taken), released or any(end not in self._parents for end in ends))

    def _brought(self, commit: Commit, kept: Sequence[str]) -> set[str]:
        """A commit, and if it is a merge what it brought."""
        main, others = self._sides(commit, kept)
        return {commit.id} | (history(others, self._parents) - history([main], self._parents) if others else set())

    @staticmethod
    def _sides(commit: Commit, kept: Sequence[str]) -> tuple[str, list[str]]:
        """The parent that the revert of a merge goes back to, the first one unless it names another, and the others."""
        if len(commit.parents) < 2:
            return "", []
        main = next((one for one in commit.parents if any(one.startswith(name) for name in kept)), commit.parents[0])
        return main, [one for one in commit.parents if one != main]


def _numbers(commit: Commit) -> tuple[str, ...]:
    return forges.numbers(commit.header)


def _titles(commit: Commit) -> set[str]:
    """First lines by which a revert may name a commit, without numbers that were appended."""
    below = forges.without_heading(commit.message).strip().split("\n", 1)[0].strip()
    return {forges.plain(commit.header), forges.plain(below)} - {""}

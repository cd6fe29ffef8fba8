# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From tags and commits to the next version. Pure: what git holds comes in, nothing else counts."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from ..._core.plan import Impossible
from .commits import Change, Commit, listed, mentions_breaking, parsed
from .forges import is_heading, without_heading
from .options import Choices
from .reverts import history, without_reverted
from .versions import OCI_TAG_LENGTH, Bump, bump_between, candidate_number, core, oci_tag, raised, takes, version

if TYPE_CHECKING:
    from semver import Version


@dataclass(frozen=True)
class Tag:
    """A tag that is the prefix and a version.

    :param commit: the full hash that it stands for in the end.
    :param reachable: whether HEAD is that commit or comes after it.
    """

    name: str
    commit: str
    version: Version
    reachable: bool


@dataclass(frozen=True)
class Standing:
    """Where HEAD stands among the version tags of one prefix."""

    prefix: str
    head: str
    tags: tuple[Tag, ...]

    @cached_property
    def releases(self) -> list[Tag]:
        return [tag for tag in self.tags if tag.reachable and not tag.version.prerelease]

    @cached_property
    def previous(self) -> Tag | None:
        """The release that HEAD carries, else the highest one that HEAD contains (SemVer 11); the name breaks a tie."""
        here = [tag for tag in self.releases if tag.commit == self.head]
        return max(here or self.releases, key=lambda tag: (tag.version, tag.name), default=None)

    @property
    def released(self) -> bool:
        return self.previous is not None and self.previous.commit == self.head

    @cached_property
    def base(self) -> tuple[str, ...]:
        """Commits that carry the previous version; two where tags differ in build metadata alone (SemVer 10)."""
        if self.previous is None:
            return ()
        same = (tag.commit for tag in self.releases if tag.version.compare(self.previous.version) == 0)
        return tuple(dict.fromkeys(same))

    def check(self) -> None:
        """Impossible where two releases stand on the commit that counts."""
        if self.previous is None:
            return
        same = sorted(tag.name for tag in self.releases if tag.commit == self.previous.commit)
        if len(same) > 1:
            raise Impossible(
                f"Commit {self.previous.commit[:12]} carries the release tags {_words(same)}; "
                "one commit can be one release of a prefix, so delete the wrong one."
            )


def check_history(
    standing: Standing,
    commits: Sequence[Commit],
    boundary: Container[str],
    tags_after: Callable[[str], Iterable[str]],
) -> None:
    """Impossible for a history that is cut off before the previous tag, or that is not one history.

    :param commits: as for `decide`.
    :param boundary: commits at which a shallow clone is cut off.
    :param tags_after: names of the tags that contain a commit.
    """
    previous = standing.previous
    cut = next((commit for commit in commits if commit.id in boundary), None)
    if cut is not None:
        goal = "any release tag" if previous is None else f"the previous tag '{previous.name}'"
        raise Impossible(
            f"The clone is shallow: the history of HEAD is cut off at commit {cut.short} before {goal} is reached; "
            "fetch all of it with its tags (git fetch --unshallow --tags)."
        )
    roots = [commit for commit in commits if not commit.parents]
    if len(roots) > (1 if previous is None else 0):
        raise Impossible(
            f"HEAD joins unrelated histories: commit {roots[0].short} has no parent and is not the beginning "
            "of the project; merge without foreign commits (for example by git subtree --squash)."
        )
    names = [tag.name for tag in standing.tags]
    strange = bool(names) and not any(tag.reachable for tag in standing.tags)
    if roots and strange and not set(names).intersection(tags_after(roots[0].id)):
        raise Impossible(
            f"HEAD has an unrelated history: it shares no commit with '{names[-1]}' or any other "
            f"version tag with the prefix '{standing.prefix}'."
        )


@dataclass(frozen=True)
class Entry:
    """What a commit does to the version, and why."""

    commit: Commit
    change: Change
    bump: Bump
    why: str

    def as_dict(self) -> dict[str, object]:
        return {
            "commit": self.commit.id,
            "header": self.commit.header,
            "type": self.change.type,
            "scope": self.change.scope,
            "description": self.change.description,
            "breaking": self.change.breaking,
            "bump": self.bump.word,
            "why": self.why,
        }


@dataclass(frozen=True)
class Decision:
    """The version of HEAD.

    :param version: None only if nothing was ever released and no commit counts.
    :param bump: "none", "patch", "minor", "major", or "initial" for the first version.
    :param due: whether the version is a new one, still to be tagged.
    """

    version: Version | None
    previous: Version | None
    bump: str
    due: bool
    decided_by: tuple[Entry, ...]
    entries: tuple[Entry, ...]
    warnings: tuple[str, ...]


def decide(standing: Standing, commits: Sequence[Commit], choices: Choices, identifier: str | None) -> Decision:
    """The next version.

    :param commits: all commits that HEAD contains and `standing.base` does not, newest first.
    :param identifier: pre-release identifier of the branch, None for a release.
    """
    previous = standing.previous
    before = None if previous is None else previous.version
    entries, doubts = _entries(commits, choices, zero=before is not None and before.major == 0)
    inside = {commit.id for commit in commits}
    candidates = [tag for tag in standing.tags if tag.reachable and tag.version.prerelease and tag.commit in inside]
    slips = (
        f"Commit {entry.commit.short} ('{entry.commit.header}') speaks of a breaking change, but not in a footer."
        for entry in entries
        if entry.change.breaking is None and mentions_breaking(entry.commit.message)
    )
    warnings = (*slips, *doubts)
    if not _counts(entries, previous):
        return Decision(before, before, "none", False, (), entries, warnings)
    level = max((entry.bump for entry in entries), default=Bump.NONE)
    if before is None:
        target, word = choices.first, "initial"
        deciding = entries
    else:
        target, word = raised(core(before), level), level.word
        deciding = tuple(entry for entry in entries if entry.bump is level)
    target = max([target, *(core(tag.version) for tag in candidates)])
    if choices.minimum is not None:
        target = max(target, choices.minimum)
    if before is not None and word != bump_between(before, target).word:
        word = bump_between(before, target).word
    if identifier is not None:
        found = _candidate(target, identifier, candidates, entries, commits, choices, previous)
        if not found.is_new:
            return Decision(found.version, before, word, False, deciding, entries, warnings)
        target = found.version
    else:
        while any(target.compare(claim) == 0 for claim in choices.claimed):
            target = raised(target, level if before is not None else Bump.MINOR)
    final = target.replace(build=choices.build_metadata) if choices.build_metadata else target
    _check(final, standing, candidates)
    return Decision(final, before, word, True, deciding, entries, warnings)


@dataclass(frozen=True)
class _Candidate:
    version: Version
    is_new: bool


def _candidate(
    target: Version,
    identifier: str,
    candidates: Iterable[Tag],
    entries: Sequence[Entry],
    commits: Sequence[Commit],
    choices: Choices,
    previous: Tag | None,
) -> _Candidate:
    """The next `<identifier>.<N>` of a target, or the last one if nothing that counts came after it."""
    numbers = {
        number: tag
        for tag in candidates
        if core(tag.version) == target and (number := candidate_number(tag.version, identifier)) is not None
    }
    if numbers:
        last = numbers[max(numbers)]
        known = history([last.commit], {commit.id: commit.parents for commit in commits})
        if not _counts([entry for entry in entries if entry.commit.id not in known], previous):
            return _Candidate(last.version, False)
    number = max(numbers, default=0) + 1
    while True:
        found = target.replace(prerelease=f"{identifier}.{number}")
        if all(found.compare(claim) != 0 for claim in choices.claimed):
            return _Candidate(found, True)
        number += 1


def _counts(entries: Sequence[Entry], previous: Tag | None) -> bool:
    """Whether there is something to release: for the first version any commit will do."""
    return bool(entries) if previous is None else any(entry.bump for entry in entries)


def _entries(commits: Sequence[Commit], choices: Choices, *, zero: bool) -> tuple[tuple[Entry, ...], list[str]]:
    """What each commit inside the paths does, reverted ones left out; and a sentence for each that is in doubt."""
    line = _first_parents(commits) if choices.merge_commits == "first_parent" else None
    changes = []
    doubts = []
    for commit in commits:
        if not commit.inside or (line is not None and commit.id not in line):
            continue
        message = _message(commit, choices)
        if message:
            change = parsed(message)
            changes.append((commit, change))
            if (
                len(commit.parents) > 1
                and change.type is None
                and message == commit.message
                and not is_heading(commit.header)
            ):
                doubts.append(f"Merge commit {commit.short} ('{commit.header}') has a heading that is not known.")
            if choices.squash_commits == "list":
                changes += [(commit, parsed(entry)) for entry in listed(message)]
    if choices.reverts == "cancel":
        changes, more = without_reverted(changes, commits)
        doubts += more
    return tuple(_judged(commit, change, choices, zero=zero) for commit, change in changes), doubts


def _first_parents(commits: Sequence[Commit]) -> set[str]:
    by_id = {commit.id: commit for commit in commits}
    line: set[str] = set()
    one = commits[0].id if commits else ""
    while one in by_id:
        line.add(one)
        one = (*by_id[one].parents, "")[0]
    return line


def _message(commit: Commit, choices: Choices) -> str:
    """What is read of a commit: the heading that git or a forge wrote is left out. Of a merge commit maybe nothing."""
    below = without_heading(commit.message)
    if len(commit.parents) < 2:
        return below or commit.message
    if choices.merge_commits == "ignore":
        return ""
    return below or (commit.message if choices.merge_commits == "first_parent" else "")


def _judged(commit: Commit, change: Change, choices: Choices, *, zero: bool) -> Entry:
    bump, why = _bump(commit, change, choices)
    if zero and change.breaking is not None:
        bump = choices.major_zero_breaking
        why += f"; in major version zero it raises the {bump.word} version (SemVer 4, option major_zero_breaking)"
    elif zero and change.type == "feat":
        bump = choices.major_zero_feature
        why += f"; in major version zero it raises the {bump.word} version (SemVer 4, option major_zero_feature)"
    return Entry(commit, change, bump, why)


def _bump(commit: Commit, change: Change, choices: Choices) -> tuple[Bump, str]:
    if change.breaking is not None:
        return Bump.MAJOR, "a breaking change (Conventional Commits 11, SemVer 8)"
    if change.type == "revert":
        bump = Bump.NONE if choices.reverts == "none" else Bump.PATCH
        return bump, "a revert of what was released (option reverts)"
    if change.type == "feat":
        return choices.types["feat"], "a new feature (Conventional Commits 2, SemVer 7)"
    if change.type == "fix":
        return choices.types["fix"], "a bug fix (Conventional Commits 3, SemVer 6)"
    if change.type is not None and change.type in choices.types:
        return choices.types[change.type], f"the type {change.type} (Conventional Commits 14, option types)"
    if change.type is not None:
        return choices.other_types, f"the type {change.type} (Conventional Commits 14, option other_types)"
    if choices.unconventional == "refuse":
        raise Impossible(
            f"Commit {commit.short} ('{commit.header}') is no Conventional Commit, and unconventional is 'refuse'."
        )
    bump = Bump.PATCH if choices.unconventional == "patch" else Bump.NONE
    return bump, "no Conventional Commit (option unconventional)"


def _check(found: Version, standing: Standing, candidates: Iterable[Tag]) -> None:
    """Impossible for a version that is taken, not higher than what HEAD contains, or no OCI tag."""
    name = f"{standing.prefix}{found.replace(build=None)}"
    for tag in standing.tags:
        if not tag.reachable and takes(tag.version, found):
            raise Impossible(
                f"The next version is {found}, but tag '{tag.name}' exists on commit {tag.commit[:12]}, "
                "which HEAD does not contain; merge it, or release from there."
            )
    for tag in candidates:
        if tag.version.compare(found) >= 0:
            raise Impossible(
                f"The next version '{name}' would not be higher than '{tag.name}', which HEAD contains; "
                "choose a pre-release identifier that sorts after it (SemVer 11)."
            )
    if len(oci_tag(str(found))) > OCI_TAG_LENGTH:
        raise Impossible(
            f"The next version has {len(str(found))} characters; an OCI tag has {OCI_TAG_LENGTH} at most, "
            "so shorten the pre-release identifier or build_metadata."
        )


def tags_of(prefix: str, commits: Mapping[str, str], reachable: Iterable[str]) -> tuple[Tag, ...]:
    """The tags that are the prefix and a version, of all tags (name -> commit)."""
    contained = frozenset(reachable)
    found = []
    for name, commit in sorted(commits.items()):
        if name.startswith(prefix) and (number := version(name.removeprefix(prefix))) is not None:
            found.append(Tag(name, commit, number, name in contained))
    return tuple(found)


def _words(names: Sequence[str]) -> str:
    return " and ".join((", ".join(f"'{name}'" for name in names[:-1]), f"'{names[-1]}'"))

# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One run of the module `semver_tag`: read, decide, plan; outside check mode tag, push, and plan again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..._core.converge import converge
from ..._core.plan import Action, Change, Field, Impossible, Outcome, Plan, Ref, Refusal, Value
from .commits import Commit
from .decision import Decision, Standing, Tag, check_history, decide, tags_of
from .git import Execute, Git, GitError, Remote
from .notes import by_type, markdown, message
from .options import parse
from .versions import oci_tag, takes

if TYPE_CHECKING:
    from semver import Version


@dataclass(frozen=True)
class _View:
    standing: Standing
    branch: str | None
    commits: list[Commit]
    decision: Decision
    plan: Plan

    @property
    def here(self) -> Tag | None:
        """The tag of the decided version on HEAD, if it stands."""
        return _here(self.standing, self.decision.version)


class Runner:
    """One run over one repository."""

    def __init__(self, params: Mapping[str, Value], execute: Execute, *, check_mode: bool) -> None:
        self._spec = parse(params)
        self._check_mode = check_mode
        self._git = Git(self._spec.repository, execute)

    def run(self) -> Outcome:
        try:
            view, _last = converge(
                self._view,
                self._apply,
                lambda left: f"Git took the tag, but {left.changes[0].ref.words} still does not stand.",
                check_mode=self._check_mode,
            )
        except GitError as error:
            raise Impossible(f"Git failed in '{self._spec.repository}': {error}.") from error
        return Outcome(view.plan, self._answer(view), view.decision.warnings)

    def _view(self) -> _View:
        spec, git = self._spec, self._git
        boundary = git.boundary()
        if boundary is None:
            raise Refusal("repository", spec.repository, "a git repository is needed")
        if not git.is_reference(f"{spec.prefix}0.0.0"):
            raise Refusal("tag_prefix", spec.prefix, "the beginning of a git tag is allowed")
        head = git.head()
        if head is None:
            raise Impossible(f"The repository '{spec.repository}' has no commit yet.")
        for position, path in enumerate(spec.paths):
            if not git.has_path(path):
                raise Refusal(f"paths[{position}]", path, "HEAD has no such path")
        branch = spec.branch or git.branch()
        standing = Standing(spec.prefix, head, tags_of(spec.prefix, git.tags(), git.reachable_tags()))
        standing.check()
        commits = git.commits(standing.base, spec.paths, first_parent=spec.choices.merge_commits == "first_parent")
        check_history(standing, commits, boundary, lambda commit: git.reachable_tags(containing=commit))
        decision = decide(standing, commits, spec.choices, spec.choices.identifier(branch))
        if spec.expected is not None and (decision.version is None or decision.version.compare(spec.expected) != 0):
            raise Impossible(
                f"The version of HEAD is {decision.version}, but expected_version is {spec.expected}; "
                "tags or commits have come in between, so compute anew."
            )
        return _View(standing, branch, commits, decision, self._plan(standing, branch, commits, decision))

    def _plan(self, standing: Standing, branch: str | None, commits: list[Commit], decision: Decision) -> Plan:
        how, version = self._spec.tagging, decision.version
        here = _here(standing, version)
        if not (how.tag or how.taggable) or version is None or not (decision.due or here):
            return Plan()
        name = here.name if here else _name(standing.prefix, version)
        changes = []
        if here is None:
            dirty = self._git.dirty()
            if dirty is not None:
                raise Impossible(
                    f"The tree is dirty ('{dirty}'), so a tag would not name what was built; commit it first."
                )
            fields = [Field("annotated", None, how.annotated), Field("commit", None, standing.head)]
            changes.append(Change(Ref("git_tag", name), Action.CREATE, (*fields, Field("sign", None, how.sign))))
        if how.push:
            remote = self._remote(branch)
            if remote.tags.get(name) != standing.head or here is None:
                self._check_remote(remote, name, version, standing, branch, commits)
                field = Field("commit", None, standing.head)
                changes.append(Change(Ref("remote_tag", f"{how.remote}/{name}"), Action.CREATE, (field,)))
        return Plan(tuple(changes) if how.tag else ())

    def _remote(self, branch: str | None) -> Remote:
        how = self._spec.tagging
        try:
            return self._git.remote(how.remote, self._spec.prefix, branch)
        except GitError as error:
            raise Impossible(f"The remote '{how.remote}' cannot be read: {error}.") from error

    def _check_remote(
        self, remote: Remote, name: str, version: Version, standing: Standing, branch: str | None, commits: list[Commit]
    ) -> None:
        where = self._spec.tagging.remote
        local = {tag.name for tag in standing.tags}
        ours = {commit.id for commit in commits} | {standing.head}
        for tag in tags_of(standing.prefix, remote.tags, ()):
            if takes(tag.version, version) and tag.commit != standing.head:
                raise Impossible(
                    f"The remote '{where}' has moved on: {version} is next, but its tag '{tag.name}' exists "
                    f"on commit {tag.commit[:12]}; fetch and compute anew."
                )
            if tag.name not in local and tag.commit in ours:
                raise Impossible(
                    f"The remote '{where}' has moved on: its tag '{tag.name}' on commit {tag.commit[:12]} "
                    "is not in the clone; fetch and compute anew."
                )
        if branch is not None and remote.branch_head is None:
            raise Impossible(f"The remote '{where}' has no branch '{branch}'; push the commits before the tag.")
        if remote.branch_head is not None and self._git.is_older(remote.branch_head, standing.head):
            raise Impossible(
                f"The remote '{where}' has no commit {standing.head[:12]} yet, its branch '{branch}' stands at commit "
                f"{remote.branch_head[:12]}; push the commits before the tag."
            )
        if branch is not None and remote.branch_head != standing.head:
            raise Impossible(
                f"The remote '{where}' has moved on: its branch '{branch}' stands at commit "
                f"{str(remote.branch_head)[:12]}, HEAD at {standing.head[:12]}; fetch and compute anew."
            )

    def _apply(self, view: _View) -> None:
        how, standing, version = self._spec.tagging, view.standing, view.decision.version
        kinds = {change.ref.kind for change in view.plan.changes}
        name = view.here.name if view.here else _name(standing.prefix, version)
        if "git_tag" in kinds:
            try:
                self._git.create_tag(name, standing.head, message(name, view.decision), how)
            except GitError as error:
                raise Impossible(f"Tag '{name}' was not made: {error}.") from error
        if "remote_tag" in kinds:
            try:
                self._git.push_tag(how.remote, name, standing.head, view.branch)
            except GitError as error:
                if "git_tag" in kinds:
                    self._git.delete_tag(name)
                raise Impossible(
                    f"The remote '{how.remote}' did not take tag '{name}' ({error}); the clone is as it was, "
                    "so fetch and compute anew."
                ) from error

    def _answer(self, view: _View) -> dict[str, Value]:
        standing, decision, version = view.standing, view.decision, view.decision.version
        text = None if version is None else str(version)
        tag = None if version is None else view.here.name if view.here else _name(standing.prefix, version)
        return {
            "version": text,
            "previous": None if decision.previous is None else str(decision.previous),
            "previous_tag": None if standing.previous is None else standing.previous.name,
            "bump": decision.bump,
            "due": decision.due,
            "released": view.here is not None,
            "commit": standing.head,
            "created": self._git.created(),
            "branch": view.branch,
            "tag_name": tag,
            "oci_tag": None if text is None else oci_tag(text),
            "decided_by": [entry.as_dict() for entry in decision.decided_by],
            "notes": by_type(decision),
            "notes_markdown": markdown(decision),
            "claim": None if text is None else {"version": text, "commit": standing.head},
        }


def _here(standing: Standing, version: Version | None) -> Tag | None:
    if version is None:
        return None
    return next(
        (tag for tag in standing.tags if tag.commit == standing.head and tag.version.compare(version) == 0), None
    )


def _name(prefix: str, version: Version | None) -> str:
    """A tag's name: build metadata stays out, two tags that differ in it alone would be one version (SemVer 10)."""
    return "" if version is None else f"{prefix}{version.replace(build=None)}"

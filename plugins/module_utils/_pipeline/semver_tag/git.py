# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calls of git: one a function, in an environment in which neither locale, time zone nor the user's taste counts.

The user's configuration is read all the same: it holds credentials, safe directories and signing programs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ..._core.plan import Impossible
from .commits import Commit
from .options import Tagging

_SETTINGS = {
    "color.ui": "false",
    "core.fsmonitor": "false",
    "core.quotePath": "false",
    "i18n.commitEncoding": "UTF-8",
    "i18n.logOutputEncoding": "UTF-8",
    "log.follow": "false",
    "log.mailmap": "false",
    "log.showSignature": "false",
    "push.followTags": "false",
    "push.gpgSign": "false",
    "tag.forceSignAnnotated": "false",
    "tag.gpgSign": "false",
}
_DROPPED = tuple(
    f"GIT_{name}"
    for name in (
        "ALTERNATE_OBJECT_DIRECTORIES",
        "CEILING_DIRECTORIES",
        "COMMON_DIR",
        "DIR",
        "GLOB_PATHSPECS",
        "GRAFT_FILE",
        "ICASE_PATHSPECS",
        "INDEX_FILE",
        "LITERAL_PATHSPECS",
        "NAMESPACE",
        "NOGLOB_PATHSPECS",
        "OBJECT_DIRECTORY",
        "PREFIX",
        "QUARANTINE_PATH",
        "REPLACE_REF_BASE",
        "SHALLOW_FILE",
        "TRACE",
        "WORK_TREE",
    )
)
_FIXED = {
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "LANGUAGE": "C",
    "LC_ALL": "C",
    "TZ": "UTC",
}
_CREDENTIALS = re.compile(r"//[^/@\s]+@")

Execute = Callable[[list[str], bytes], tuple[int, bytes, bytes]]
"""Runs a command in the caller's environment: (command, standard input) -> (exit status, standard output and error)."""


class GitError(Exception):
    """What git said when it failed, its first telling line, without credentials."""


@dataclass(frozen=True)
class Remote:
    """What a remote holds: its tags that begin with the prefix (name -> commit), and the head of one branch."""

    tags: Mapping[str, str]
    branch_head: str | None


class Git:
    """Git in one repository."""

    def __init__(self, repository: str, execute: Execute) -> None:
        settings = [part for key, value in _SETTINGS.items() for part in ("-c", f"{key}={value}")]
        self._command = ["git", "-C", repository, *settings]
        self._execute = execute

    def call(self, *arguments: str, text: str = "", extra: Mapping[str, str] | None = None) -> str:
        """Standard output of a command, GitError where it fails."""
        dropped = [part for name in _DROPPED for part in ("-u", name)]
        given = [f"{name}={value}" for name, value in {**_FIXED, **(extra or {})}.items()]
        status, output, errors = self._execute(
            ["env", *dropped, *given, *self._command, *arguments],
            text.encode(),
        )
        if status == 127 and errors.startswith(b"env:"):
            raise Impossible("The program git is not installed.")
        if status:
            raise GitError(_telling((output + errors).decode(errors="replace")))
        return output.decode(errors="replace")

    def boundary(self) -> frozenset[str] | None:
        """Commits at which a shallow clone is cut off; None where there is no repository."""
        try:
            path = self.call("rev-parse", "--path-format=absolute", "--git-path", "shallow").rstrip("\n")
        except GitError as error:
            if "not a git repository" in str(error) or "cannot change to" in str(error):
                return None
            raise
        try:
            with open(path, encoding="ascii") as lines:
                return frozenset(lines.read().split())
        except FileNotFoundError:
            return frozenset()

    def head(self) -> str | None:
        """The commit that HEAD stands for, None in a repository without commits."""
        try:
            return self.call("rev-parse", "--verify", "--quiet", "HEAD^{commit}").strip()
        except GitError:
            return None

    def created(self) -> str:
        """When HEAD was committed, UTC, as RFC 3339 writes it."""
        form = ("--no-patch", "--no-notes", "--date=format-local:%Y-%m-%dT%H:%M:%SZ", "--format=%cd")
        return self.call("show", *form, "HEAD^{commit}").strip()

    def branch(self) -> str | None:
        """The branch that is checked out, None for a detached HEAD."""
        try:
            return self.call("symbolic-ref", "--quiet", "--short", "HEAD").strip()
        except GitError:
            return None

    def is_reference(self, name: str) -> bool:
        try:
            self.call("check-ref-format", f"refs/tags/{name}")
        except GitError:
            return False
        return True

    def has_path(self, path: str) -> bool:
        try:
            self.call("cat-file", "-e", f"HEAD:{path}")
        except GitError:
            return False
        return True

    def tags(self) -> dict[str, str]:
        """Name -> commit (or whatever else is tagged) of all tags."""
        try:
            return _peeled(self.call("show-ref", "--tags", "--dereference"), " ")
        except GitError:  # there are none
            return {}

    def reachable_tags(self, containing: str | None = None) -> list[str]:
        """Names of the tags that HEAD contains, or of those that contain a commit."""
        which = "--merged=HEAD" if containing is None else f"--contains={containing}"
        return self.call("for-each-ref", which, "--format=%(refname:strip=2)", "refs/tags").splitlines()

    def commits(self, base: Sequence[str], paths: Sequence[str], *, first_parent: bool) -> list[Commit]:
        """Commits that HEAD contains and `base` does not, newest first, descendants before what they stand on."""
        limits = ("HEAD", *(f"^{commit}" for commit in base))
        inside = None
        if paths:
            flags = ("--first-parent",) if first_parent else ()
            where = [f":(top,literal){path}" for path in paths]
            inside = set(self.call("rev-list", "--full-history", *flags, *limits, "--", *where).split())
        form = ("--topo-order", "--no-notes", "--no-patch", "-z", "--format=%H%x1f%P%x1f%B")
        commits = []
        for record in self.call("log", *form, *limits, "--").split("\0"):
            if record:
                name, parents, message = record.split("\x1f", 2)
                commits.append(Commit(name, tuple(parents.split()), message, inside is None or name in inside))
        return commits

    def dirty(self) -> str | None:
        """A path that differs from HEAD or is neither tracked nor ignored; None for a clean or a bare repository."""
        if self.call("rev-parse", "--is-bare-repository").strip() == "true":
            return None
        status = self.call("status", "--porcelain=v1", "-z", "--untracked-files=normal", "--ignore-submodules=none")
        return status.split("\0", 1)[0][3:] or None

    def remote(self, name: str, prefix: str, branch: str | None) -> Remote:
        heads = (f"refs/heads/{branch}",) if branch else ()
        lines = self.call("ls-remote", name, f"refs/tags/{prefix}*", *heads)
        pairs = [line.split("\t", 1) for line in lines.splitlines()]
        head = next((commit for commit, reference in pairs if reference == f"refs/heads/{branch}"), None)
        return Remote(_peeled(lines, "\t"), head)

    def is_older(self, commit: str, than: str) -> bool:
        """Whether a commit is a proper ancestor of another; one that the clone lacks is none."""
        try:
            self.call("merge-base", "--is-ancestor", commit, than)
        except GitError:
            return False
        return commit != than

    def create_tag(self, name: str, commit: str, message: str, how: Tagging) -> None:
        if not how.annotated:
            self.call("tag", "--no-sign", name, commit)
            return
        signed = ("--sign", f"--local-user={how.signing_key}") if how.sign != "none" else ("--annotate",)
        kind = ("-c", f"gpg.format={'ssh' if how.sign == 'ssh' else 'openpgp'}")
        tagger = {"GIT_COMMITTER_NAME": how.tagger_name, "GIT_COMMITTER_EMAIL": how.tagger_email}
        self.call(*kind, "tag", *signed, "--cleanup=verbatim", "--file=-", name, commit, text=message, extra=tagger)
        if how.sign != "none" and not self._is_signed(name):
            self.delete_tag(name)
            raise GitError(f"git cannot sign with key '{how.signing_key}'")

    def _is_signed(self, name: str) -> bool:
        """Whether a tag ends in a signature: git 2.39 makes an unsigned one, exit 0, if ssh-keygen fails."""
        return re.search(r"\n-----END (SSH|PGP) SIGNATURE-----\n*\Z", self.call("cat-file", "tag", name)) is not None

    def delete_tag(self, name: str) -> None:
        self.call("tag", "--delete", name)

    def push_tag(self, remote: str, name: str, commit: str, branch: str | None) -> None:
        """Pushes one tag, all or nothing: it must not exist yet, and the branch must still stand at the commit."""
        leases = [f"--force-with-lease=refs/tags/{name}:"]
        references = [f"refs/tags/{name}:refs/tags/{name}"]
        if branch:
            leases.append(f"--force-with-lease=refs/heads/{branch}:{commit}")
            references.append(f"{commit}:refs/heads/{branch}")
        self.call("push", "--atomic", "--porcelain", "--no-recurse-submodules", *leases, remote, *references)


def _telling(output: str) -> str:
    """The line that tells why git failed, without credentials."""
    lines = [line.strip() for line in output.splitlines() if line.strip()] or ["no reason given"]
    telling = next((line for line in lines if line.startswith(("fatal:", "error:", "!\t", "remote: error:"))), lines[0])
    return _CREDENTIALS.sub("//***@", telling.replace("\t", " ")).rstrip(".")


def _peeled(lines: str, separator: str) -> dict[str, str]:
    """Name -> hash of the tags in a list of references; a second line, with `^{}`, says what is tagged in the end."""
    found = {}
    for line in lines.splitlines():
        identifier, reference = line.split(separator, 1)
        if reference.startswith("refs/tags/"):
            found[reference.removeprefix("refs/tags/").removesuffix("^{}")] = identifier
    return found

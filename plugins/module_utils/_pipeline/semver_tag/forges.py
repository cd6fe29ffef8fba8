# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What git and the forges write around a message of one's own: headings of merges, and numbers of requests. Pure."""

from __future__ import annotations

import re

_APPENDED = re.compile(r"\s+\((?:[^\s()]+ ){0,2}[\w./-]*[#!](?P<number>\d+)\)$")
"""`(#12)` of GitHub, Gitea and Forgejo, `(!12)` of GitLab, `(pull request #12)` of Bitbucket."""

_TITLED = (
    re.compile(r"Merged PR (?P<number>\d+): (?P<title>\S.*)"),  # Azure DevOps
    re.compile(r"Pull request #(?P<number>\d+): (?P<title>\S.*)"),  # Bitbucket Data Center
    re.compile(r"!(?P<number>\d+) (?P<title>\S.*)"),  # Gitee
    re.compile(r"Merge pull request '(?P<title>.+)' \(#(?P<number>\d+)\) from \S.*"),  # Gitea, Forgejo
    re.compile(r"Merge \"(?P<title>.+)\"(?: into \S+)?"),  # Gerrit
)
"""Headings that hold the message's own first line."""

_BARE = (
    re.compile(r"Merge (?:(?:remote-tracking )?branch(?:es)?|tags?|commits?) \S.*"),  # git, GitLab, Pagure
    re.compile(r"Merge pull request [#!](?P<number>\d+)\b.*"),  # GitHub, Bitbucket Data Center, Gitee
    re.compile(r"Merged in \S.*\(pull request #(?P<number>\d+)\)"),  # Bitbucket Cloud
    re.compile(r"(?:Auto merge of|Merge) #(?P<number>\d+)\b.*"),  # bors and its kin
    re.compile(r"Merge changes? (?:from topic |I[0-9a-f]).*"),  # Gerrit, several at once
)
"""Headings that say only that something was merged."""


def plain(header: str) -> str:
    """A first line without the number of its request, which a forge appends; twice, where it was merged twice."""
    while (shorter := _APPENDED.sub("", header)) != header:
        header = shorter
    return header


def numbers(header: str) -> tuple[str, ...]:
    """Numbers of the requests that a first line names: the last one appended, or that of a heading."""
    found = [_APPENDED.search(header), *(form.fullmatch(header) for form in (*_TITLED, *_BARE))]
    return tuple(match["number"] for match in found if match and match.groupdict().get("number"))


def is_heading(header: str) -> bool:
    """Whether a first line is the heading of a merge, as git or a forge writes it."""
    return any(form.fullmatch(header) for form in (*_TITLED, *_BARE))


def without_heading(message: str) -> str:
    """A message without what git or a forge writes over it; empty if nothing else is there."""
    heading, _newline, rest = message.strip().partition("\n")
    heading = heading.strip()
    for form in _TITLED:
        if titled := form.fullmatch(heading):
            return f"{titled['title']}\n{rest}".strip()
    return rest.strip() if is_heading(heading) else message

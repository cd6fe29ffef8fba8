#!/usr/bin/env python3
"""Refuses a pull request whose questions are not answered: questions.py TEMPLATE, with its text in $BODY.

A question is a heading of the template that ends with a question mark. It is answered if the pull request has that
heading with text below it that is neither a comment nor the template's own nor a mere placeholder. Where the template
offers choices ("- [ ] ..."), exactly one of them must be ticked, and one that ends with a colon wants words behind it
or below.

What the pull request says is never printed: lines of it could be commands to the runner.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

# Anybody may write the text. No repetition gives back what it took, so that the time is linear in its length.
HEADING = re.compile(r" {0,3}+(#{1,6}+)\s++(\S.*+)")
FENCE = re.compile(r" {0,3}+(`{3,}+|~{3,}+)")
COMMENT = re.compile(r"<!--(?:(?!-->).)*+(?:-->|\Z)", re.DOTALL)
CHOICE = re.compile(r"\s*+[-*+]\s++\[([ xX])\]\s*+(.*+)")
PLACEHOLDERS = {"", "answer", "fixme", "later", "tba", "tbd", "todo", "wip", "xxx"}


def sections(text: str) -> dict[str, list[str]]:
    """Headings -> the lines below each, without comments; what stands in code blocks is no heading."""
    found: dict[str, list[str]] = {}
    lines: list[str] = []
    fence = ""
    for line in COMMENT.sub("", text).split("\n"):
        mark = FENCE.match(line)
        heading = HEADING.fullmatch(line)
        if mark and not fence:
            fence = mark[1]
        elif mark and mark[1].startswith(fence) and not line.strip().strip(fence[0]):
            fence = ""
        elif heading and not fence:
            lines = found.setdefault(plain(title(heading)), [])
            continue
        lines.append(line)
    return found


def title(heading: re.Match[str]) -> str:
    """The text of a heading, without the number signs that may close it."""
    return heading[2].rstrip().rstrip("#").rstrip()


def plain(text: str) -> str:
    """Text without differences of case, space and emphasis."""
    return " ".join(re.sub(r"[*_`]", "", text).split()).casefold()


def says_something(lines: list[str], template: set[str]) -> bool:
    words = [plain(line) for line in lines if plain(line) not in template]
    return re.sub(r"[\W_]+", "", "".join(words)) not in PLACEHOLDERS


def fault(lines: list[str] | None, asked: list[str]) -> str:
    """What is wrong with an answer, empty if nothing is.

    :param asked: the lines that the template has below the question.
    """
    if lines is None:
        return "is missing"
    own = {plain(line) for line in asked}
    offered = {plain(choice[2]) for choice in map(CHOICE.fullmatch, asked) if choice}
    if not offered:
        return "" if says_something(lines, own) else "has no answer"
    ticked = []
    for line in lines:
        choice = CHOICE.fullmatch(line)
        text = plain(choice[2]) if choice else ""
        mine = next(
            (offer for offer in offered if text == offer or (offer.endswith(":") and text.startswith(offer))), None
        )
        if choice and choice[1] != " " and mine is not None:
            ticked.append((mine, text.removeprefix(mine)))
    if not ticked:
        return "has no choice that is ticked"
    if len(ticked) > 1:
        return "has more than one choice that is ticked"
    (mine, rest), others = ticked[0], [line for line in lines if not CHOICE.fullmatch(line)]
    return "" if not mine.endswith(":") or says_something([rest, *others], own) else "needs words behind the choice"


def faults(template: str, body: str) -> list[str]:
    """A sentence for each question that is open, in the template's order."""
    answered = sections(body)
    titles = [title(match) for line in COMMENT.sub("", template).split("\n") if (match := HEADING.fullmatch(line))]
    questions = [(asked, sections(template)[plain(asked)]) for asked in titles if asked.endswith("?")]
    if not questions:
        return ["The template asks no question: its headings that end with a question mark are the questions."]
    found = [(name, fault(answered.get(plain(name)), asked)) for name, asked in questions]
    return [f"'{name}' {wrong}." for name, wrong in found if wrong]


def main() -> int:
    found = faults(Path(sys.argv[1]).read_text(encoding="utf-8"), os.environ.get("BODY", ""))
    for sentence in found:
        print(f"::error title=Questions::{sentence.replace('%', '%25')}")
    if not found:
        print("Every question is answered.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

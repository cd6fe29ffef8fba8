"""A pull request whose questions are open is refused."""

from __future__ import annotations

import subprocess
import sys
from re import _constants as sre_constants
from re import _parser as sre_parser
from typing import Any

import pytest

from tests.unit.github.actions import ROOT, program

questions = program("questions")
TEMPLATE = ROOT / ".github" / "pull_request_template.md"
SMALL = """<!-- Answer. -->
## Why?

<!-- In a sentence. -->

## Does it touch data?

- [ ] No.
- [ ] Yes, namely:
"""
GOOD = "## Why?\nIt was wrong.\n## Does it touch data?\n- [x] No.\n- [ ] Yes, namely:\n"
OPEN = "'Why?' has no answer."
CHOICE = "'Does it touch data?' has no choice that is ticked."


def body(why: str = "It was wrong.", choice: str = "- [x] No.\n- [ ] Yes, namely:") -> str:
    return f"## Why?\n\n{why}\n\n## Does it touch data?\n\n{choice}\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(body(), [], id="answered"),
        pytest.param(body().replace("\n", "\r\n"), [], id="line ends as browsers send them"),
        pytest.param(body("a"), [], id="one letter"),
        pytest.param(body("n/a"), [], id="not applicable is an answer"),
        pytest.param("### **why?** ###\nIt was wrong.\n" + GOOD.split("\n", 2)[2], [], id="another level and emphasis"),
        pytest.param(body("```\n## Does it touch data?\n```"), [], id="an answer in a code block"),
        pytest.param(body("```text\n```"), [], id="a named code block says its name"),
        pytest.param(body(choice="* [X] No."), [], id="another mark, the other choice removed"),
        pytest.param(body(choice="- [ ] No.\n- [x] Yes, namely: names"), [], id="words behind the choice"),
        pytest.param(body(choice="- [ ] No.\n- [x] Yes, namely:\n\nnames"), [], id="words below the choice"),
        pytest.param("intro\n" + body() + "## More?\n", [], id="a heading of its own"),
        pytest.param("", ["'Why?' is missing.", "'Does it touch data?' is missing."], id="nothing, or no text at all"),
        pytest.param(SMALL, [OPEN, CHOICE], id="the template as it is"),
        pytest.param(SMALL.replace("\n", "\r\n"), [OPEN, CHOICE], id="the template as a browser sends it"),
        pytest.param(body("<!-- It was wrong. -->"), [OPEN], id="only a comment"),
        pytest.param(body("<!-- It was\nwrong. -->"), [OPEN], id="a comment over lines"),
        pytest.param(body("   \t"), [OPEN], id="only space"),
        pytest.param(body("..."), [OPEN], id="only dots"),
        pytest.param(body("TODO"), [OPEN], id="to do"),
        pytest.param(body("**tbd**"), [OPEN], id="to be done, in bold"),
        pytest.param(body("- "), [OPEN], id="an empty list"),
        pytest.param(body("```\n```"), [OPEN], id="an empty code block"),
        pytest.param(
            body("<!-- It was wrong."),
            [OPEN, "'Does it touch data?' is missing."],
            id="a comment without end hides the rest",
        ),
        pytest.param(body().replace("## Why?", "Why?"), ["'Why?' is missing."], id="the heading is none"),
        pytest.param(
            "```\n" + body() + "```", ["'Why?' is missing.", "'Does it touch data?' is missing."], id="in code"
        ),
        pytest.param(body(choice=""), [CHOICE], id="choices removed"),
        pytest.param(body(choice="No."), [CHOICE], id="words instead of a choice"),
        pytest.param(body(choice="- [x] Perhaps."), [CHOICE], id="a choice of one's own"),
        pytest.param(body(choice="- [ ] No.\n- [ ] Yes, namely: names"), [CHOICE], id="words behind an open choice"),
        pytest.param(
            body(choice="- [x] No.\n- [x] Yes, namely: names"),
            ["'Does it touch data?' has more than one choice that is ticked."],
            id="both choices",
        ),
        pytest.param(
            body(choice="- [ ] No.\n- [x] Yes, namely:"),
            ["'Does it touch data?' needs words behind the choice."],
            id="yes, but what",
        ),
        pytest.param(
            body(choice="- [ ] No.\n- [x] Yes, namely: todo"),
            ["'Does it touch data?' needs words behind the choice."],
            id="yes, later",
        ),
    ],
)
def test_what_is_open_is_told_by_the_question(text: str, expected: list[str]) -> None:
    assert questions.faults(SMALL, text) == expected


def test_the_templates_own_words_are_no_answer() -> None:
    template = "## Why?\n\nSay it in *one* sentence.\n"
    assert questions.faults(template, template) == [OPEN]
    assert questions.faults(template, "## Why?\n\nsay it in one sentence.\n") == [OPEN]
    assert questions.faults(template, f"{template}\nIt was wrong.\n") == []


def test_a_template_without_questions_is_a_mistake() -> None:
    assert questions.faults("## Summary\n", "## Summary\nyes\n") == [
        "The template asks no question: its headings that end with a question mark are the questions."
    ]


def run(text: str) -> subprocess.CompletedProcess[str]:
    script = ROOT / ".github/scripts/questions.py"
    return subprocess.run(
        [sys.executable, "-I", str(script), str(TEMPLATE)],
        env={"BODY": text},
        capture_output=True,
        text=True,
        check=False,
    )


def answered(template: str) -> str:
    """The project's own template with an answer to each question: the first choice, or a word."""
    text = template
    for title in [line for line in template.split("\n") if line.startswith("## ")]:
        text = text.replace(title, f"{title}\n\nIt does.")
    return text.replace("- [ ] No.", "- [x] No.")


def test_the_projects_own_template_is_refused_as_it_is_and_accepted_once_answered() -> None:
    template = TEMPLATE.read_text()
    refused = run(template)
    assert refused.returncode == 1
    lines = refused.stdout.splitlines()
    assert len(lines) == template.count("\n## ")
    assert all(line.startswith("::error title=Questions::'") for line in lines)
    accepted = run(answered(template))
    assert (accepted.returncode, accepted.stdout) == (0, "Every question is answered.\n")


def test_no_line_of_a_pull_request_reaches_the_runner() -> None:
    text = "::add-mask::x\n::error::made up\n## Why?\n::stop-commands::x\n"
    assert not [line for line in run(text).stdout.splitlines() if "title=Questions" not in line]


def repetitions(parsed: Any) -> list[str]:
    """Names of the repetitions without a bound in a pattern, those in groups and look-aheads included."""
    found = []
    for name, value in parsed:
        if str(name).endswith("_REPEAT") and value[1] == sre_constants.MAXREPEAT:
            found.append(str(name))
        for part in value if isinstance(value, tuple | list) else [value]:
            for inner in part if isinstance(part, list) else [part]:
                if isinstance(inner, sre_parser.SubPattern):
                    found += repetitions(inner)
    return found


@pytest.mark.parametrize("name", ["HEADING", "FENCE", "COMMENT", "CHOICE"])
def test_the_time_is_linear_in_the_text(name: str) -> None:
    """No repetition gives back what it took: each step of the engine takes a character or ends."""
    found = repetitions(sre_parser.parse(getattr(questions, name).pattern))
    assert set(found) == {"POSSESSIVE_REPEAT"}


@pytest.mark.parametrize("line", ["# x" + " " * 200_000 + "y?", "- [ ] " + " " * 200_000 + "y", "#" + " " * 200_000])
def test_a_long_line_is_read(line: str) -> None:
    assert questions.faults(SMALL, f"{body()}\n{line}\n") == []


def test_a_heading_may_be_closed_by_number_signs() -> None:
    assert questions.faults("## Why? ##  \n", "## Why? #\nIt was wrong.\n") == []

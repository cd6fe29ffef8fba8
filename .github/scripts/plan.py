#!/usr/bin/env python3
"""Plans the platforms of $INVENTORY and tells the plan in Markdown: as summary of the job, and as output.

With ACCOUNT=empty the plan is made against an emulated account in which nothing stands, for which nobody needs a
credential. Fails when the play does.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SCRIPTS = Path(__file__).resolve().parent
COLLECTION = SCRIPTS.parent.parent
SIGNS = {"create": "+", "update": "~", "replace": "±", "delete": "-"}
MOST = 200
"""Rows of one platform; a comment holds 65,536 characters."""


def cell(text: str) -> str:
    """Text that ends no cell and starts no markup, whatever a name holds."""
    return "".join(f"\\{sign}" if sign in "\\`*_{}[]<>()#!|~@" else sign for sign in " ".join(str(text).split()))


def platforms(report: dict[str, Any]) -> dict[str, tuple[list[dict[str, Any]], list[str]]]:
    """Host -> its changes in order, and the sentences of the tasks that failed."""
    found: dict[str, tuple[list[dict[str, Any]], list[str]]] = {host: ([], []) for host in report.get("stats", {})}
    for play in report["plays"]:
        for task in play["tasks"]:
            for host, result in task["hosts"].items():
                changes, sentences = found.setdefault(host, ([], []))
                changes.extend(result.get("changes") or [])
                if result.get("failed") or result.get("unreachable"):
                    sentences.append(str(result.get("msg", "failed without a message")))
    return found


def table(changes: list[dict[str, Any]]) -> list[str]:
    lines = ["| | kind | name | what changes | effect |", "|---|---|---|---|---|"]
    for change in changes[:MOST]:
        paths = sorted(field["path"] for field in change["fields"]) if change["action"] == "update" else []
        effect = "" if change["effect"] == "none" else change["effect"].replace("_", " ")
        cells = [cell(text) for text in (change["kind"], change["name"], ", ".join(paths), effect)]
        lines.append(f"| {SIGNS[change['action']]} | {' | '.join(cells)} |")
    if len(changes) > MOST:
        lines += ["", f"{len(changes) - MOST} more stand in the log."]
    return lines


def markdown(report: dict[str, Any] | None, title: str) -> str:
    """The plan of every platform.

    :param report: what the callback ansible.posix.json printed, None if it printed nothing.
    """
    lines = [f"### {title}", ""]
    if report is None:
        lines.append("The plan failed before it began; the log says why.")
    elif not platforms(report):
        lines.append("The inventory holds no platform.")
    for host, (changes, sentences) in platforms(report).items() if report else ():
        count = f"{len(changes)} change{'' if len(changes) == 1 else 's'}" if changes else "nothing changes"
        lines += [f"**{cell(host)}**: {'the plan failed' if sentences else count}", ""]
        lines += [line for sentence in sentences for line in (f"> {cell(sentence)}", "")]
        lines += [*table(changes), ""] if changes else [""]
    return "\n".join(lines).rstrip() + "\n"


@contextlib.contextmanager
def empty_account() -> Iterator[dict[str, str]]:
    """An emulated AWS on 127.0.0.1 with nothing in it, as variables of the environment."""
    python = str(COLLECTION / ".venv/bin/python")
    show = "from sandbox.aws.settings import *; print(ACCESS_KEY_ID, SECRET_ACCESS_KEY)"
    keys = subprocess.run([python, "-c", show], cwd=COLLECTION, capture_output=True, text=True, check=True)
    identifier, secret = keys.stdout.split()
    command = [python, "-m", "sandbox.aws", "--port", "0"]
    with subprocess.Popen(command, cwd=COLLECTION, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            *_, url = process.stdout.readline().split() or [""]
            if not url:
                raise SystemExit("::error title=Plan::The emulated account did not start.")
            yield {"AWS_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": identifier, "AWS_SECRET_ACCESS_KEY": secret}
        finally:
            process.terminate()


def planned(environment: dict[str, str], *more: str) -> tuple[int, dict[str, Any] | None]:
    """Exit code and report of the check run."""
    inventory = str(Path(os.environ["GITHUB_WORKSPACE"], os.environ["INVENTORY"]))
    command = [str(SCRIPTS / "run.sh"), "site.yml", "--inventory", inventory, "--check", "--diff", *more]
    if os.environ.get("LIMIT"):
        command += ["--limit", os.environ["LIMIT"]]
    chosen = {**os.environ, **environment, "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json"}
    done = subprocess.run(command, env=chosen, stdout=subprocess.PIPE, text=True, check=False)
    start = done.stdout.find("{")
    return done.returncode, json.loads(done.stdout[start:]) if start >= 0 else None


def main() -> int:
    started = time.monotonic()
    if os.environ["ACCOUNT"] == "empty":
        with empty_account() as environment:
            ours = json.dumps({"platform_account_id": "123456789012", "platform_profile": None})
            code, report = planned(environment, "--extra-vars", ours)
    else:
        code, report = planned({})
    text = markdown(report, os.environ["TITLE"])
    with open(os.environ["GITHUB_STEP_SUMMARY"], "a", encoding="utf-8") as summary:
        summary.write(text)
    delimiter = secrets.token_hex(16)
    count = sum(len(changes) for changes, _ in platforms(report).values()) if report else 0
    with open(os.environ["GITHUB_OUTPUT"], "a", encoding="utf-8") as output:
        output.write(f"changes={count}\nreport<<{delimiter}\n{text}{delimiter}\n")
    print(f"{count} changes planned in {time.monotonic() - started:.0f} s")
    for _, sentences in platforms(report).values() if report else ():
        for sentence in sentences:
            escaped = sentence.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
            print(f"::error title=Plan::{escaped}")
    if report and not platforms(report):
        print("::error title=Plan::The inventory holds no platform.")
        return 1
    return code


if __name__ == "__main__":
    sys.exit(main())

"""What the Makefile gives to everything that it runs."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
LOCALE = ("LANG", "LC_ALL", "LC_CTYPE")


def in_recipe(variable: str, **given: str) -> str:
    kept = {name: value for name, value in os.environ.items() if name not in LOCALE and not name.startswith("MAKE")}
    shown = f'shown: ; @echo "$${variable}"'
    done = subprocess.run(
        ["make", "--silent", f"--eval={shown}", "shown"],
        cwd=ROOT,
        env={**kept, **given},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("given", "locale"),
    [
        ({}, "C.UTF-8"),
        ({"LC_ALL": "C"}, "C.UTF-8"),
        ({"LC_ALL": "POSIX", "LANG": "de_DE.UTF-8"}, "C.UTF-8"),
        ({"LANG": "C"}, "C.UTF-8"),
        ({"LANG": "de_DE.UTF-8"}, ""),
        ({"LC_ALL": "de_DE.UTF-8", "LANG": "C"}, "de_DE.UTF-8"),
    ],
)
def test_ansible_gets_a_locale_that_it_runs_in(given: dict[str, str], locale: str) -> None:
    assert in_recipe("LC_ALL", **given) == locale


def test_programs_of_the_virtual_environment_come_first() -> None:
    assert in_recipe("PATH").startswith(f"{ROOT}/.venv/bin:")

"""Runs a module the ordinary way: as a program of its own, packed by AnsiballZ, with the files that it imports."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


def run(
    module: str,
    options: Mapping[str, Any],
    environment: Mapping[str, str] | None = None,
    *,
    in_process: bool = False,
    collections: Path = ROOT / ".ansible" / "collections",
) -> dict[str, Any]:
    """The result of a check run of one of our modules, as Ansible shows it.

    :param environment: what is set beside this process's own.
    :param collections: the folder in which the collection is looked for.
    """
    command = [
        sys.executable,
        "-m",
        "ansible",
        "adhoc",
        "localhost",
        "--inventory",
        "localhost,",
        "--check",
        "--connection",
        "local",
    ]
    command += ["--module-name", f"slipway.platform.{module}", "--args", json.dumps(options)]
    command += ["--extra-vars", json.dumps({"slipway_in_process": in_process})]
    command += ["--extra-vars", json.dumps({"ansible_python_interpreter": sys.executable})]
    settings = {
        "ANSIBLE_COLLECTIONS_PATH": str(collections),
        "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
        "ANSIBLE_STDOUT_CALLBACK": "minimal",
        "ANSIBLE_CALLBACK_RESULT_FORMAT": "json",
    }
    done = subprocess.run(
        command,
        env={**os.environ, **(environment or {}), **settings},
        capture_output=True,
        text=True,
        timeout=300,
        stdin=subprocess.DEVNULL,
    )
    _host, arrow, result = done.stdout.partition(" => ")
    assert arrow, f"no result: {done.stdout}{done.stderr}"
    answer: dict[str, Any] = json.loads(result)
    return answer


class Outside:
    """Whether the payload of each module holds what it needs: its check run is compared with one in process.

    :param always: for every turn; else for the first turn of each module.
    """

    def __init__(self) -> None:
        self.always = False
        self._seen: set[str] = set()

    def compare(
        self,
        module: str,
        options: Mapping[str, Any],
        changes: list[dict[str, Any]],
        environment: Mapping[str, str] | None = None,
    ) -> None:
        if module in self._seen and not self.always:
            return
        self._seen.add(module)
        result = run(module, options, environment)
        assert result.get("changes") == json.loads(json.dumps(changes)), f"out of process: {result.get('msg', result)}"


outside = Outside()

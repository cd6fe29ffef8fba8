#!/usr/bin/env python3
"""Writes what follows from modules, roles and destroy.yml: action plugins, action groups, the list of boxes, a scenario
for each role, and how scenarios take down what they made.

Usage: scripts/registers.py [--check]
--check writes nothing and exits 1 if a file is stale.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
RUNTIME = ROOT / "meta" / "runtime.yml"
LIST = ROOT / "plugins" / "module_utils" / "_platform_check" / "boxes.py"

HEADER = """\
# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""

ACTION = """\
from __future__ import annotations

from ansible_collections.slipway.platform.plugins.plugin_utils._in_process import {action}


class ActionModule({action}):
    \"\"\"Runs the module of the same name in process.\"\"\"
"""

CLEANUP = """\
---
# Written by scripts/registers.py from destroy.yml: all of it is taken down, whichever roles the scenario has run.
- name: Take everything down
  hosts: all
  gather_facts: false
  environment: "{{{{ sandbox_environment }}}}"
  vars:
{variables}
  tasks:
    - name: Run each role to take down what it makes
      ansible.builtin.include_role:
        name: "slipway.platform.{{{{ role }}}}"
      loop: [{roles}]
      loop_control:
        loop_var: role

    - name: Nothing is left
      ansible.builtin.import_tasks:
        file: tasks/nothing_left.yml
"""

BOXES = """\
\"\"\"Every box of the collection by the name of its module. Written by scripts/registers.py.\"\"\"

from __future__ import annotations

{imports}
from .._core.box import Box

BOXES: dict[str, Box] = {{
{entries}
}}
"""


def modules() -> dict[str, str]:
    """Name of each module -> its text."""
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(ROOT.glob("plugins/modules/[!_]*.py"))}


def is_box(text: str) -> bool:
    return "module_utils._boxes." in text


def asks_aws(text: str) -> bool:
    return "amazon.aws.region.modules" in text


def has_options_of_boxes_on_aws(text: str) -> bool:
    return is_box(text) and "- slipway.platform._box\n" in text.partition("EXAMPLES = ")[0]


def asks_for_an_applications_bucket(text: str) -> bool:
    return "- slipway.platform._application_bucket\n" in text


def confirms(text: str) -> bool:
    """Whether a module wants to know whose platform goes: the boxes and their check."""
    return asks_aws(text) and (is_box(text) or "module_utils._platform_check." in text)


GROUPS: dict[str, Callable[[str], bool]] = {
    "platform": asks_aws,
    "application": asks_for_an_applications_bucket,
    "boxes": has_options_of_boxes_on_aws,
    "destroy": confirms,
}
"""Action group -> which modules are in it. A group that extends another lists what the other has not."""


def runtime() -> str:
    """meta/runtime.yml with the modules of each group; its order, comments and other groups stay."""
    lines = RUNTIME.read_text(encoding="utf-8").splitlines()
    groups = yaml.safe_load("\n".join(lines))["action_groups"]
    members = {name: {module for module, text in modules().items() if GROUPS[name](text)} for name in GROUPS}
    answer: list[str] = []
    group = None
    for line in lines:
        if match := re.fullmatch(r"  (\w+):", line):
            group = match[1] if match[1] in GROUPS else None
            answer.append(line)
            if group:
                extended = {
                    module
                    for entry in groups[group]
                    if isinstance(entry, dict)
                    for other in entry["metadata"]["extend_group"]
                    for module in members[other]
                }
                pending = [f"    - {module}" for module in sorted(members[group] - extended)]
        elif group and re.fullmatch(r"    - \w+", line):
            answer += pending
            pending = []
        else:
            answer.append(line)
    return "\n".join([*answer, ""])


def boxes() -> str:
    names = [name for name, text in modules().items() if is_box(text)]
    imports = "\n".join(f"from .._boxes.{name}.box import BOX as {name.upper()}" for name in names)
    entries = "\n".join(f'    "{name}": {name.upper()},' for name in names)
    return HEADER + BOXES.format(imports=imports, entries=entries)


def cleanup() -> str:
    (play,) = yaml.safe_load((ROOT / "destroy.yml").read_text(encoding="utf-8"))
    roles = play["tasks"][0]["slipway.platform.platform_check"]["roles"]
    given = {**play["vars"], "buckets_delete_objects": ["application"]}
    variables = "\n".join(f"    {name}: {_flow(given[name])}" for name in sorted(given))
    return CLEANUP.format(variables=variables, roles=", ".join(roles))


def _flow(value: object) -> str:
    """A value as YAML on one line."""
    return yaml.safe_dump(value, default_flow_style=True).strip().removesuffix("...").strip()


def wanted() -> Iterator[tuple[Path, str]]:
    """Each file that is written, with its text."""
    yield RUNTIME, runtime()
    yield LIST, boxes()
    yield ROOT / "molecule" / "shared" / "cleanup.yml", cleanup()
    for role in sorted(path.parent.parent.name for path in ROOT.glob("roles/*/meta/argument_specs.yml")):
        path = ROOT / "molecule" / role / "molecule.yml"
        if not path.exists():  # one that stands may say more
            yield path, f"---\nscenario:\n  name: {role}\n"
    for name, text in modules().items():
        path = ROOT / "plugins" / "action" / f"{name}.py"
        if not (path.exists() and "    def " in path.read_text(encoding="utf-8")):  # one that does more than to run
            yield path, HEADER + ACTION.format(action="BoxAction" if is_box(text) else "StepAction")


def stale() -> list[tuple[Path, str]]:
    return [(path, text) for path, text in wanted() if not path.exists() or path.read_text(encoding="utf-8") != text]


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing, exit 1 if a file is stale")
    check = parser.parse_args(argv).check
    found = stale()
    for path, text in found:
        if check:
            print(f"{path.relative_to(ROOT)} is stale: run scripts/registers.py", file=sys.stderr)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    return int(check and bool(found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

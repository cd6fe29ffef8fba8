#!/usr/bin/env python3
"""Writes the README.md of roles from their argument specifications.

Usage: scripts/role_readme.py [--check] [ROLE ...]
Without a name, all roles. --check writes nothing and exits 1 if a README is stale.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

ROLES = Path(__file__).resolve().parent.parent / "roles"
EXAMPLES = {"github": {"github_repository": "octo-org/shop"}, "image_build": {"image_build_enabled": "true"}}
"""What an example sets beside name and region of the platform."""
MARKUP = re.compile(r"\b([BCEILMOPRUV])\(((?:[^()\\]|\\.)*)\)")


def load(role: str, *path: str) -> Any:
    return yaml.safe_load(ROLES.joinpath(role, *path).read_text(encoding="utf-8")) or {}


def text(description: Any) -> str:
    """A description, a text or a list of paragraphs, as one line of Markdown."""
    lines = [description] if isinstance(description, str) else list(description or [])
    return MARKUP.sub(_markdown, " ".join(" ".join(str(line).split()) for line in lines))


def _markdown(match: re.Match[str]) -> str:
    kind, inner = match[1], match[2]
    return {"B": f"**{inner}**", "I": f"*{inner}*", "U": f"<{inner}>", "M": f"`{inner}`"}.get(kind, f"`{inner}`")


def kind(option: Mapping[str, Any]) -> str:
    """Type of an option in words: `list of str`."""
    name = str(option.get("type", "str"))
    return f"{name} of {option['elements']}" if "elements" in option else name


def value(option: Mapping[str, Any], default: Any) -> str:
    if option.get("required"):
        return "required"
    shown = yaml.safe_dump(default, default_flow_style=True, width=1000).strip().removesuffix("...").strip()
    return f"`{shown}`" if "{{" not in shown else "see [defaults](defaults/main.yml)"


def rows(options: Mapping[str, Any], defaults: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """Rows of the table; nested options follow theirs, with its name before their own."""
    for name, option in options.items():
        default = option.get("default") if prefix else defaults.get(name)
        choices = option.get("choices")
        allowed = f" One of {', '.join(f'`{choice}`' for choice in choices)}." if choices else ""
        described = (text(option.get("description")) + allowed).replace("|", "\\|")
        yield f"| `{prefix}{name}` | {kind(option)} | {value(option, default)} | {described} |"
        if option.get("options"):
            inner = f"{prefix}{name}[]." if option.get("type") == "list" else f"{prefix}{name}."
            yield from rows(option["options"], {}, inner)


def example_variables(role: str, options: Mapping[str, Any]) -> list[str]:
    """What the example sets: what the role cannot do without."""
    if "platform_name" not in options:
        return []
    own = [f"    {name}: {value}" for name, value in EXAMPLES.get(role, {}).items()]
    return ["  vars:", "    platform_name: demo", "    platform_region: eu-west-1", *own]


def render(role: str) -> str:
    """The README of a role."""
    specs = load(role, "meta", "argument_specs.yml")["argument_specs"]
    defaults = {**load("platform", "defaults", "main", "options.yml"), **load(role, "defaults", "main.yml")}
    main = specs["main"]
    lines = [
        "<!-- Written by scripts/role_readme.py from meta/argument_specs.yml -->",
        f"# Role {role}",
        "",
        f"{text(main['short_description']).rstrip('.')}.",
        "",
    ]
    paragraphs = main.get("description") or []
    for paragraph in [paragraphs] if isinstance(paragraphs, str) else paragraphs:
        lines += [text(paragraph), ""]
    lines += [
        "| variable | type | default | meaning |",
        "|---|---|---|---|",
        *rows(main.get("options") or {}, defaults),
        "",
    ]
    others = {name: spec for name, spec in specs.items() if name != "main"}
    if others:
        lines += [
            "## Entry points",
            "",
            "Parts of `main`, for plays that put other roles between them (`tasks_from`).",
            "",
        ]
        lines += [f"- `{name}`: {text(spec['short_description'])}" for name, spec in others.items()] + [""]
    lines += [
        "## Example",
        "",
        "```yaml",
        "- hosts: all",
        "  gather_facts: false",
        "  connection: local",
        *example_variables(role, main.get("options") or {}),
        "  roles:",
        f"    - role: slipway.platform.{role}",
        f"      tags: [{role}]",
        "```",
        "",
    ]
    return "\n".join(lines)


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("roles", nargs="*", metavar="ROLE")
    parser.add_argument("--check", action="store_true", help="write nothing, exit 1 if a README is stale")
    options = parser.parse_args(argv)
    stale = 0
    for role in options.roles or sorted(path.parent.parent.name for path in ROLES.glob("*/meta/argument_specs.yml")):
        readme = ROLES / role / "README.md"
        wanted = render(role)
        if readme.exists() and readme.read_text(encoding="utf-8") == wanted:
            continue
        if options.check:
            print(f"{readme.relative_to(ROLES.parent)} is stale: run scripts/role_readme.py {role}", file=sys.stderr)
            stale = 1
        else:
            readme.write_text(wanted, encoding="utf-8")
    return stale


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

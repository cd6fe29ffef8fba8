"""The rooms of module_utils: which file may import which."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from .imports import MODULE_UTILS, closure, imports, way
from .tree import ROOT

BOXES = MODULE_UTILS / "_boxes"
CLIENTS = ("boto3", "botocore", "ansible_collections.amazon.aws", "kubernetes", "urllib3")
"""What asks an API: a file that says "Pure" imports none of it, nor a file that does."""


def box_of(path: Path) -> str | None:
    return path.relative_to(BOXES).parts[0] if path.is_relative_to(BOXES) else None


def pure_files() -> list[Path]:
    """Files whose first line says so."""
    docstrings = {path: ast.get_docstring(ast.parse(path.read_text())) or "" for path in MODULE_UTILS.rglob("*.py")}
    return sorted(path for path, text in docstrings.items() if re.search(r"\bPure\b", text))


@pytest.mark.parametrize("path", sorted(BOXES.rglob("*.py")), ids=lambda path: str(path.relative_to(BOXES)))
def test_no_box_imports_from_another(path: Path) -> None:
    assert [str(file.relative_to(ROOT)) for file in imports(path).own if box_of(file) not in (None, box_of(path))] == []


@pytest.mark.parametrize("path", sorted(ROOT.glob("plugins/modules/*.py")), ids=lambda path: path.stem)
def test_no_payload_of_a_module_holds_another_box(path: Path) -> None:
    """AnsiballZ packs what a module imports; `platform_check` alone needs every box."""
    found = closure(path)
    boxes = {box: file for file in found if (box := box_of(file)) is not None}
    strangers = {box: way(found, file) for box, file in boxes.items() if box != path.stem}
    assert strangers == {} or path.stem == "platform_check"


@pytest.mark.parametrize("path", pure_files(), ids=lambda path: str(path.relative_to(MODULE_UTILS)))
def test_what_says_pure_is(path: Path) -> None:
    found = closure(path, types=False)
    clients = [
        f"{name}: {way(found, file)}"
        for file in found
        for name in imports(file, types=False).others
        if name.startswith(CLIENTS)
    ]
    assert clients == []


@pytest.mark.parametrize("path", sorted(BOXES.glob("*/plan.py")), ids=lambda path: path.parent.name)
def test_plans_are_pure(path: Path) -> None:
    assert path in pure_files()

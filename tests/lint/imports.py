"""What the collection's files import, as AnsiballZ follows it: literal imports, those inside functions too."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from .tree import ROOT

MODULE_UTILS = ROOT / "plugins" / "module_utils"
PREFIX = "ansible_collections.slipway.platform."


@dataclass(frozen=True)
class Imports:
    """:param own: files of the collection; :param others: names of what is none of the collection's."""

    own: frozenset[Path]
    others: frozenset[str]


def _only_for_types(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def _statements(node: ast.AST, types: bool) -> Iterator[ast.Import | ast.ImportFrom]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.Import, ast.ImportFrom)):
            yield child
        elif types or not (isinstance(child, ast.stmt) and _only_for_types(child)):
            yield from _statements(child, types)


def _files(folder: Path, names: list[str]) -> set[Path]:
    """A dotted name below a folder as the file that it is, with the `__init__.py` of each package on the way."""
    found = set()
    for name in names:
        folder = folder / name
        found |= {init for init in (folder / "__init__.py",) if init.is_file()}
    return found | {file for file in (folder.with_suffix(".py"),) if file.is_file()}


@cache
def imports(path: Path, types: bool = True) -> Imports:
    """What a file imports itself.

    :param types: whether imports for type checkers alone count, which AnsiballZ follows and Python does not.
    """
    own: set[Path] = set()
    others: set[str] = set()
    for node in _statements(ast.parse(path.read_text(encoding="utf-8")), types):
        if isinstance(node, ast.Import):
            others |= {alias.name for alias in node.names}
            continue
        module = node.module or ""
        if node.level:
            base = path.parents[node.level - 1]
        elif module.startswith(PREFIX):
            base, module = ROOT, module.removeprefix(PREFIX)
        else:
            others.add(module)
            continue
        parts = module.split(".") if module else []
        for alias in node.names:
            own |= _files(base, parts) | _files(base, [*parts, alias.name])
    return Imports(frozenset(own), frozenset(others))


def closure(path: Path, types: bool = True) -> dict[Path, Path | None]:
    """All files that come along with one -> the file that imports it."""
    found: dict[Path, Path | None] = {path: None}
    queue = [path]
    while queue:
        here = queue.pop()
        for file in sorted(imports(here, types).own):
            if file not in found:
                found[file] = here
                queue.append(file)
    return found


def way(found: dict[Path, Path | None], path: Path) -> str:
    """How a file came along, for messages: `plan.py <- model.py <- ...` from the end."""
    steps = []
    here: Path | None = path
    while here is not None:
        steps.append(str(here.relative_to(ROOT)))
        here = found[here]
    return " <- ".join(steps)

"""Who may know whom: the engine knows no API."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from .tree import ROOT

UTILS = ROOT / "plugins" / "module_utils"
CORE = sorted((UTILS / "_core").glob("*.py"))
ALLOWED = ("ansible.module_utils", "._core")
"""What the engine imports beside the standard library: how options are read, and itself."""


def imported(path: Path, text: str) -> Iterator[str]:
    """Every import of a file, wherever it stands; a relative one as `._core.plan`, counted from `module_utils`."""
    package = path.relative_to(UTILS).parent.parts
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level:
            base = package[: len(package) - node.level + 1]
            inner = [*base, node.module] if node.module else [*base]
            names = [""] if node.module or base else [alias.name for alias in node.names]
            yield from ("." + ".".join(part for part in (*inner, name) if part) for name in names)
        elif isinstance(node, ast.ImportFrom):
            yield str(node.module)


def foreign(path: Path, text: str) -> list[str]:
    """What the engine may not import."""
    return [
        name
        for name in imported(path, text)
        if not name.startswith(ALLOWED) and name.split(".")[0] not in sys.stdlib_module_names
    ]


@pytest.mark.parametrize("path", CORE, ids=lambda path: path.name)
def test_the_engine_knows_no_api(path: Path) -> None:
    assert foreign(path, path.read_text()) == []


@pytest.mark.parametrize(
    "line",
    [
        "from .._aws.client import Api",
        "from .. import _aws",
        "from .._boxes.network import BOX",
        "import boto3",
        "def late():\n    from botocore.exceptions import ClientError",
        "from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule",
        "import requests",
    ],
)
def test_an_engine_that_knew_one_would_be_found(line: str) -> None:
    assert foreign(CORE[0], line)

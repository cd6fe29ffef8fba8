"""The programs of the actions, which stand in no package."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parent.parent.parent.parent
SCRIPTS = ROOT / ".github" / "scripts"


def program(name: str) -> ModuleType:
    """The module `.github/scripts/<name>.py`, which finds its neighbours as it does when it is run."""
    sys.path.insert(0, str(SCRIPTS))
    try:
        return import_module(name)
    finally:
        sys.path.remove(str(SCRIPTS))

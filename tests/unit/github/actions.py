"""The programs of the actions, which stand in no package."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parent.parent.parent.parent


def program(action: str) -> ModuleType:
    """The module `.github/actions/<action>/<action>.py`."""
    path = ROOT / ".github" / "actions" / action / f"{action}.py"
    spec = importlib.util.spec_from_file_location(f"slipway_action_{action}", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module

"""AWS's services, a module or a package each: what they refuse, make and keep beyond moto."""

from __future__ import annotations

import importlib
import pkgutil


def load() -> None:
    """Register the hooks of all of them."""
    for module in pkgutil.walk_packages(__path__, f"{__name__}."):
        importlib.import_module(module.name)

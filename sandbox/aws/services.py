"""Loads the hooks of every service."""

from __future__ import annotations

import importlib

MODULES = ("sts", "iam", "autoscaling", "ec2.interfaces")


def load() -> None:
    """Register all hooks."""
    for module in MODULES:
        importlib.import_module(f"sandbox.aws.{module}")

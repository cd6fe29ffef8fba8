"""Loads the hooks of every service."""

from __future__ import annotations

import importlib

MODULES = (
    "sts",
    "iam",
    "autoscaling",
    "ssm",
    "ec2.speed",
    "ec2.interfaces",
    "ec2.dependencies",
    "ec2.nat_gateways",
    "ec2.endpoints",
    "ec2.image_operations",
    "ec2.regions",
)


def load() -> None:
    """Register all hooks."""
    for module in MODULES:
        importlib.import_module(f"sandbox.aws.{module}")
